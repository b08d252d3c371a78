"""The values of the model: playback, snapshots, tokens, URIs, dates."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.clock import format_rfc3339, format_rfc3339_ms
from widget.model.hide_list import parse_uri_entry
from widget.model.playback import Item, Playback
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.tokens import AccessToken, Authorization, Credentials, SeedToken, add_six_months, authorization_status

ITEM = Item(type="track", id="t1", uri="spotify:track:t1", url=None, title="A title", duration_ms=200_000)
DAY = 86_400


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@given(
    progress=st.none() | st.integers(0, 300_000),
    duration=st.none() | st.integers(0, 300_000),
    elapsed=st.floats(-1e6, 1e6),
)
def test_progress_stays_within_the_item_at_every_moment(
    progress: int | None, duration: int | None, elapsed: float
) -> None:
    item = Item(type="track", id=None, uri=None, url=None, title="", duration_ms=duration)
    shown = Playback("playing", 1000.0, item, progress).progress_at(1000.0 + elapsed)
    assert (shown is None) == (progress is None)
    assert shown is None or 0 <= shown <= (duration if duration is not None else shown)


def test_progress_moves_while_playing_and_stands_while_paused() -> None:
    assert Playback("playing", 100.0, ITEM, 5_000).progress_at(107.5) == 12_500
    assert Playback("paused", 100.0, ITEM, 5_000).progress_at(107.5) == 5_000


def test_the_end_is_known_only_for_a_playing_item_with_progress_and_duration() -> None:
    assert Playback("playing", 100.0, ITEM, 150_000).ends_at == 150.0
    assert Playback("paused", 100.0, ITEM, 150_000).ends_at is None
    assert Playback("playing", 100.0, ITEM, None).ends_at is None
    assert Playback("ad", 100.0).ends_at is None


def test_plain_progress_does_not_change_what_a_snapshot_stands_for_but_a_seek_does() -> None:
    first = Snapshot(Playback("playing", 100.0, ITEM, 1_000), updated_at=100.0, started_at=99.0)
    later = Snapshot(Playback("playing", 105.0, ITEM, 6_000), updated_at=105.0, started_at=99.0)
    sought = Snapshot(Playback("playing", 105.0, ITEM, 90_000), updated_at=105.0, started_at=15.0)
    assert first.etag_key == later.etag_key
    assert first.etag_key != sought.etag_key


def test_everything_else_that_shows_changes_what_a_snapshot_stands_for() -> None:
    playing = Snapshot(Playback("playing", 100.0, ITEM, 1_000), started_at=99.0)
    others = [
        Snapshot(Playback("paused", 100.0, ITEM, 1_000)),
        Snapshot(Playback("paused", 100.0, ITEM, 2_000)),
        Snapshot(Playback("playing", 100.0, ITEM, 1_000), started_at=99.0, stale=True),
        Snapshot(Playback("playing", 100.0, ITEM, None), started_at=99.0),
        Snapshot(None, problem=SourceProblem("forbidden", "No Premium")),
        Snapshot(None, problem=SourceProblem("rate_limited", "Too many")),
    ]
    assert len({playing.etag_key, *(other.etag_key for other in others)}) == 1 + len(others)


@pytest.mark.parametrize(
    ("authorized", "ends"),
    [
        ("2026-11-25T10:00:00", "2027-05-25T10:00:00"),
        ("2026-08-31T00:00:00", "2027-02-28T00:00:00"),
        ("2027-08-31T00:00:00", "2028-02-29T00:00:00"),
        ("2026-12-31T23:59:59", "2027-06-30T23:59:59"),
    ],
)
def test_a_token_ends_six_calendar_months_after_the_authorization(authorized: str, ends: str) -> None:
    assert add_six_months(at(authorized)) == at(ends)


def test_the_health_of_a_token_has_its_state_and_the_whole_days_left() -> None:
    token = Authorization("secret", authorized_at=at("2026-11-25T10:00:00"))
    end = token.expires_at
    assert end is not None
    states = [(authorization_status(token, end - days * DAY).state, days) for days in (100, 30, 29.9, 0, -1)]
    assert [state for state, _ in states] == ["ok", "ok", "expires_soon", "expires_soon", "expires_soon"]
    assert authorization_status(token, end - 29.9 * DAY).days_left == 29
    assert authorization_status(token, end + 5 * DAY).days_left == 0
    assert authorization_status(None, end).state == "missing"
    assert authorization_status(Authorization("secret"), end).days_left is None
    assert authorization_status(Authorization("secret", needs_authorization=True), end).state == "needs_authorization"


def test_no_secret_shows_in_a_repr() -> None:
    values = [
        Credentials("an-id", "marked"),
        AccessToken("marked", 1.0),
        Authorization("marked", access=AccessToken("marked", 1.0)),
        SeedToken("marked"),
    ]
    assert "marked" not in repr(values)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("spotify:track:abc1", "spotify:track:abc1"),
        ("spotify:user:someone:playlist:p1", "spotify:playlist:p1"),
        ("https://open.spotify.com/album/a1?si=123", "spotify:album:a1"),
        ("https://open.spotify.com/intl-pt/artist/a1", "spotify:artist:a1"),
        ("open.spotify.com/show/s1/", "spotify:show:s1"),
        ("https://open.spotify.com/embed/episode/e1", "spotify:episode:e1"),
        ("https://open.spotify.com/user/someone/playlist/p1", "spotify:playlist:p1"),
        ("https://example.org/track/t1", None),
        ("https://open.spotify.com.example.org/track/t1", None),
        ("spotify:local:a:b:c:1", None),
        ("spotify:user:someone:collection", None),
        ("javascript:alert(1)", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_uris_and_links_come_down_to_one_form(text: str, uri: str | None) -> None:
    assert parse_uri_entry(text) == uri


def test_moments_are_written_as_rfc_3339() -> None:
    assert format_rfc3339_ms(at("2026-11-25T10:00:00") + 0.25) == "2026-11-25T10:00:00.250Z"
    assert format_rfc3339(at("2026-11-25T10:00:00") + 0.75) == "2026-11-25T10:00:00Z"
