"""Music that the owner would rather not show."""

import pytest

from tests.support.showing import item
from widget.model.hiding import Hiding
from widget.model.playback import LastPlayed, Playback

RELATED = frozenset({"spotify:track:1", "spotify:album:2", "spotify:artist:3", "spotify:playlist:4"})
SONG = item(related=RELATED)


@pytest.mark.parametrize("uri", sorted(RELATED))
def test_an_item_is_hidden_by_anything_that_it_belongs_to(uri: str) -> None:
    assert Hiding(uris=frozenset({uri})).hides(SONG)
    assert not Hiding(uris=frozenset({uri + "0"})).hides(SONG)


def test_explicit_items_are_hidden_where_that_is_asked_for() -> None:
    assert Hiding(explicit=True).hides(item(explicit=True))
    assert not Hiding(explicit=True).hides(item())
    assert not Hiding().hides(item(explicit=True))
    assert not Hiding(explicit=True).hides(None)


def test_what_is_hidden_counts_as_nothing_playing() -> None:
    hiding = Hiding(uris=RELATED)
    assert hiding.applied(Playback("playing", 5.0, SONG, 1)) == Playback("idle", 5.0)
    shown = Playback("playing", 5.0, item(), 1)
    assert hiding.applied(shown) is shown


def test_those_that_may_be_shown_are_found() -> None:
    played = [LastPlayed(SONG, 3.0), LastPlayed(item("One"), 1.0), LastPlayed(item("Two"), 2.0)]
    assert Hiding(uris=RELATED).shown(played) == (played[1], played[2])
    assert Hiding(explicit=True).shown([LastPlayed(item(explicit=True), 1.0)]) == ()
