"""Items that the owner hides."""

import pytest

from tests.support.web_harness import item
from widget.model.hide_list import HideList
from widget.model.playback import Playback, PlayedItem

RELATED = frozenset({"spotify:track:1", "spotify:album:2", "spotify:artist:3", "spotify:playlist:4"})
SONG = item(hide_keys=RELATED)


@pytest.mark.parametrize("uri", sorted(RELATED))
def test_an_item_is_hidden_by_anything_that_it_belongs_to(uri: str) -> None:
    assert HideList(keys=frozenset({uri})).hides(SONG)
    assert not HideList(keys=frozenset({uri + "0"})).hides(SONG)


def test_explicit_items_are_hidden_where_that_is_asked_for() -> None:
    assert HideList(explicit=True).hides(item(explicit=True))
    assert not HideList(explicit=True).hides(item())
    assert not HideList().hides(item(explicit=True))
    assert not HideList(explicit=True).hides(None)


def test_what_is_hidden_counts_as_nothing_playing() -> None:
    hide_list = HideList(keys=RELATED)
    assert hide_list.filter_playback(Playback("playing", 5.0, SONG, 1)) == Playback("idle", 5.0)
    current = Playback("playing", 5.0, item(), 1)
    assert hide_list.filter_playback(current) is current


def test_those_that_may_be_shown_are_found() -> None:
    played = [PlayedItem(SONG, 3.0), PlayedItem(item("One"), 1.0), PlayedItem(item("Two"), 2.0)]
    assert HideList(keys=RELATED).filter_history(played) == (played[1], played[2])
    assert HideList(explicit=True).filter_history([PlayedItem(item(explicit=True), 1.0)]) == ()
