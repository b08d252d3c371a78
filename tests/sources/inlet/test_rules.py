"""The meaning of what players submit, through the HTTP interface and as visitors see it."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.inlet_program import InletProgram, inlet_program, listen

RELEASE_GROUP = "5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2003"


async def test_a_scrobble_in_the_middle_of_a_play_does_not_end_it(inlet: InletProgram) -> None:
    await inlet.announce()
    await inlet.at(75)
    await inlet.scrobble(since=0)
    assert await inlet.status_and_title() == ("playing", "One")
    assert await inlet.valid_until() == 153
    await inlet.at(152)
    assert await inlet.status_and_title() == ("playing", "One")
    await inlet.at(153.1)
    assert await inlet.status_and_title() == ("idle", "One")
    assert await inlet.recent() == [("One", 0)]


async def test_between_two_songs_nothing_is_idle(inlet: InletProgram) -> None:
    await inlet.announce("One")
    await inlet.at(150)
    await inlet.scrobble("One", since=0)
    await inlet.at(151)
    await inlet.announce("Two")
    await inlet.at(299)
    await inlet.scrobble("Two", since=151)
    await inlet.announce("Three")
    assert [status for status, _ in inlet.statuses[1:]] == ["playing"] * 3
    assert await inlet.recent() == [("Two", 151), ("One", 0)]


async def test_without_a_duration_the_scrobble_is_the_end(inlet: InletProgram) -> None:
    await inlet.announce(duration=None)
    assert await inlet.valid_until() == 603
    await inlet.at(200)
    await inlet.scrobble(since=0, duration=None)
    assert await inlet.status_and_title() == ("playing", "One")
    await inlet.at(202.9)
    assert await inlet.status_and_title() == ("playing", "One")
    await inlet.at(203.1)
    assert await inlet.status_and_title() == ("idle", "One")


async def test_without_a_duration_the_next_song_overtakes_the_end(inlet: InletProgram) -> None:
    await inlet.announce("One", duration=None)
    await inlet.at(200)
    await inlet.scrobble("One", since=0, duration=None)
    await inlet.announce("Two", duration=None)
    await inlet.at(260)
    assert await inlet.status_and_title() == ("playing", "Two")
    assert "idle" not in [status for status, _ in inlet.statuses[1:]]


async def test_a_scrobble_whose_time_is_the_end_is_the_same_play(inlet: InletProgram) -> None:
    await inlet.announce(duration=None)
    await inlet.at(200)
    await inlet.scrobble(since=200, duration=None)
    await inlet.at(204)
    assert await inlet.status_and_title() == ("idle", "One")
    assert await inlet.recent() == [("One", 0)]


async def test_a_late_scrobble_of_the_round_before_ends_nothing(inlet: InletProgram) -> None:
    await inlet.announce(duration=None)
    await inlet.at(200)
    await inlet.announce("Two", duration=None)
    await inlet.at(400)
    await inlet.announce("One", duration=None)
    await inlet.at(410)
    await inlet.scrobble("One", since=0, duration=None)
    await inlet.at(420)
    assert await inlet.status_and_title() == ("playing", "One")
    assert await inlet.recent() == [("Two", 200), ("One", 0)]


async def test_a_scrobble_long_before_the_play_is_an_earlier_round(inlet: InletProgram) -> None:
    await inlet.at(200)
    await inlet.announce()
    await inlet.at(350)
    await inlet.scrobble(since=30)
    assert await inlet.recent() == [("One", 30)]


async def test_what_was_skipped_leaves_no_trace(inlet: InletProgram) -> None:
    for at, title in ((0, "One"), (9, "Two"), (20, "Three")):
        await inlet.at(at)
        await inlet.announce(title)
    assert await inlet.recent() == [("Two", 9)]
    await inlet.at(25)
    await inlet.stop()
    assert await inlet.status_and_title() == ("idle", "Three")
    assert await inlet.recent() == [("Three", 20), ("Two", 9)]


async def test_what_was_skipped_and_scrobbled_all_the_same_was_played(inlet: InletProgram) -> None:
    await inlet.announce("One")
    await inlet.at(5)
    await inlet.scrobble("One", since=-10)
    await inlet.announce("Two")
    assert [title for title, _ in await inlet.recent()] == ["One"]


async def test_a_stop_and_going_on_is_one_play(inlet: InletProgram) -> None:
    await inlet.announce()
    await inlet.at(60)
    await inlet.stop()
    assert await inlet.status_and_title() == ("idle", "One")
    await inlet.at(70)
    await inlet.announce()
    assert (await inlet.status_and_title(), await inlet.recent()) == (("playing", "One"), [])
    await inlet.at(224)
    assert await inlet.recent() == [("One", 0)]


async def test_two_scrobblers_of_one_play_make_one_row(inlet: InletProgram) -> None:
    await inlet.at(300)
    await inlet.scrobble(since=0)
    await inlet.scrobble(since=6)
    await inlet.scrobble(since=159)
    await inlet.scrobble(since=161)
    assert await inlet.recent() == [("One", 161), ("One", 0)]


async def test_another_song_in_between_makes_two_plays_of_it(inlet: InletProgram) -> None:
    await inlet.at(400)
    for title, since in (("One", 0), ("Two", 50), ("One", 100)):
        await inlet.scrobble(title, since=since)
    assert await inlet.recent() == [("One", 100), ("Two", 50), ("One", 0)]


async def test_an_import_fills_the_list_and_ends_nothing(inlet: InletProgram) -> None:
    await inlet.announce(duration=None)
    listens = [listen(f"Song {n}", int(inlet.began) - n * 200, duration=180) for n in range(1, 15)]
    old = listen("Old", int(inlet.began) - 8 * 86_400, duration=180)
    assert (await inlet.submit("import", *listens, old)).status_code == 200
    assert await inlet.status_and_title() == ("playing", "One")
    assert [title for title, _ in await inlet.recent()] == [f"Song {n}" for n in range(1, 11)]
    await inlet.at(100)
    await inlet.scrobble(since=0, duration=None, listen_type="import")
    await inlet.at(110)
    assert await inlet.status_and_title() == ("playing", "One")


async def test_an_import_alone_becomes_last_played(inlet: InletProgram) -> None:
    await inlet.scrobble("Old", since=-900, listen_type="import")
    await inlet.scrobble("New", since=-300, listen_type="import")
    await inlet.scrobble("Between", since=-600, listen_type="import")
    assert await inlet.status_and_title() == ("idle", "New")
    assert [title for title, _ in await inlet.recent()] == ["New", "Between", "Old"]


async def test_a_client_ends_what_it_announced_itself_alone(inlet: InletProgram) -> None:
    await inlet.announce(submission_client="one player")
    refused = await inlet.send("/1/playing-now/delete", {"client": "another"})
    assert (refused.status_code, refused.json()["code"]) == (404, 404)
    assert await inlet.status_and_title() == ("playing", "One")
    assert (await inlet.send("/1/playing-now/delete", {"client": "one player"})).status_code == 200
    assert await inlet.status_and_title() == ("idle", "One")
    assert (await inlet.send("/1/playing-now/delete", b"")).status_code == 200


@pytest.mark.parametrize(
    ("info", "duration_ms"),
    [
        ({"duration_ms": 150_000}, 150_000),
        ({"duration_ms": 150}, 150_000),
        ({"duration_ms": 4}, None),
        ({"duration": 150}, 150_000),
        ({"duration": 150.25}, 150_250),
        ({"duration": 247_000}, 247_000),
        ({"duration": 21_600}, 21_600_000),
        ({"duration": 90_000_000}, None),
        ({"duration_ms": 4, "duration": 200}, 200_000),
        ({"duration_ms": 87_000_000}, None),
        ({"duration": "200"}, None),
        ({"duration": True, "duration_ms": -5}, None),
    ],
)
async def test_durations_are_read_as_clients_mean_them(
    inlet: InletProgram, info: dict[str, Any], duration_ms: int | None
) -> None:
    await inlet.submit("playing_now", listen("One", **info))
    assert (await inlet.page())["item"]["duration_ms"] == duration_ms


@pytest.mark.parametrize("listened_at", [1_794_999_000, 1_794_999_000.7, "1794999000", 1_795_003_000])
async def test_times_are_read_as_listenbrainz_reads_them(inlet: InletProgram, listened_at: Any) -> None:
    assert (await inlet.submit("single", listen("One", listened_at))).status_code == 200
    assert await inlet.recent() == [("One", min(int(listened_at) - inlet.began, 0))]


@pytest.mark.parametrize("listened_at", [True, "now", None, 0, -5, 1_795_003_700, 10**30, "1e9", [5], "NaN"])
async def test_other_times_are_refused(inlet: InletProgram, listened_at: Any) -> None:
    for listen_type in ("single", "import"):
        refused = await inlet.submit(listen_type, {**listen("One"), "listened_at": listened_at})
        assert (refused.status_code, refused.json()["code"]) == (400, 400)


async def test_an_announcement_may_have_a_time(inlet: InletProgram) -> None:
    assert (await inlet.submit("playing_now", listen("One", 5))).status_code == 200
    assert await inlet.status_and_title() == ("playing", "One")


async def test_an_album_called_unknown_is_none(inlet: InletProgram) -> None:
    value = listen()
    value["track_metadata"]["release_name"] = "UNKNOWN"
    await inlet.submit("playing_now", value)
    assert (await inlet.page())["item"]["album"] is None


async def test_a_hidden_track_leaves_no_trace_for_visitors(tmp_path: Path) -> None:
    async with inlet_program(tmp_path, HIDE="track:Secret") as inlet:
        await inlet.announce("One")
        await inlet.at(160)
        before, events = await inlet.page(), len(inlet.events)
        await inlet.announce("Secret")
        await inlet.at(200)
        await inlet.scrobble("Secret", since=160)
        await inlet.scrobble("Secret", since=160, listen_type="import")
        await inlet.update("playing", "Secret", progress_ms=50_000)
        await inlet.stop()
        await inlet.update("stopped", None)
        await inlet.update("stopped", "Secret")
        assert (await inlet.page(), len(inlet.events)) == (before, events)
        ready = (await inlet.program.client.get("/readyz")).json()
        assert seconds_of(ready["source"]["last_success_at"]) == inlet.clock.now()
        assert b"Secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def seconds_of(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("info", "entity"),
    [
        ({"release_group_mbid": RELEASE_GROUP}, "release-group"),
        ({"release_group_mbid": "none", "release_mbid": RELEASE_GROUP}, "release"),
    ],
)
async def test_the_artwork_is_that_of_the_release_or_of_its_group(
    inlet: InletProgram, info: dict[str, str], entity: str
) -> None:
    await inlet.announce(**info)
    artwork = (await inlet.page())["item"]["artwork"]
    assert artwork[0]["url"] == f"https://coverartarchive.org/{entity}/{RELEASE_GROUP}/front-500"
