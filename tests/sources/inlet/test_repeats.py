"""The same item again: a repeated announcement of one play, or another play."""

import pytest

from tests.support.inlet_program import InletProgram


async def test_the_same_announcement_again_changes_nothing_that_is_seen(inlet: InletProgram) -> None:
    await inlet.announce()
    page, events = await inlet.page(), len(inlet.events)
    tag = (await inlet.program.client.get("/now-playing")).headers["etag"]
    for at in (65, 130):
        await inlet.at(at)
        await inlet.announce()
    assert len(inlet.events) == events
    assert (await inlet.program.client.get("/now-playing")).headers["etag"] == tag
    assert (await inlet.page())["valid_until"] == page["valid_until"]
    await inlet.at(154)
    assert await inlet.status_and_title() == ("idle", "One")
    assert await inlet.recent() == [("One", 0)]


@pytest.mark.parametrize(
    ("duration", "at", "is_new"), [(150, 134, False), (150, 136, True), (30, 19, False), (30, 21, True)]
)
async def test_near_its_end_the_same_announcement_is_a_new_play(
    inlet: InletProgram, duration: int, at: float, is_new: bool
) -> None:
    await inlet.announce(duration=duration)
    await inlet.at(at)
    await inlet.announce(duration=duration)
    assert await inlet.valid_until() == (at if is_new else 0) + duration + 3
    await inlet.at(at + 11)
    await inlet.stop()
    assert await inlet.recent() == ([("One", at), ("One", 0)] if is_new else [("One", 0)])


@pytest.mark.parametrize("at", [25, 32])
async def test_a_new_play_of_less_than_ten_seconds_is_no_row_of_its_own(inlet: InletProgram, at: float) -> None:
    await inlet.announce(duration=30)
    await inlet.at(at)
    await inlet.announce(duration=30)
    await inlet.at(at + 5)
    await inlet.stop()
    assert await inlet.status_and_title() == ("idle", "One")
    assert await inlet.recent() == [("One", 0)]


async def test_a_regular_repeat_near_the_end_is_no_new_play(inlet: InletProgram) -> None:
    for at in (0, 65, 130, 195):
        await inlet.at(at)
        await inlet.announce(duration=200)
    assert await inlet.valid_until() == 203
    await inlet.at(204)
    assert await inlet.recent() == [("One", 0)]


async def test_announcements_at_equal_short_intervals_are_no_habit_of_a_player(inlet: InletProgram) -> None:
    for at in (0, 8, 16):
        await inlet.at(at)
        await inlet.announce(duration=25)
    assert await inlet.valid_until() == 16 + 25 + 3


async def test_the_same_song_twice_is_two_plays(inlet: InletProgram) -> None:
    await inlet.announce()
    await inlet.at(75)
    await inlet.scrobble(since=0)
    await inlet.at(150.5)
    await inlet.announce()
    await inlet.at(226)
    await inlet.scrobble(since=150)
    assert await inlet.recent() == [("One", 0)]
    await inlet.at(304)
    assert await inlet.recent() == [("One", 150.5), ("One", 0)]
    assert [status for status, _ in inlet.statuses[1:4]] == ["playing", "playing", "idle"]


async def test_without_a_duration_a_repeat_is_a_new_play(inlet: InletProgram) -> None:
    await inlet.announce(duration=None)
    await inlet.at(200)
    await inlet.scrobble(since=0, duration=None)
    await inlet.announce(duration=None)
    await inlet.at(260)
    assert await inlet.status_and_title() == ("playing", "One")
    assert await inlet.recent() == [("One", 0)]


async def test_a_song_that_begins_again_after_a_seek_to_its_end_is_a_new_play(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=0)
    await inlet.at(20)
    await inlet.update("playing", progress_ms=148_000)
    await inlet.at(22)
    await inlet.update("playing", progress_ms=0)
    assert await inlet.recent() == [("One", 0)]
    await inlet.at(40)
    await inlet.update("stopped")
    assert await inlet.recent() == [("One", 22), ("One", 0)]
