"""The whole program with Last.fm and ListenBrainz: odd responses, and two scrobblers on one play."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.support.fake_clock import FakeClock
from tests.support.other_program import LONG, other_program, services
from widget.model.playback import Entity, Item, PlayedItem
from widget.sources.polling_adapter import merge_scrobbles
from widget.sources.simulators.playlist import SimulatedTrack

PROXY_PAGES: tuple[Callable[[], Response], ...] = (
    lambda: PlainTextResponse("404 page not found", 404),
    lambda: PlainTextResponse("<html>Forbidden by the firewall</html>", 403),
    lambda: PlainTextResponse("", 401, {"WWW-Authenticate": "Basic"}),
    lambda: JSONResponse({"message": "no Route matched"}, 404),
)


@pytest.mark.parametrize("page", PROXY_PAGES)
async def test_one_page_of_a_proxy_changes_nothing_while_a_song_plays(
    tmp_path: Path, page: Callable[[], Response]
) -> None:
    clock = FakeClock()
    served = services(clock)
    served.listenbrainz.token = "a-token"
    async with other_program(
        tmp_path, {"SOURCE": "listenbrainz", "LISTENBRAINZ_TOKEN": "a-token"}, clock, served
    ) as running:
        before = await running.now()

        responses = []

        def once() -> Response:
            running.services.listenbrainz.answer = None
            responses.append(page())
            return responses[0]

        running.services.listenbrainz.answer = once
        await running.clock.advance(10.1)
        assert len(responses) == 1
        during = await running.now()
        await running.clock.advance(11)
        after = await running.now()
    for body in (during, after):
        assert (body["status"], body["item"], body["stale"], body["error"]) == ("playing", before["item"], False, None)
    assert after["updated_at"] > before["updated_at"]


async def test_one_empty_response_of_lastfm_does_not_empty_the_list(tmp_path: Path) -> None:
    clock = FakeClock()
    served = services(clock, SimulatedTrack(300.0, "Another", ("Somebody",), "", 300.0), LONG[0])
    await clock.advance(400)
    async with other_program(tmp_path, {"SOURCE": "lastfm", "RECENT": "3"}, clock, served) as running:
        before = await running.now()
        responses = []

        def once() -> Response:
            served.lastfm.answer = None
            responses.append(JSONResponse({"recenttracks": {"track": [], "@attr": {"user": served.lastfm.user}}}))
            return responses[0]

        served.lastfm.answer = once
        await clock.advance(10.1)
        assert len(responses) == 1
        during = await running.now()
    assert before["recent"][0]["item"]["title"] == "Another"
    assert (during["status"], during["recent"]) == ("playing", before["recent"])


async def test_a_server_that_does_not_know_what_plays_is_named(tmp_path: Path) -> None:
    clock = FakeClock()
    served = services(clock)
    served.listenbrainz.answer = lambda: JSONResponse({"status": "ok"})
    async with other_program(tmp_path, {"SOURCE": "listenbrainz"}, clock, served) as running:
        body = await running.now()
        assert body["error"]["code"] == "source_unreachable"
        assert "this server does not tell what plays" in body["error"]["message"]


@pytest.mark.parametrize("url", ["https://api.listenbrainz.org/1", "https://api.listenbrainz.org/1/"])
async def test_an_address_with_the_version_loses_it(tmp_path: Path, url: str) -> None:
    async with other_program(tmp_path, {"SOURCE": "listenbrainz", "LISTENBRAINZ_URL": url}) as running:
        assert (await running.now())["status"] == "playing"
        user = running.services.listenbrainz.user
        assert running.services.listenbrainz.requests[0] == f"/1/user/{user}/playing-now"


def track(title: str, seconds: float | None = None) -> Item:
    duration_ms = None if seconds is None else round(seconds * 1000)
    return Item("track", None, None, None, title, (Entity("The Weirs"),), duration_ms=duration_ms)


@pytest.mark.parametrize(
    ("plays", "expected"),
    [
        ([("One", 0, None), ("One", 20, None)], [0]),
        ([("One", 0, None), ("One", 200, None)], [0, 200]),
        ([("One", 0, 300.0), ("One", 200, 300.0)], [0]),
        ([("One", 0, 150.0), ("One", 150, 150.0)], [0, 150]),
        ([("One", 0, None), ("Two", 10, None), ("One", 20, None)], [0, 10, 20]),
        ([("One", 0, 60.0), ("One", 50, 60.0), ("One", 100, 60.0)], [0, 100]),
    ],
)
def test_two_rows_nearer_than_the_track_is_long_are_one_play(
    plays: list[tuple[str, float, float | None]], expected: list[float]
) -> None:
    rows = [PlayedItem(track(title, seconds), at) for title, at, seconds in plays]
    assert [play.played_at for play in merge_scrobbles(rows[::-1])] == expected[::-1]


@pytest.mark.parametrize("source", ["lastfm", "listenbrainz"])
async def test_a_play_that_two_scrobblers_submitted_is_listed_once(tmp_path: Path, source: str) -> None:
    clock = FakeClock()
    # The second scrobbler is fifteen seconds late.
    twice = replace(LONG[0], seconds=15.0, title="Heard Twice"), replace(LONG[0], seconds=300.0, title="Heard Twice")
    served = services(
        clock, *twice, SimulatedTrack(400.0, "Another", ("Somebody",), "", 400.0), SimulatedTrack(5_000.0)
    )
    await clock.advance(800)
    async with other_program(tmp_path, {"SOURCE": source, "RECENT": "3"}, clock, served) as running:
        await running.now()
        await running.watch(30)
        recent = [play["item"]["title"] for play in (await running.now())["recent"]]
    assert recent[:2] == ["Another", "Heard Twice"]
    assert recent.count("Heard Twice") <= 2
    assert recent[1:3] != ["Heard Twice", "Heard Twice"]
