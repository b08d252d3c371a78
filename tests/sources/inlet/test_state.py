"""What players told: what plays until when, and what was played."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.playback import Entity, Item, PlayedItem
from widget.sources.inlet.state import SubmittedState, dump_submitted, load_submitted

NOW = 1_795_000_000.0


def track(title: str = "One", seconds: float | None = 200.0) -> Item:
    duration_ms = None if seconds is None else round(seconds * 1000)
    return Item("track", None, None, None, title, (Entity("A"),), duration_ms=duration_ms)


def titles(told: SubmittedState) -> list[str]:
    return [last.item.title for last in told.played]


def test_it_plays_for_its_duration_or_ten_minutes() -> None:
    assert SubmittedState().with_now_playing(track(), NOW, 1).playback(NOW).expires_at == NOW + 200
    assert SubmittedState().with_now_playing(track(seconds=None), NOW, 1).playback(NOW).expires_at == NOW + 600


def test_what_has_come_to_its_end_was_played() -> None:
    told = SubmittedState().with_now_playing(track(), NOW, 1)
    assert told.expired_at(NOW + 199, 1) == told
    ended = told.expired_at(NOW + 200, 1)
    assert (ended.playing, ended.played) == (None, (PlayedItem(track(), NOW),))


def test_the_next_ends_the_one_before_and_the_same_goes_on_from_now() -> None:
    told = SubmittedState().with_now_playing(track(), NOW, 5).with_now_playing(track("Two"), NOW + 50, 5)
    assert (titles(told), told.playback(NOW + 50).observed_at) == (["One"], NOW + 50)
    again = SubmittedState().with_now_playing(track(), NOW, 5).with_now_playing(track(), NOW + 50, 5)
    assert (titles(again), again.playback(NOW + 50).expires_at) == ([], NOW + 250)


def test_a_repeat_after_the_end_is_another_play() -> None:
    told = SubmittedState().with_now_playing(track(), NOW, 5).with_now_playing(track(), NOW + 200, 5)
    assert titles(told) == ["One"]


def test_stopping_ends_what_plays() -> None:
    told = SubmittedState().with_now_playing(track(), NOW, 1).without_now_playing(NOW + 20, 1)
    assert (told.playing, titles(told), told.last_push_at) == (None, ["One"], NOW + 20)


def test_a_single_of_what_plays_ends_it_and_counts_once() -> None:
    told = (
        SubmittedState().with_now_playing(track(), NOW, 5).with_listens((PlayedItem(track(), NOW - 1),), NOW + 190, 5)
    )
    assert (told.playing, titles(told)) == (None, ["One"])


def test_a_single_of_something_else_leaves_it_playing() -> None:
    told = (
        SubmittedState()
        .with_now_playing(track(), NOW, 5)
        .with_listens((PlayedItem(track("Before"), NOW - 300),), NOW + 5, 5)
    )
    assert told.playing is not None
    assert titles(told) == ["Before"]


def test_an_old_single_of_the_same_track_ends_nothing() -> None:
    told = (
        SubmittedState().with_listens((PlayedItem(track("Two"), NOW - 10),), NOW, 5).with_now_playing(track(), NOW, 5)
    )
    late = told.with_listens((PlayedItem(track(), NOW - 9_000),), NOW + 5, 5)
    assert late.playing is not None
    assert titles(late) == ["Two", "One"]


def test_the_newest_of_several_is_the_last_and_no_more_are_kept_than_are_shown() -> None:
    played = tuple(PlayedItem(track(str(n)), NOW - n * 100) for n in range(1, 9))
    assert titles(SubmittedState().with_listens(tuple(reversed(played)), NOW, 3)) == ["1", "2", "3"]
    assert titles(SubmittedState().with_listens(played, NOW, 1)) == ["1"]


def test_it_comes_back_from_the_store_as_it_went_there() -> None:
    told = SubmittedState().with_now_playing(track(), NOW, 3).with_now_playing(track("Two"), NOW + 9, 3)
    assert load_submitted(dump_submitted(told)) == told
    assert load_submitted(dump_submitted(SubmittedState())) == SubmittedState()


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "{", '{"playing": 1, "played": [], "told_at": null}'])
def test_what_cannot_be_read_is_as_if_nothing_was_told(text: Any) -> None:
    assert load_submitted(text) == SubmittedState()


STEPS = st.lists(st.tuples(st.sampled_from("psx"), st.sampled_from("AB"), st.floats(1, 400)), max_size=12)


@given(STEPS, st.integers(1, 4))
def test_whatever_is_told_the_list_stays_short_and_in_order(steps: list[tuple[str, str, float]], keep: int) -> None:
    told, now = SubmittedState(), NOW
    for kind, title, after in steps:
        now += after
        if kind == "p":
            told = told.with_now_playing(track(title), now, keep)
        elif kind == "s":
            told = told.with_listens((PlayedItem(track(title), now - 100),), now, keep)
        else:
            told = told.without_now_playing(now, keep)
        moments = [last.played_at for last in told.played]
        assert moments == sorted(moments, reverse=True)
        assert len(moments) <= keep
        assert told.last_push_at == now
        assert load_submitted(dump_submitted(told)) == told
