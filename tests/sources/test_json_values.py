"""Values out of foreign JSON: each is of the right type and of a bearable length, or None."""

import json

import pytest

from widget.sources.json_values import as_text
from widget.sources.lastfm.payloads import read_recent_tracks
from widget.sources.spotify.payloads import read_currently_playing

NOW = 1_795_000_000.0
MEGABYTE = "a" * 1_000_000


@pytest.mark.parametrize("value", [None, "", 1, True, [], {}])
def test_what_is_no_text_is_none(value: object) -> None:
    assert as_text(value) is None


def test_text_ends_after_two_thousand_characters() -> None:
    assert as_text("ä" * 2000) == "ä" * 2000
    assert as_text("🎧" * 2001) == "🎧" * 2000
    assert as_text(MEGABYTE) == "a" * 2000


def test_no_service_s_text_reaches_what_is_shown_at_full_length() -> None:
    named = {"name": MEGABYTE, "external_urls": {}}
    track = {"type": "track", "name": MEGABYTE, "artists": [named], "album": named, "duration_ms": 1, "uri": MEGABYTE}
    body = {"is_playing": True, "currently_playing_type": "track", "progress_ms": 0, "item": track}
    item = read_currently_playing(json.dumps(body).encode(), NOW).item
    row = {
        "name": MEGABYTE,
        "artist": {"#text": MEGABYTE},
        "album": {"#text": MEGABYTE},
        "@attr": {"nowplaying": "true"},
    }
    recent = json.dumps({"recenttracks": {"track": [row], "@attr": {"user": "ada"}}}).encode()
    playback = read_recent_tracks(200, recent, None, "ada", NOW).playback
    assert playback is not None
    for found in (item, playback.item):
        assert found is not None
        assert found.album is not None
        assert [len(found.title), len(found.artists[0].name), len(found.album.name)] == [2000, 2000, 2000]
        assert len(found.uri or "") <= 2000
