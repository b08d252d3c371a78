"""The moments at which the history is polled."""

import pytest

from widget.model.playback import Item, Playback
from widget.model.snapshot import Snapshot
from widget.now_playing.history_poller import HistorySchedule

ONE, OTHER = (Item("track", None, None, None, title) for title in ("One", "Other"))
IDLE = Snapshot(Playback("idle", 0.0))


def playing(item: Item) -> Snapshot:
    return Snapshot(Playback("playing", 0.0, item))


@pytest.mark.parametrize("view", [IDLE, playing(ONE)])
def test_what_comes_with_each_answer_is_taken_each_time(view: Snapshot) -> None:
    assert HistorySchedule(1_000.0, ONE).is_due(1_000.0, view, comes_with_playback=True, is_published=False)


@pytest.mark.parametrize(
    ("view", "is_published", "is_due"), [(IDLE, False, True), (playing(ONE), False, False), (playing(ONE), True, True)]
)
def test_it_is_requested_first_when_nothing_plays_or_when_it_is_published(
    view: Snapshot, is_published: bool, is_due: bool
) -> None:
    assert HistorySchedule().is_due(1_000.0, view, comes_with_playback=False, is_published=is_published) == is_due


@pytest.mark.parametrize(("now", "is_due"), [(1_299.0, False), (1_300.0, True)])
def test_it_is_requested_again_after_five_minutes(now: float, is_due: bool) -> None:
    assert HistorySchedule(1_000.0).is_due(now, IDLE, comes_with_playback=False, is_published=False) == is_due
    assert (
        HistorySchedule(1_000.0, ONE).is_due(now, playing(ONE), comes_with_playback=False, is_published=True) == is_due
    )
    assert not HistorySchedule(1_000.0, ONE).is_due(now, playing(ONE), comes_with_playback=False, is_published=False)


@pytest.mark.parametrize("view", [IDLE, playing(OTHER)])
def test_the_end_of_an_item_makes_it_due_where_it_is_published(view: Snapshot) -> None:
    assert HistorySchedule(1_000.0, ONE).is_due(1_001.0, view, comes_with_playback=False, is_published=True)
    assert not HistorySchedule(1_000.0, ONE).is_due(1_001.0, view, comes_with_playback=False, is_published=False)
