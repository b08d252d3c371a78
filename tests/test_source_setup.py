"""The program with Last.fm or ListenBrainz: polls, responses, refusals."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_clock import FakeClock
from tests.support.other_program import LONG, RELEASED, SILENCE, other_program, services
from widget.sources.simulators.playlist import SimulatedTrack

POLLED = ("lastfm", "listenbrainz")


@pytest.mark.parametrize("source", POLLED)
async def test_it_shows_what_plays_without_a_progress(tmp_path: Path, source: str) -> None:
    async with other_program(tmp_path, {"SOURCE": source}) as running:
        now: Any = await running.now()
        assert (now["status"], now["item"]["title"], now["progress_ms"]) == ("playing", "Harbour Lights", None)
        assert now["source"]["name"] == source
        assert now["source"]["url"].endswith(("/user/elin.listens", "/user/elin_listens/"))
        assert now["item"]["uri"] is None
        ready = (await running.client.get("/readyz")).json()
        assert ready["token"] == {"state": "not_needed", "days_left": None}
        assert (ready["status"], ready["spotify"], ready["source"]["name"]) == ("ok", None, source)
        assert (await running.client.get("/setup")).status_code == 404


def questions(running: Any, source: str) -> int:
    if source == "lastfm":
        return len(running.services.lastfm.requests)
    return sum("playing-now" in path for path in running.services.listenbrainz.requests)


@pytest.mark.parametrize("source", POLLED)
async def test_while_music_plays_it_is_polled_every_ten_seconds(tmp_path: Path, source: str) -> None:
    async with other_program(tmp_path, {"SOURCE": source}) as running:
        await running.watch(200)
        assert 19 <= questions(running, source) <= 22


@pytest.mark.parametrize("source", POLLED)
async def test_while_nothing_plays_every_twenty_seconds_and_later_every_minute(tmp_path: Path, source: str) -> None:
    clock = FakeClock()
    async with other_program(tmp_path, {"SOURCE": source}, clock, services(clock, SILENCE, *LONG)) as running:
        await running.watch(280)
        early = questions(running, source)
        assert 13 <= early <= 16
        await running.watch(60)
        before = questions(running, source)
        await running.watch(600)
        assert 9 <= questions(running, source) - before <= 11


async def test_with_nobody_watching_nothing_is_polled(tmp_path: Path) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm"}) as running:
        await running.now()
        await running.clock.advance(100)
        before = len(running.services.lastfm.requests)
        await running.clock.advance(10_000)
        assert len(running.services.lastfm.requests) == before


async def test_what_lingers_ends_after_twelve_minutes_and_stays_away_over_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    served = services(clock, SimulatedTrack(50_000.0, "Harbour Lights", ("Elin Sandvik",)))
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        begun = clock.now()
        assert (await running.now())["valid_until"] is not None
        await running.watch(710)
        assert (await running.now())["status"] == "playing"
        await running.watch(20)
        now: Any = await running.now()
        assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Harbour Lights")
        assert clock.now() - begun < 760
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        assert (await running.now())["status"] == "idle"
        served.play(clock.now(), RELEASED)
        await running.watch(30)
        assert (await running.now())["status"] == "playing"


async def test_a_gap_around_a_scrobble_does_not_flicker(tmp_path: Path) -> None:
    clock = FakeClock()
    served = services(
        clock, SimulatedTrack(35.0, "One", ("A",)), SimulatedTrack(9.0), SimulatedTrack(500.0, "Two", ("A",))
    )
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        seen = []
        for _ in range(10):
            seen.append((await running.now())["status"])
            await clock.advance(10)
        assert seen == ["playing"] * 10


async def test_artwork_comes_from_the_cover_art_archive_and_no_other_host_is_requested(tmp_path: Path) -> None:
    clock = FakeClock()
    async with other_program(tmp_path, {"SOURCE": "listenbrainz"}, clock, services(clock, RELEASED)) as running:
        now: Any = await running.now()
        image = await running.client.get(now["item"]["artwork_path"])
        assert image.headers["content-type"] == "image/jpeg"
        assert set(running.services.requested_hosts) <= {
            "api.listenbrainz.org",
            "coverartarchive.org",
            "archive.org",
            "ia801500.us.archive.org",
        }


@pytest.mark.parametrize(
    ("number", "code"), [(6, "unknown_user"), (10, "bad_credentials"), (17, "private"), (26, "forbidden")]
)
async def test_a_refusal_shows_at_once_and_is_not_retried_for_ten_minutes(
    tmp_path: Path, number: int, code: str
) -> None:
    clock = FakeClock()
    served = services(clock)
    served.lastfm.error = number
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        answer = await running.client.get("/now-playing")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, code)
        await running.watch(590)
        assert len(served.lastfm.requests) == 1
        ready = await running.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, code)
        served.lastfm.error = None
        await running.watch(30)
        assert (await running.now())["status"] == "playing"
    served.lastfm.error = number
    async with other_program(tmp_path, {"SOURCE": "lastfm"}, clock, served) as running:
        before = len(served.lastfm.requests)
        await running.now()
        assert len(served.lastfm.requests) == before + 1


async def test_without_a_name_nothing_is_polled_until_one_is_stored(tmp_path: Path) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm", "LASTFM_USER": "", "LASTFM_API_KEY": ""}) as running:
        answer = await running.client.get("/now-playing")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_configured")
        assert "--source lastfm" in answer.json()["error"]["message"]
        assert running.services.requested_hosts == []
        simulated = running.services.lastfm
        stored = f'{{"LASTFM_USER": "{simulated.user}", "LASTFM_API_KEY": "{simulated.key}"}}'
        await running.store.set_values({"source:lastfm": stored})
        await running.watch(10)
        assert (await running.now())["status"] == "playing"


async def test_what_the_last_bootstrap_stored_runs_unless_source_says_otherwise(tmp_path: Path) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm"}) as running:
        await running.store.set_values({"source": "listenbrainz"})
    async with other_program(tmp_path, {}) as running:
        assert (await running.client.get("/readyz")).json()["source"]["name"] == "listenbrainz"


async def test_hidden_names_are_shown_nowhere(tmp_path: Path) -> None:
    clock = FakeClock()
    served = services(clock, SimulatedTrack(30.0, "Open", ("B",)), SimulatedTrack(900.0, "Hidden", ("THE Weirs",)))
    async with other_program(tmp_path, {"SOURCE": "lastfm", "HIDE": "artist:the weirs"}, clock, served) as running:
        await clock.advance(60)
        now: Any = await running.now()
        assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Open")


@pytest.mark.parametrize("source", POLLED)
async def test_earlier_plays_are_listed_where_the_owner_asks_for_it(tmp_path: Path, source: str) -> None:
    clock = FakeClock()
    pieces = [SimulatedTrack(200.0, title, ("A",), length=200.0) for title in ("One", "Two", "Three")]
    served = services(clock, *pieces)
    await clock.advance(460)
    async with other_program(tmp_path, {"SOURCE": source}, clock, served) as running:
        assert (await running.now())["recent"] == []
    async with other_program(tmp_path, {"SOURCE": source, "RECENT": "2"}, clock, served) as running:
        await running.watch(20)
        now: Any = await running.now()
        assert [played["item"]["title"] for played in now["recent"]] == ["Two", "One"]
        assert set(now["recent"][0]) == {"item", "played_at"}
        await running.watch(200)
        later: Any = await running.now()
        assert [played["item"]["title"] for played in later["recent"]] == ["Three", "Two"]


@pytest.mark.parametrize(("number", "code"), [(17, "private"), (10, "bad_credentials"), (26, "forbidden")])
async def test_a_refusal_in_the_middle_of_a_track_shows_with_the_first_answer(
    tmp_path: Path, number: int, code: str
) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm"}) as running:
        assert (await running.now())["status"] == "playing"
        running.services.lastfm.error = number
        await running.watch(20)
        now: Any = await running.now()
        assert (now["status"], now["error"]["code"], now["item"]) == ("unavailable", code, None)


async def test_an_outage_leaves_the_last_response_for_five_minutes(tmp_path: Path) -> None:
    async with other_program(tmp_path, {"SOURCE": "lastfm"}) as running:
        await running.now()
        running.services.lastfm.error = 8
        await running.watch(60)
        now: Any = await running.now()
        assert (now["status"], now["stale"]) == ("playing", True)
        await running.watch(260)
        later: Any = await running.now()
        assert (later["status"], later["error"]["code"]) == ("unavailable", "source_unreachable")
