"""Values from foreign JSON: each has the right type and a limited length, or is None."""

import json

import pytest

from widget.model.serialization import MAX_TIMESTAMP
from widget.sources.json_values import (
    MAX_DURATION_MS,
    as_mbid,
    as_milliseconds,
    as_text,
    as_timestamp,
    as_url,
)
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


def test_an_address_may_have_two_thousand_characters() -> None:
    longest = "https://a.example/".ljust(2000, "x")
    assert as_url(longest) == longest
    assert as_url(longest + "x") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (1.9, 1), (MAX_DURATION_MS, MAX_DURATION_MS), (MAX_DURATION_MS + 1, None), (-1, None), (True, None)],
)
def test_milliseconds_lie_between_nothing_and_a_month(value: object, expected: int | None) -> None:
    assert as_milliseconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        ("1", 1.0),
        (0, None),
        (-1, None),
        (True, None),
        (1.5, None),
        (int(MAX_TIMESTAMP), MAX_TIMESTAMP),
        (int(MAX_TIMESTAMP) + 1, None),
        ("9" * 11, None),
        ("0" * 10 + "7", 7.0),
        ("0" * 11 + "7", None),
        ("\u0667", None),
    ],
)
def test_a_moment_is_a_whole_number_of_seconds_or_its_digits(value: object, expected: float | None) -> None:
    assert as_timestamp(value) == expected


def test_an_identifier_is_taken_in_either_case_and_in_no_other_shape() -> None:
    mbid = "0c7b9d52-1111-4222-8333-944455556666"
    assert as_mbid(mbid.upper()) == mbid
    assert [as_mbid(value) for value in (mbid + "0", mbid[:-1], mbid.replace("-", ""), 5, None)] == [None] * 5
