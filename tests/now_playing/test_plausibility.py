"""Impossible progress and dates."""

import json
from dataclasses import replace

import pytest

from tests.support.web_harness import item
from widget.model.playback import Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState

NOW = 1_795_000_000.0
SONG = item(duration_ms=200_000)


def plays(at: float, progress_ms: int | None, what: object = SONG) -> Playback:
    return Playback("playing", at, what, progress_ms)  # type: ignore[arg-type]


def state_after(*answers: Playback) -> NowPlayingState:
    state = NowPlayingState()
    for answer in answers:
        state = state.with_playback(answer, answer.observed_at)
    return state


@pytest.mark.parametrize("past", [0, 1_500])
def test_a_progress_at_or_past_the_end_says_when_the_end_was(past: int) -> None:
    known = state_after(plays(NOW, 200_000 + past))
    assert known.snapshot_at(NOW).status == "playing"
    assert known.snapshot_at(NOW).progress_at(NOW) == 200_000
    assert known.snapshot_at(NOW + 3 - past / 1000).status == "idle"


def test_repeated_it_does_not_move_the_end_and_is_no_news() -> None:
    known = state_after(plays(NOW, 190_000))
    keys = {known.snapshot_at(NOW).etag_key}
    for second in (10.5, 11.5, 12.5, 13.0):
        known = known.with_playback(plays(NOW + second, 200_000), NOW + second)
        assert known.snapshot_at(NOW + 12.99).status == "playing"
        assert known.snapshot_at(NOW + 13).status == "idle"
        keys.add(known.snapshot_at(NOW + 12.99).etag_key)
    assert len(keys) == 1
    for second in range(14, 600):
        known = known.with_playback(plays(NOW + second, 200_000 + second), NOW + second)
        assert known.snapshot_at(NOW + second).status == "idle"
    assert known.updated_at == NOW + 599
    assert known.last_played == PlayedItem(SONG, NOW)


def test_a_seek_to_the_end_brings_the_end_nearer() -> None:
    known = state_after(plays(NOW, 10_000), plays(NOW + 5, 200_000))
    assert known.snapshot_at(NOW + 7.9).status == "playing"
    assert known.snapshot_at(NOW + 8).status == "idle"


def test_an_item_that_begins_again_after_its_end_plays_anew() -> None:
    known = state_after(plays(NOW, 199_000), plays(NOW + 1.5, 200_000), plays(NOW + 4, 300))
    assert known.snapshot_at(NOW + 100).status == "playing"
    assert known.snapshot_at(NOW + 100).valid_until == pytest.approx(NOW + 4 + 199.7 + 3)


def test_an_item_whose_player_vanished_long_ago_does_not_play_and_was_played_then() -> None:
    known = state_after(plays(NOW, 200_000 + 7_200_000))
    assert known.snapshot_at(NOW).status == "idle"
    assert known.snapshot_at(NOW).last_played == PlayedItem(SONG, NOW - 7_200)


def test_responses_that_add_nothing_to_a_known_end_are_counted() -> None:
    known = state_after(plays(NOW, 199_000))
    counts = []
    for second in (1.5, 2.5, 4.5):
        known = known.with_playback(plays(NOW + second, 200_000), NOW + second)
        counts.append(known.polls_past_end)
    assert counts == [1, 2, 3]
    assert known.with_playback(plays(NOW + 6, 100, item("Next")), NOW + 6).polls_past_end == 0
    assert known.with_playback(plays(NOW + 6, 100), NOW + 6).polls_past_end == 0


@pytest.mark.parametrize(("fallen_ms", "counted"), [(3_000, 1), (3_001, 0)])
def test_a_progress_that_falls_by_more_than_three_seconds_has_begun_again(fallen_ms: int, counted: int) -> None:
    known = state_after(plays(NOW, 199_000))
    again = known.with_playback(plays(NOW + 1.5, 199_000 - fallen_ms), NOW + 1.5)
    assert again.polls_past_end == counted


def test_a_player_that_crawls_over_its_end_is_counted_too() -> None:
    known = state_after(plays(NOW, 199_000))
    for second in (1.5, 3.0, 4.5):
        known = known.with_playback(plays(NOW + second, round(199_000 + second * 100)), NOW + second)
    assert known.polls_past_end == 3


