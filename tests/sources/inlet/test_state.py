"""What players told: what plays until when, and what was played."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.playback import Item, LastPlayed, Named
from widget.sources.inlet.state import Told, from_text, to_text

NOW = 1_795_000_000.0


def track(title: str = "One", seconds: float | None = 200.0) -> Item:
    duration_ms = None if seconds is None else round(seconds * 1000)
    return Item("track", None, None, None, title, (Named("A"),), duration_ms=duration_ms)


def titles(told: Told) -> list[str]:
    return [last.item.title for last in told.played]


def test_it_plays_for_its_duration_or_ten_minutes() -> None:
    assert Told().plays(track(), NOW, 1).playback(NOW).good_until == NOW + 200
    assert Told().plays(track(seconds=None), NOW, 1).playback(NOW).good_until == NOW + 600


def test_what_has_come_to_its_end_was_played() -> None:
    told = Told().plays(track(), NOW, 1)
    assert told.at(NOW + 199, 1) == told
    ended = told.at(NOW + 200, 1)
    assert (ended.playing, ended.played) == (None, (LastPlayed(track(), NOW),))


def test_the_next_ends_the_one_before_and_the_same_goes_on_from_now() -> None:
    told = Told().plays(track(), NOW, 5).plays(track("Two"), NOW + 50, 5)
    assert (titles(told), told.playback(NOW + 50).observed_at) == (["One"], NOW + 50)
    again = Told().plays(track(), NOW, 5).plays(track(), NOW + 50, 5)
    assert (titles(again), again.playback(NOW + 50).good_until) == ([], NOW + 250)


def test_a_repeat_after_the_end_is_another_play() -> None:
    told = Told().plays(track(), NOW, 5).plays(track(), NOW + 200, 5)
    assert titles(told) == ["One"]


def test_stopping_ends_what_plays() -> None:
    told = Told().plays(track(), NOW, 1).stopped(NOW + 20, 1)
    assert (told.playing, titles(told), told.told_at) == (None, ["One"], NOW + 20)


def test_a_single_of_what_plays_ends_it_and_counts_once() -> None:
    told = Told().plays(track(), NOW, 5).heard_out((LastPlayed(track(), NOW - 1),), NOW + 190, 5)
    assert (told.playing, titles(told)) == (None, ["One"])


def test_a_single_of_something_else_leaves_it_playing() -> None:
    told = Told().plays(track(), NOW, 5).heard_out((LastPlayed(track("Before"), NOW - 300),), NOW + 5, 5)
    assert told.playing is not None
    assert titles(told) == ["Before"]


def test_an_old_single_of_the_same_track_ends_nothing() -> None:
    told = Told().heard_out((LastPlayed(track("Two"), NOW - 10),), NOW, 5).plays(track(), NOW, 5)
    late = told.heard_out((LastPlayed(track(), NOW - 9_000),), NOW + 5, 5)
    assert late.playing is not None
    assert titles(late) == ["Two", "One"]


def test_the_newest_of_several_is_the_last_and_no_more_are_kept_than_are_shown() -> None:
    played = tuple(LastPlayed(track(str(n)), NOW - n * 100) for n in range(1, 9))
    assert titles(Told().heard_out(tuple(reversed(played)), NOW, 3)) == ["1", "2", "3"]
    assert titles(Told().heard_out(played, NOW, 1)) == ["1"]


def test_it_comes_back_from_the_store_as_it_went_there() -> None:
    told = Told().plays(track(), NOW, 3).plays(track("Two"), NOW + 9, 3)
    assert from_text(to_text(told)) == told
    assert from_text(to_text(Told())) == Told()


@pytest.mark.parametrize("text", [None, "", "[]", "{}", "{", '{"playing": 1, "played": [], "told_at": null}'])
def test_what_cannot_be_read_is_as_if_nothing_was_told(text: Any) -> None:
    assert from_text(text) == Told()


STEPS = st.lists(st.tuples(st.sampled_from("psx"), st.sampled_from("AB"), st.floats(1, 400)), max_size=12)


@given(STEPS, st.integers(1, 4))
def test_whatever_is_told_the_list_stays_short_and_in_order(steps: list[tuple[str, str, float]], keep: int) -> None:
    told, now = Told(), NOW
    for kind, title, after in steps:
        now += after
        if kind == "p":
            told = told.plays(track(title), now, keep)
        elif kind == "s":
            told = told.heard_out((LastPlayed(track(title), now - 100),), now, keep)
        else:
            told = told.stopped(now, keep)
        moments = [last.played_at for last in told.played]
        assert moments == sorted(moments, reverse=True)
        assert len(moments) <= keep
        assert told.told_at == now
        assert from_text(to_text(told)) == told
