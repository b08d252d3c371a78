"""Any JSON or reply of a self-hosted server becomes values or one of the errors."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from widget.model.errors import SourceError
from widget.model.playback import Playback
from widget.sources.mpd.payloads import read_playback
from widget.sources.subsonic.payloads import SubsonicError, read_entries, read_extensions, read_response, server_label
from widget.sources.subsonic.play_tracker import PlayTracker

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
FIELDS = (
    *("id", "title", "artist", "artists", "album", "duration", "coverArt", "musicBrainzId", "minutesAgo"),
    *("playerId", "playerName", "state", "positionMs", "playbackRate"),
)
ENTRIES = st.fixed_dictionaries(
    {"username": st.just("elin")},
    optional={
        **dict.fromkeys(FIELDS, VALUES),
        "title": st.just("A Title") | VALUES,
        "state": st.sampled_from(("starting", "playing", "paused", "stopped")) | VALUES,
    },
)
TEXTS = st.text(max_size=20) | st.lists(st.text(max_size=20), max_size=3) | st.none()
STATUS_KEYS = ("state", "elapsed", "duration", "time", "songid", "error")
SONG_KEYS = ("file", "title", "artist", "album", "name", "albumartist", "duration", "time", "last-modified", "id")


@given(st.lists(st.lists(ENTRIES, max_size=3), max_size=4), st.booleans())
def test_any_entry_gives_a_playback(answers: list[list[dict[str, Any]]], has_reports: bool) -> None:
    tracker = PlayTracker()
    for number, entries in enumerate(answers):
        body = json.dumps({"subsonic-response": {"status": "ok", "nowPlaying": {"entry": entries}}}).encode()
        response = read_response(200, body, None, 0.0)
        playback = tracker.observe(read_entries(response, "ELIN"), 1_000.0 + 5 * number, has_reports=has_reports)
        assert_is_sound(playback)


@given(VALUES, st.sampled_from((200, 401, 404, 429, 500)))
def test_any_body_gives_a_response_or_an_error_of_ours(value: Any, status: int) -> None:
    for shaped in (value, {"subsonic-response": value}, {"subsonic-response": {"status": "ok", "nowPlaying": value}}):
        try:
            response = read_response(status, json.dumps(shaped).encode(), None, 0.0)
        except (SourceError, SubsonicError):
            continue
        read_entries(response, "elin")
        read_extensions(response)
        server_label(response)


@given(
    st.dictionaries(st.sampled_from(STATUS_KEYS), TEXTS | st.sampled_from(("play", "pause", "12.5", "1:2"))),
    st.dictionaries(st.sampled_from(SONG_KEYS), TEXTS | st.sampled_from(("a/b.flac", "http://[", "http://h/x"))),
)
def test_any_reply_gives_a_playback(status: dict[str, Any], song: dict[str, Any]) -> None:
    assert_is_sound(read_playback(status, song, 1_000.0))


def assert_is_sound(playback: Playback) -> None:
    assert (playback.item is not None) == (playback.status in ("playing", "paused"))
    assert playback.progress_ms is None or playback.progress_ms >= 0
    if playback.item is not None:
        assert playback.item.title
        assert playback.item.duration_ms is None or playback.item.duration_ms > 0
        assert all(artist.name for artist in playback.item.artists)