@pytest.mark.parametrize("progress_ms", [0, 61_000, 199_999])
def test_a_progress_that_never_moves_is_unknown_and_makes_one_change_alone(progress_ms: int) -> None:
    known = state_after(plays(NOW, progress_ms))
    keys = []
    for second in range(5, 60, 5):
        known = known.with_playback(plays(NOW + second, progress_ms), NOW + second)
        snapshot = known.snapshot_at(NOW + second)
        assert (snapshot.status, snapshot.progress_at(NOW + second), snapshot.valid_until) == ("playing", None, None)
        keys.append(snapshot.etag_key)
    assert len(set(keys)) == 1
    moves = known.with_playback(plays(NOW + 60, progress_ms + 100), NOW + 60)
    assert moves.snapshot_at(NOW + 60).progress_at(NOW + 60) == min(200_000, progress_ms + 100)


def test_two_answers_at_the_same_moment_do_not_stand_still() -> None:
    known = state_after(plays(NOW, 5_000), plays(NOW + 0.5, 5_000))
    assert known.snapshot_at(NOW + 1).progress_at(NOW + 1) is not None
    elsewhere = state_after(plays(NOW, 0), plays(NOW + 5, 0, item("Next")))
    assert elsewhere.snapshot_at(NOW + 5).progress_at(NOW + 5) == 0


def test_what_was_written_in_the_future_is_not_believed() -> None:
    older = PlayedItem(item("Older"), NOW - 100)
    ahead = state_after(plays(NOW + 3_600, 0))
    assert ahead.without_future_dates(NOW) == NowPlayingState()
    assert replace(ahead, last_played=older).without_future_dates(NOW) == NowPlayingState(last_played=older)
    known = state_after(plays(NOW, 0))
    assert known.without_future_dates(NOW - 59) == known
    assert replace(known, next_poll_at=NOW + 1e6).without_future_dates(NOW).next_poll_at == NOW
    assert replace(known, started_at=NOW + 1e6).without_future_dates(NOW).playback is None
    assert replace(known, last_played=PlayedItem(SONG, NOW + 90)).without_future_dates(NOW).last_played is None


def test_after_the_clock_was_set_back_the_next_answer_counts_whatever_was_known() -> None:
    known = state_after(plays(NOW + 3_600, 0)).with_playback(plays(NOW, 5_000, item("Now")), NOW)
    assert known.last_played == PlayedItem(item("Now"), NOW)
    assert known.updated_at == NOW
    assert known.snapshot_at(NOW + 10).progress_at(NOW + 10) == 15_000


def spoilt(known: NowPlayingState) -> list[str]:
    """Return ``known`` as JSON, with each value in turn replaced by wrong ones."""
    texts = []
    whole = json.loads(dump_state(known))

    def visit(value: object, path: tuple[str | int, ...]) -> None:
        if isinstance(value, dict | list):
            for key in value if isinstance(value, dict) else range(len(value)):
                visit(value[key], (*path, key))
        for other in ("text", 5, -1e300, 10**400, True, [], [5], {}, {"name": 5}, float("nan")):
            copy = json.loads(dump_state(known))
            holder = copy
            for key in path[:-1]:
                holder = holder[key]
            if path:
                holder[path[-1]] = other
                texts.append(json.dumps(copy))

    visit(whole, ())
    return texts


def test_a_stored_row_whose_values_have_the_wrong_shape_never_breaks_what_is_shown() -> None:
    known = replace(
        state_after(plays(NOW, 5_000, replace(SONG, hide_keys=frozenset({"spotify:track:1"})))),
        problem=SourceProblem("rate_limited", "wait", NOW + 5),
        next_poll_at=NOW + 5,
    )
    texts = spoilt(known)
    assert len(texts) > 200
    for text in texts:
        read = load_state(text, NOW)
        for later in (0.0, 100.0, 1e6):
            keys = read.snapshot_at(NOW + later)
            assert keys.item is None or isinstance(keys.item.title, str)
            changes_at = read.next_change_at(NOW + later)
            assert changes_at is None or changes_at > NOW + later
        read.with_playback(plays(NOW + 5, 10_000), NOW + 5).snapshot_at(NOW + 5)
