"""Last.fm's responses as values."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.errors import (
    Forbidden,
    InvalidCredentials,
    ProfilePrivate,
    RateLimited,
    SourceError,
    SourceUnreachable,
    UnknownUser,
)
from widget.model.playback import Artwork, Entity
from widget.sources.base import FetchResult
from widget.sources.lastfm.payloads import read_recent_tracks

NOW = 1_795_000_000.0
USER = "quiet_ear"
RELEASE = "0c7b9d52-1111-4222-8333-944455556666"


def row(name: str = "Copper Sky", artist: Any = "The Weirs", album: Any = "Locks", **more: Any) -> dict[str, Any]:
    page = f"https://www.last.fm/music/{name.replace(' ', '+')}"
    return {"name": name, "artist": {"#text": artist, "mbid": ""}, "album": {"#text": album, "mbid": ""}} | {
        "url": page,
        "image": [{"size": "large", "#text": "https://lastfm.example/i/u/174s/1.jpg"}],
        **more,
    }


def now_playing(name: str = "Copper Sky", **more: Any) -> dict[str, Any]:
    return row(name, **more) | {"@attr": {"nowplaying": "true"}}


def scrobble(at: float, name: str = "Copper Sky", **more: Any) -> dict[str, Any]:
    return row(name, **more) | {"date": {"uts": f"{at:.0f}", "#text": "18 Nov 2026, 11:00"}}


def answer(*rows: Any, user: str = USER) -> Any:
    return {"recenttracks": {"track": list(rows), "@attr": {"user": user, "total": "9"}}}


def read(body: Any, status: int = 200, retry_after: str | None = None) -> FetchResult:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_recent_tracks(status, content, retry_after, USER, NOW)


def test_the_first_row_plays_and_the_others_were_played() -> None:
    result = read(answer(now_playing("Amber"), scrobble(NOW - 300, "Blue"), scrobble(NOW - 600, "Green")))
    assert result.playback is not None
    assert result.playback.item is not None
    assert (result.playback.status, result.playback.item.title, result.playback.progress_ms) == (
        "playing",
        "Amber",
        None,
    )
    assert [(last.item.title, last.played_at) for last in result.history or ()] == [
        ("Blue", NOW - 300),
        ("Green", NOW - 600),
    ]


def test_a_track_has_its_page_and_no_picture_of_last_fm_s() -> None:
    item = read(answer(now_playing("Amber"))).playback
    assert item is not None
    assert item.item is not None
    assert (item.item.type, item.item.id, item.item.uri, item.item.explicit) == ("track", None, None, False)
    assert item.item.url == "https://www.last.fm/music/Amber"
    assert item.item.artists == (Entity("The Weirs"),)
    assert item.item.album == Entity("Locks")
    assert item.item.artwork == ()


def test_a_known_release_leads_to_the_cover_art_archive() -> None:
    result = read(answer(scrobble(NOW - 9, album="") | {"album": {"#text": "Locks", "mbid": RELEASE}}))
    assert result.history is not None
    assert result.history[0].item.artwork == (Artwork(f"https://coverartarchive.org/release/{RELEASE}/front-500"),)


@pytest.mark.parametrize("track", [[], None, "", {}])
def test_nothing_at_all_is_idle_and_uncertain(track: Any) -> None:
    result = read({"recenttracks": {"track": track, "@attr": {"user": USER}}})
    assert result.playback is not None
    assert (result.playback.status, result.playback.is_authoritative, result.history) == ("idle", False, ())


def test_no_track_at_all_is_idle() -> None:
    assert read({"recenttracks": {"@attr": {"user": USER}}}).history == ()


def test_a_single_row_stands_bare() -> None:
    result = read({"recenttracks": {"track": scrobble(NOW - 60, "Alone"), "@attr": {"user": USER}}})
    assert [last.item.title for last in result.history or ()] == ["Alone"]


def test_names_may_be_plain_text_or_empty() -> None:
    plain = row() | {"artist": "Plain Artist", "album": "Plain Album", "date": {"uts": str(int(NOW))}}
    empty = scrobble(NOW - 1, artist="", album="")
    first, second = (last.item for last in read(answer(plain, empty)).history or ())
    assert (first.artists, first.album) == ((Entity("Plain Artist"),), Entity("Plain Album"))
    assert (second.artists, second.album) == ((), None)


def test_a_row_with_a_date_does_not_play() -> None:
    result = read(answer(now_playing("Amber") | {"date": {"uts": str(int(NOW - 5))}}))
    assert result.playback is not None
    assert result.playback.status == "idle"


@pytest.mark.parametrize("uts", ["", "soon", "-5", "9" * 40, None, [], True, "0", f"{NOW + 90_000:.0f}"])
def test_a_row_without_a_moment_was_not_played(uts: Any) -> None:
    assert read(answer(row() | {"date": {"uts": uts}})).history == ()


def test_the_user_s_name_may_be_written_otherwise() -> None:
    assert len(read(answer(scrobble(NOW), user="Quiet_Ear")).history or ()) == 1


@pytest.mark.parametrize("user", ["somebody_else", ""])
def test_rows_of_another_user_are_no_answer(user: str) -> None:
    with pytest.raises(SourceUnreachable, match="another user"):
        read(answer(now_playing("Not Ours"), user=user))


REFUSALS: list[tuple[int, str, type[SourceError]]] = [
    (6, "User not found", UnknownUser),
    (6, "Invalid parameters - Your request is missing a required parameter", SourceUnreachable),
    *((number, "No", InvalidCredentials) for number in (4, 9, 10, 13)),
    (17, "Login: User required to be logged in", ProfilePrivate),
    (26, "API Key Suspended", Forbidden),
    (29, "Rate Limit Exceeded", RateLimited),
    *((number, "No", SourceUnreachable) for number in (2, 8, 11, 16, 99)),
]


@pytest.mark.parametrize("status", [200, 400, 403, 404, 500, 503])
@pytest.mark.parametrize(("number", "message", "kind"), REFUSALS)
def test_an_error_is_read_from_the_body_whatever_the_status(
    status: int, number: int, message: str, kind: type[SourceError]
) -> None:
    for result in (number, str(number)):
        with pytest.raises(SourceError) as raised:
            read({"error": result, "message": message}, status)
        assert type(raised.value) is kind


def test_being_asked_to_wait_lasts_a_minute_without_a_time() -> None:
    for body in (b"", b"<html>", {"error": 29, "message": ""}):
        with pytest.raises(RateLimited) as raised:
            read(body, 429)
        assert raised.value.retry_after == 60
    with pytest.raises(RateLimited) as raised:
        read(b"", 429, "7")
    assert raised.value.retry_after == 7


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"[]", b"null", b"{}", b'{"recenttracks": []}', b"[" * 10**5]
)
@pytest.mark.parametrize("status", [200, 404, 502])
def test_what_is_no_answer_is_an_outage(body: bytes, status: int) -> None:
    with pytest.raises(SourceUnreachable):
        read(body, status)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
MAYBE = st.just({"#text": "A name", "mbid": RELEASE}) | st.just("A name") | JSON
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "@attr": st.just({"nowplaying": "true"}) | JSON,
        "date": st.just({"uts": "1794990000"}) | JSON,
        "name": st.text(max_size=8) | JSON,
        "artist": MAYBE,
        "album": MAYBE,
        "url": st.just("https://www.last.fm/music/x") | JSON,
    },
)
TRACKS = st.lists(ROWS | JSON, max_size=4) | ROWS | JSON
BODIES = JSON | st.fixed_dictionaries(
    {"recenttracks": st.fixed_dictionaries({"track": TRACKS, "@attr": st.just({"user": USER}) | JSON}) | JSON},
    optional={"error": JSON, "message": JSON},
)


@given(BODIES, st.sampled_from([200, 400, 403, 429, 500]))
def test_no_json_makes_anything_but_a_valid_answer(body: Any, status: int) -> None:
    try:
        result = read(body, status)
    except SourceError:
        return
    assert result.playback is not None
    assert (result.playback.item is not None) == (result.playback.status == "playing")
    for item in [last.item for last in result.history or ()] + ([result.playback.item] if result.playback.item else []):
        assert item.title
        assert all(artist.name for artist in item.artists)
        assert item.url is None or item.url.startswith("http")
        assert all(one.url.startswith("https://coverartarchive.org/release/") for one in item.artwork)
    moments = [last.played_at for last in result.history or ()]
    assert moments == sorted(moments, reverse=True)


@given(st.binary(max_size=40), st.integers(100, 599))
def test_no_bytes_make_anything_but_an_error_or_an_answer(body: bytes, status: int) -> None:
    with pytest.raises(SourceError):
        read(body, status)
