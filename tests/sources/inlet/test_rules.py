"""The meaning of what players submit, through the HTTP interface and as visitors see it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inlet_stage import InletStage, inlet_stage, listen


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[InletStage]:
    async with inlet_stage(tmp_path) as made:
        yield made


async def test_a_scrobble_in_the_middle_of_a_play_does_not_end_it(stage: InletStage) -> None:
    await stage.announce()
    await stage.at(75)
    await stage.scrobble(since=0)
    assert await stage.shown() == ("playing", "One")
    assert await stage.valid_until() == 153
    await stage.at(152)
    assert await stage.shown() == ("playing", "One")
    await stage.at(153.1)
    assert await stage.shown() == ("idle", "One")
    assert await stage.recent() == [("One", 0)]


async def test_between_two_songs_nothing_is_idle(stage: InletStage) -> None:
    await stage.announce("One")
    await stage.at(150)
    await stage.scrobble("One", since=0)
    await stage.at(151)
    await stage.announce("Two")
    await stage.at(299)
    await stage.scrobble("Two", since=151)
    await stage.announce("Three")
    assert [status for status, _ in stage.statuses[1:]] == ["playing"] * 3
    assert await stage.recent() == [("Two", 151), ("One", 0)]


async def test_the_same_announcement_again_changes_nothing_that_is_seen(stage: InletStage) -> None:
    await stage.announce()
    page, events = await stage.page(), len(stage.events)
    tag = (await stage.program.client.get("/now-playing")).headers["etag"]
    for at in (65, 130):
        await stage.at(at)
        await stage.announce()
    assert len(stage.events) == events
    assert (await stage.program.client.get("/now-playing")).headers["etag"] == tag
    assert (await stage.page())["valid_until"] == page["valid_until"]
    await stage.at(154)
    assert await stage.shown() == ("idle", "One")
    assert await stage.recent() == [("One", 0)]


@pytest.mark.parametrize(
    ("duration", "at", "is_new"), [(150, 134, False), (150, 136, True), (30, 19, False), (30, 21, True)]
)
async def test_near_its_end_the_same_announcement_is_a_new_play(
    stage: InletStage, duration: int, at: float, is_new: bool
) -> None:
    await stage.announce(duration=duration)
    await stage.at(at)
    await stage.announce(duration=duration)
    assert await stage.valid_until() == (at if is_new else 0) + duration + 3
    await stage.at(at + 11)
    await stage.stop()
    assert await stage.recent() == ([("One", at), ("One", 0)] if is_new else [("One", 0)])


async def test_a_regular_repeat_near_the_end_is_no_new_play(stage: InletStage) -> None:
    for at in (0, 65, 130, 195):
        await stage.at(at)
        await stage.announce(duration=200)
    assert await stage.valid_until() == 203
    await stage.at(204)
    assert await stage.recent() == [("One", 0)]


async def test_the_same_song_twice_is_two_plays(stage: InletStage) -> None:
    await stage.announce()
    await stage.at(75)
    await stage.scrobble(since=0)
    await stage.at(150.5)
    await stage.announce()
    await stage.at(226)
    await stage.scrobble(since=150)
    assert await stage.recent() == [("One", 0)]
    await stage.at(304)
    assert await stage.recent() == [("One", 150.5), ("One", 0)]
    assert [status for status, _ in stage.statuses[1:4]] == ["playing", "playing", "idle"]


async def test_without_a_duration_the_scrobble_is_the_end(stage: InletStage) -> None:
    await stage.announce(duration=None)
    assert await stage.valid_until() == 603
    await stage.at(200)
    await stage.scrobble(since=0, duration=None)
    assert await stage.shown() == ("playing", "One")
    await stage.at(202.9)
    assert await stage.shown() == ("playing", "One")
    await stage.at(203.1)
    assert await stage.shown() == ("idle", "One")


async def test_without_a_duration_the_next_song_overtakes_the_end(stage: InletStage) -> None:
    await stage.announce("One", duration=None)
    await stage.at(200)
    await stage.scrobble("One", since=0, duration=None)
    await stage.announce("Two", duration=None)
    await stage.at(260)
    assert await stage.shown() == ("playing", "Two")
    assert "idle" not in [status for status, _ in stage.statuses[1:]]


async def test_without_a_duration_a_repeat_is_a_new_play(stage: InletStage) -> None:
    await stage.announce(duration=None)
    await stage.at(200)
    await stage.scrobble(since=0, duration=None)
    await stage.announce(duration=None)
    await stage.at(260)
    assert await stage.shown() == ("playing", "One")
    assert await stage.recent() == [("One", 0)]


async def test_a_scrobble_whose_time_is_the_end_is_the_same_play(stage: InletStage) -> None:
    await stage.announce(duration=None)
    await stage.at(200)
    await stage.scrobble(since=200, duration=None)
    await stage.at(204)
    assert await stage.shown() == ("idle", "One")
    assert await stage.recent() == [("One", 0)]


async def test_a_late_scrobble_of_the_round_before_ends_nothing(stage: InletStage) -> None:
    await stage.announce(duration=None)
    await stage.at(200)
    await stage.announce("Two", duration=None)
    await stage.at(400)
    await stage.announce("One", duration=None)
    await stage.at(410)
    await stage.scrobble("One", since=0, duration=None)
    await stage.at(420)
    assert await stage.shown() == ("playing", "One")
    assert await stage.recent() == [("Two", 200), ("One", 0)]


async def test_a_scrobble_long_before_the_play_is_an_earlier_round(stage: InletStage) -> None:
    await stage.at(200)
    await stage.announce()
    await stage.at(350)
    await stage.scrobble(since=30)
    assert await stage.recent() == [("One", 30)]


async def test_what_was_skipped_leaves_no_trace(stage: InletStage) -> None:
    for at, title in ((0, "One"), (9, "Two"), (20, "Three")):
        await stage.at(at)
        await stage.announce(title)
    assert await stage.recent() == [("Two", 9)]
    await stage.at(25)
    await stage.stop()
    assert await stage.shown() == ("idle", "Three")
    assert await stage.recent() == [("Three", 20), ("Two", 9)]


async def test_what_was_skipped_and_scrobbled_all_the_same_was_played(stage: InletStage) -> None:
    await stage.announce("One")
    await stage.at(5)
    await stage.scrobble("One", since=-10)
    await stage.announce("Two")
    assert [title for title, _ in await stage.recent()] == ["One"]


async def test_a_stop_and_going_on_is_one_play(stage: InletStage) -> None:
    await stage.announce()
    await stage.at(60)
    await stage.stop()
    assert await stage.shown() == ("idle", "One")
    await stage.at(70)
    await stage.announce()
    assert (await stage.shown(), await stage.recent()) == (("playing", "One"), [])
    await stage.at(224)
    assert await stage.recent() == [("One", 0)]


async def test_two_scrobblers_of_one_play_make_one_row(stage: InletStage) -> None:
    await stage.at(300)
    await stage.scrobble(since=0)
    await stage.scrobble(since=6)
    await stage.scrobble(since=159)
    await stage.scrobble(since=161)
    assert await stage.recent() == [("One", 161), ("One", 0)]


async def test_another_song_in_between_makes_two_plays_of_it(stage: InletStage) -> None:
    await stage.at(400)
    for title, since in (("One", 0), ("Two", 50), ("One", 100)):
        await stage.scrobble(title, since=since)
    assert await stage.recent() == [("One", 100), ("Two", 50), ("One", 0)]


async def test_an_import_fills_the_list_and_ends_nothing(stage: InletStage) -> None:
    await stage.announce(duration=None)
    listens = [listen(f"Song {n}", int(stage.began) - n * 200, duration=180) for n in range(1, 15)]
    old = listen("Old", int(stage.began) - 8 * 86_400, duration=180)
    assert (await stage.submit("import", *listens, old)).status_code == 200
    assert await stage.shown() == ("playing", "One")
    assert [title for title, _ in await stage.recent()] == [f"Song {n}" for n in range(1, 11)]
    await stage.at(100)
    await stage.scrobble(since=0, duration=None, listen_type="import")
    await stage.at(110)
    assert await stage.shown() == ("playing", "One")


async def test_an_import_alone_becomes_last_played(stage: InletStage) -> None:
    await stage.scrobble("Old", since=-900, listen_type="import")
    await stage.scrobble("New", since=-300, listen_type="import")
    await stage.scrobble("Between", since=-600, listen_type="import")
    assert await stage.shown() == ("idle", "New")
    assert [title for title, _ in await stage.recent()] == ["New", "Between", "Old"]


async def test_a_client_ends_what_it_announced_itself_alone(stage: InletStage) -> None:
    await stage.announce(submission_client="one player")
    refused = await stage.send("/1/playing-now/delete", {"client": "another"})
    assert (refused.status_code, refused.json()["code"]) == (404, 404)
    assert await stage.shown() == ("playing", "One")
    assert (await stage.send("/1/playing-now/delete", {"client": "one player"})).status_code == 200
    assert await stage.shown() == ("idle", "One")
    assert (await stage.send("/1/playing-now/delete", b"")).status_code == 200


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
    stage: InletStage, info: dict[str, Any], duration_ms: int | None
) -> None:
    await stage.submit("playing_now", listen("One", **info))
    assert (await stage.page())["item"]["duration_ms"] == duration_ms


@pytest.mark.parametrize("listened_at", [1_794_999_000, 1_794_999_000.7, "1794999000", 1_795_003_000])
async def test_times_are_read_as_listenbrainz_reads_them(stage: InletStage, listened_at: Any) -> None:
    assert (await stage.submit("single", listen("One", listened_at))).status_code == 200
    assert await stage.recent() == [("One", min(int(listened_at) - stage.began, 0))]


@pytest.mark.parametrize("listened_at", [True, "now", None, 0, -5, 1_795_003_700, 10**30, "1e9", [5], "NaN"])
async def test_other_times_are_refused(stage: InletStage, listened_at: Any) -> None:
    for listen_type in ("single", "import"):
        refused = await stage.submit(listen_type, {**listen("One"), "listened_at": listened_at})
        assert (refused.status_code, refused.json()["code"]) == (400, 400)


async def test_an_announcement_may_have_a_time(stage: InletStage) -> None:
    assert (await stage.submit("playing_now", listen("One", 5))).status_code == 200
    assert await stage.shown() == ("playing", "One")


async def test_an_album_called_unknown_is_none(stage: InletStage) -> None:
    value = listen()
    value["track_metadata"]["release_name"] = "UNKNOWN"
    await stage.submit("playing_now", value)
    assert (await stage.page())["item"]["album"] is None


async def test_a_hidden_track_leaves_no_trace_for_visitors(tmp_path: Path) -> None:
    async with inlet_stage(tmp_path, HIDE="track:Secret") as stage:
        await stage.announce("One")
        await stage.at(160)
        before, events = await stage.page(), len(stage.events)
        await stage.announce("Secret")
        await stage.at(200)
        await stage.scrobble("Secret", since=160)
        await stage.scrobble("Secret", since=160, listen_type="import")
        await stage.update("playing", "Secret", progress_ms=50_000)
        assert (await stage.page(), len(stage.events)) == (before, events)
        ready = (await stage.program.client.get("/readyz")).json()
        assert seconds_of(ready["source"]["last_success_at"]) == stage.clock.now()
        assert b"Secret" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def seconds_of(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
