"""Any JSON from Spotify becomes a valid value or an outage."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.payloads import json_body
from widget.model.errors import SpotifyUnreachable
from widget.model.playback import Item, Playback
from widget.sources.spotify.payloads import read_account, read_currently_playing, read_recently_played

AT = 1_795_000_000.0
NAMES = ("track", "episode", "recently_played", "me")
FIELDS = sorted({key for name in NAMES for key in json.dumps(json_body(name)).split('"')[1::2]})
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 0, 1, 201_400])
TEXTS = st.text(st.characters(codec=None), max_size=12) | st.sampled_from(
    ["track", "episode", "ad", "unknown", "spotify:track:1x", "https://i.scdn.co/x", "2026-11-24T18:03:20.497Z"]
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | TEXTS, inner, max_size=6),
    max_leaves=25,
)


@st.composite
def bent(draw: st.DrawFn, name: str) -> Any:
    """A real response with one to five wrong values at any depth."""
    value = json_body(name)
    for _ in range(draw(st.integers(1, 5))):
        _bend(draw, value)
    return value


def _bend(draw: st.DrawFn, value: Any) -> None:
    while True:
        key = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        inside = value[key]
        if not isinstance(inside, dict | list) or not inside or draw(st.integers(0, 4)) == 0:
            value[key] = draw(JSON)
            return
        value = inside


def assert_valid_item(item: Item) -> None:
    assert item.type in ("track", "episode")
    assert (item.show is not None) == (item.type == "episode")
    assert item.type == "track" or (item.artists == () and item.album is None)
    assert not (item.is_local and (item.id or item.url or item.artwork))
    assert item.duration_ms is None or (type(item.duration_ms) is int and item.duration_ms > 0)
    named = [one for one in (*item.artists, item.album, item.show) if one is not None]
    texts = [item.title, *(one.name for one in named)]
    links = [item.url, *(one.url for one in named), *(artwork.url for artwork in item.artwork)]
    assert all(type(text) is str for text in texts)
    assert all(link is None or link.startswith(("http://", "https://")) for link in map(_lower, links))
    widths = [one.width or 0 for one in item.artwork]
    assert widths == sorted(widths, reverse=True)
    assert type(item.explicit) is type(item.is_local) is bool


def _lower(link: str | None) -> str | None:
    return None if link is None else link.lower()


@settings(max_examples=200, deadline=None)
@given(JSON | bent("track") | bent("episode") | bent("local_file") | bent("ad") | bent("unknown"))
def test_no_json_makes_anything_but_a_valid_playback_or_an_outage(value: Any) -> None:
    try:
        playback = read_currently_playing(json.dumps(value).encode(), AT)
    except SpotifyUnreachable:
        assert not isinstance(value, dict)
        return
    assert playback.status in ("playing", "paused", "ad", "idle")
    assert (playback.item is not None) == (playback.status in ("playing", "paused"))
    progress_ms = playback.progress_at(AT + 1e6)
    assert playback.progress_ms is None or type(playback.progress_ms) is int
    if playback.item is None:
        assert progress_ms is None
        return
    assert_valid_item(playback.item)
    if progress_ms is not None:
        assert 0 <= progress_ms <= (playback.item.duration_ms or progress_ms)


@settings(max_examples=150, deadline=None)
@given(JSON | bent("recently_played"))
def test_no_json_makes_anything_but_valid_plays_or_an_outage(value: Any) -> None:
    try:
        played = read_recently_played(json.dumps(value).encode())
    except SpotifyUnreachable:
        assert not isinstance(value, dict)
        return
    moments = [last.played_at for last in played]
    assert moments == sorted(moments, reverse=True)
    for last in played:
        assert_valid_item(last.item)


@settings(max_examples=100, deadline=None)
@given(JSON | bent("me"))
def test_no_json_makes_anything_but_an_account_that_can_be_stored_or_an_outage(value: Any) -> None:
    try:
        account = read_account(json.dumps(value).encode())
    except SpotifyUnreachable:
        return
    assert account.id.encode()
    assert account.name is None or account.name.encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_make_anything_but_a_playback_or_an_outage(content: bytes) -> None:
    try:
        playback = read_currently_playing(content, AT)
    except SpotifyUnreachable:
        return
    assert playback == Playback("idle", AT, is_authoritative=False)
