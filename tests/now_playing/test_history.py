"""The plays of a source that keeps no history."""

from dataclasses import replace

import pytest

from tests.support.web_harness import item
from widget.model.playback import Item, Playback, PlayedItem
from widget.now_playing.state import NowPlayingState

NOW = 1_795_000_000.0
ONE, TWO = item("One", id="1", uri=None, duration_ms=200_000), item("Two", id="2", uri=None, duration_ms=200_000)
IDLE = Playback("idle", NOW)


def playing(playing_item: Item, at: float, progress_ms: int = 0, *, is_restart: bool = False) -> Playback:
    return Playback("playing", NOW + at, playing_item, progress_ms, is_restart=is_restart)


def after(*responses: Playback, state: NowPlayingState | None = None, max_items: int = 3) -> NowPlayingState:
    """Return the state after ``responses``, each with the play that it ended."""
    state = state or NowPlayingState()
    for response in responses:
        now = response.observed_at
        state = state.with_playback(response, now).with_recorded_play(state, now, max_items)
    return state


def rows(state: NowPlayingState) -> list[tuple[str, float]]:
    return [(play.item.title, play.played_at - NOW) for play in state.recent]


def test_an_item_that_plays_on_is_no_earlier_play_and_the_next_one_ends_it() -> None:
    going_on = after(playing(ONE, 0), playing(ONE, 50, 50_000))
    assert rows(going_on) == []
    assert going_on.current_play == PlayedItem(ONE, NOW)
    assert rows(after(playing(TWO, 200), state=going_on)) == [("One", 0)]
    assert rows(after(replace(IDLE, observed_at=NOW + 90), state=going_on)) == [("One", 0)]


@pytest.mark.parametrize(("max_recent", "titles"), [(0, []), (1, ["Two"]), (2, ["Two", "One"])])
def test_a_play_is_listed_as_soon_as_its_end_is_shown(max_recent: int, titles: list[str]) -> None:
    state = after(playing(ONE, 0), playing(TWO, 200), max_items=max_recent)
    before, then = (state.snapshot_at(NOW + at, max_recent=max_recent) for at in (402, 404))
    assert (before.status, then.status) == ("playing", "idle")
    assert "Two" not in [play.item.title for play in before.recent]
    assert [play.item.title for play in then.recent] == titles


def test_a_play_began_when_its_progress_says() -> None:
    assert rows(after(playing(ONE, 60, 60_000), playing(TWO, 200))) == [("One", 0)]


def test_the_same_item_from_its_beginning_again_is_another_play() -> None:
    assert rows(after(playing(ONE, 0), playing(ONE, 120, is_restart=True), playing(TWO, 300))) == [
        ("One", 120),
        ("One", 0),
    ]


@pytest.mark.parametrize(("seconds", "counts"), [(9.9, False), (10, True)])
def test_what_another_item_follows_within_ten_seconds_was_skipped(seconds: float, counts: bool) -> None:
    assert bool(rows(after(playing(ONE, 0), playing(TWO, seconds)))) is counts


def test_of_a_short_item_half_is_enough() -> None:
    jingle = replace(ONE, duration_ms=8_000)
    assert [bool(rows(after(playing(jingle, 0), playing(TWO, seconds)))) for seconds in (3.9, 4)] == [False, True]


def test_what_a_silence_follows_counts_however_short_it_was() -> None:
    assert rows(after(playing(ONE, 0), replace(IDLE, observed_at=NOW + 3))) == [("One", 0)]


@pytest.mark.parametrize(("later", "expected"), [(100, []), (201, [("One", 0)])])
def test_a_new_process_goes_on_with_the_play_as_long_as_it_can_last(
    later: float, expected: list[tuple[str, float]]
) -> None:
    restarted = after(playing(ONE, 0)).for_new_process()
    assert rows(after(playing(ONE, later, 1_000), state=restarted)) == expected


def test_no_more_plays_are_kept_than_are_listed() -> None:
    songs = [item(f"Song {number}", id=str(number), uri=None) for number in range(5)]
    responses = [playing(song, 100.0 * number) for number, song in enumerate(songs)]
    assert [title for title, _ in rows(after(*responses, max_items=2))] == ["Song 3", "Song 2"]
    assert rows(after(*responses, max_items=0)) == []
