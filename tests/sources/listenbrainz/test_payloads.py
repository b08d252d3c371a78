"""ListenBrainz's responses as values, with anything that a player may have sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.model.errors import (
    InvalidCredentials,
    RateLimited,
    SourceError,
    SourceUnreachable,
    UnknownUser,
    UnsupportedServer,
)
from widget.model.hide_list import parse_name_entry
from widget.model.playback import Artwork, Entity, Item
from widget.sources.listenbrainz.payloads import (
    MAX_DURATION_MS,
    raise_for_status,
    read_item,
    read_listens,
    read_playing_now,
)

NOW = 1_795_000_000.0
RECORDING, RELEASE, MAPPED = (f"0c7b9d52-{n}{n}{n}{n}-4222-8333-944455556666" for n in "123")


def listen(info: Any = None, mapping: Any = None, **more: Any) -> dict[str, Any]:
    metadata = {"artist_name": "The Weirs with Oda Lind", "track_name": "Copper Sky", "release_name": "Locks"}
    metadata = {**metadata, "additional_info": {} if info is None else info, **more}
    return {"track_metadata": metadata if mapping is None else {**metadata, "mbid_mapping": mapping}}


def body(*listens: Any) -> bytes:
    return json.dumps({"payload": {"count": len(listens), "listens": list(listens), "user_id": "quiet_ear"}}).encode()


def the_item(info: Any = None, mapping: Any = None, *, played: bool = False, **more: Any) -> Item:
    item = read_item(listen(info, mapping, **more), played=played)
    assert item is not None
    return item


def test_what_plays_has_all_that_the_player_knows() -> None:
    info = {"duration_ms": 247_000, "release_mbid": RELEASE, "recording_mbid": RECORDING.upper()}
    playback = read_playing_now(body(listen(info)), NOW)
    assert playback.status == "playing"
    item = playback.item
    assert item is not None
    assert (item.id, item.uri, item.url) == (RECORDING, None, f"https://listenbrainz.org/track/{RECORDING}/")
    assert (item.title, item.artists, item.album) == (
        "Copper Sky",
        (Entity("The Weirs with Oda Lind"),),
        Entity("Locks"),
    )
    assert item.artwork == (Artwork(f"https://coverartarchive.org/release/{RELEASE}/front-500"),)
    assert (item.duration_ms, playback.progress_ms) == (247_000, None)


def test_nothing_playing_is_uncertain() -> None:
    playback = read_playing_now(body(), NOW)
    assert (playback.status, playback.is_authoritative) == ("idle", False)


def test_what_was_played_has_the_mapped_artists_and_artwork() -> None:
    artists = [{"artist_credit_name": "The Weirs"}, {"artist_credit_name": "Oda Lind"}]
    mapping = {"artists": artists, "caa_release_mbid": MAPPED, "recording_mbid": RECORDING}
    played = read_listens(body({**listen({"release_mbid": RELEASE}, mapping), "listened_at": int(NOW - 60)}), NOW)
    assert played[0].played_at == NOW - 60
    assert played[0].item.artists == (Entity("The Weirs"), Entity("Oda Lind"))
    assert played[0].item.artwork[0].url.endswith(f"/{MAPPED}/front-500")
    assert played[0].item.id == RECORDING


def test_what_plays_and_what_was_played_are_hidden_alike() -> None:
    mapping = {"artists": [{"artist_credit_name": "The Weirs"}, {"artist_credit_name": "Oda Lind"}]}
    told_apart, together = the_item(None, mapping, played=True), the_item({"artist_names": ["The Weirs", "Oda Lind"]})
    for name in ("artist:the weirs", "artist:Oda Lind", "artist:The Weirs with Oda Lind", "album:LOCKS"):
        assert parse_name_entry(name) in told_apart.hide_keys & together.hide_keys


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"duration_ms": 247_000}, 247_000),
        ({"duration_ms": 247_000.9}, 247_000),
        ({"duration": 247}, 247_000),
        ({"duration": 246.5}, 246_500),
        ({"duration_ms": "247000"}, None),
        ({"duration_ms": 0}, None),
        ({"duration_ms": -1}, None),
        ({"duration_ms": True}, None),
        ({"duration_ms": MAX_DURATION_MS + 1}, None),
        ({"duration_ms": "x", "duration": 3}, 3_000),
        ({"duration_ms": 150}, 150_000),
        ({"duration_ms": 4.9}, None),
        ({"duration": 247_000}, 247_000),
        ({"duration": 90_000_000}, None),
        ("no object", None),
    ],
)
def test_a_length_is_a_number_or_unknown(info: Any, expected: int | None) -> None:
    assert the_item(info).duration_ms == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://music.example.org/t/1", "https://music.example.org/t/1"),
        ("https://open.spotify.com/track/1", None),
        ("https://OPEN.Spotify.com./track/1", None),
        ("http://spotify.link/x", None),
        ("https://open%2Espotify%2ecom/track/1", None),
        ("https://ｏｐｅｎ．ｓｐｏｔｉｆｙ．ｃｏｍ/track/1", None),
        ("https://open。spotify。com/track/1", None),
        ("https://open.spot\u00adify.com/track/1", None),
        ("https:\\\\open.spotify.com/track/1", None),
        ("https://example.org\\@open.spotify.com/", None),
        ("https://me:secret@music.example.org/t/1", None),
        ("https://music.example.org/t/a b", None),
        ("https://[broken/t/1", None),
        ("https://music.example.org:99999/t/1", None),
        ('https://music.example.org/"<t>"?q={1}#"', "https://music.example.org/%22%3Ct%3E%22?q=%7B1%7D#%22"),
        ("https://Müsic.example.org/é", "https://xn--msic-0ra.example.org/%C3%A9"),
        ("http://[::1]:8080/t", "http://[::1]:8080/t"),
        ("https://notspotify.com/t", "https://notspotify.com/t"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        (17, None),
    ],
)
def test_a_link_to_where_it_was_played_is_taken_where_it_is_safe(origin: Any, expected: str | None) -> None:
    assert the_item({"origin_url": origin}).url == expected


def refusal(status: int, content: bytes | None = None, *, has_token: bool = True) -> SourceError:
    """Return the error of ``status`` with ListenBrainz's own JSON, or with ``content``."""
    own = json.dumps({"code": status, "error": "No."}).encode()
    with pytest.raises(SourceError) as raised:
        raise_for_status(status, own if content is None else content, "7", NOW, has_token=has_token)
    return raised.value


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 502, 302])
def test_every_refusal_has_its_meaning(status: int) -> None:
    kinds: dict[int, type[SourceError]] = {
        401: InvalidCredentials,
        403: InvalidCredentials,
        404: UnknownUser,
        429: RateLimited,
    }
    error = refusal(status)
    assert type(error) is kinds.get(status, SourceUnreachable)
    assert error.retry_after == (7 if status == 429 else None)


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize(
    "content",
    [b"", b"404 page not found", b"<html>", b"[]", b"{}", b'{"code": "404"}', b'{"code": 200}', b'{"error": "No."}'],
)
def test_a_proxy_s_refusal_is_an_outage(status: int, content: bytes) -> None:
    assert type(refusal(status, content)) is SourceUnreachable


@pytest.mark.parametrize(("status", "is_named"), [(301, True), (303, True), (404, True), (403, False), (503, False)])
def test_an_address_where_nothing_is_says_which_variable_to_check(status: int, is_named: bool) -> None:
    assert ("LISTENBRAINZ_URL" in str(refusal(status, b"<html>"))) is is_named


@pytest.mark.parametrize("status", [401, 403])
def test_without_a_token_no_credentials_can_be_wrong(status: int) -> None:
    assert type(refusal(status, has_token=False)) is SourceUnreachable


def test_a_server_that_knows_nothing_of_what_plays_is_named() -> None:
    for content in (b"{}", b'{"status": "ok"}'):
        with pytest.raises(UnsupportedServer, match="this server does not tell what plays"):
            read_playing_now(content, NOW)


@pytest.mark.parametrize(
    ("info", "mapping", "address"),
    [
        ({}, {"release_group_mbid": MAPPED}, f"release-group/{MAPPED}"),
        ({"release_group_mbid": MAPPED}, {}, f"release-group/{MAPPED}"),
        ({"release_mbid": RELEASE}, {"release_group_mbid": MAPPED}, f"release/{RELEASE}"),
        ({}, {"caa_release_mbid": RELEASE, "release_group_mbid": MAPPED}, f"release/{RELEASE}"),
    ],
)
def test_without_a_release_the_artwork_is_that_of_its_group(info: Any, mapping: Any, address: str) -> None:
    (artwork,) = the_item(info, mapping, played=True).artwork
    assert artwork.url == f"https://coverartarchive.org/{address}/front-500"


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"{}", b'{"payload": {}}', b'{"payload": {"listens": {}}}'])
def test_what_is_no_answer_is_an_outage(content: bytes) -> None:
    with pytest.raises(SourceUnreachable):
        read_playing_now(content, NOW)
    with pytest.raises(SourceUnreachable):
        read_listens(content, NOW)


@pytest.mark.parametrize("moment", [None, "soon", -4, 10**30, True, NOW + 100_000])
def test_a_listen_without_a_moment_was_not_played(moment: Any) -> None:
    assert read_listens(body({**listen(), "listened_at": moment}), NOW) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
INFO = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.just(RELEASE)
        for name in ("duration_ms", "duration", "release_mbid", "recording_mbid", "origin_url", "artist_names")
    },
)
MAPPING = st.fixed_dictionaries(
    {}, optional={name: JSON | st.just(RELEASE) for name in ("artists", "caa_release_mbid", "recording_mbid")}
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        **{name: JSON | st.text(max_size=6) for name in ("track_name", "artist_name", "release_name")},
        "additional_info": INFO | JSON,
        "mbid_mapping": MAPPING | JSON,
    },
)
LISTENS = st.fixed_dictionaries({}, optional={"track_metadata": METADATA | JSON, "listened_at": st.integers() | JSON})


@given(st.lists(LISTENS | JSON, max_size=4))
def test_no_json_makes_anything_but_a_valid_answer(listens: list[Any]) -> None:
    content = json.dumps({"payload": {"listens": listens}}).encode()
    playback, played = read_playing_now(content, NOW), read_listens(content, NOW)
    assert (playback.item is not None) == (playback.status == "playing")
    for item in [last.item for last in played] + ([playback.item] if playback.item else []):
        assert item.title
        assert item.url is None or item.url.startswith("http")
        assert item.duration_ms is None or 0 < item.duration_ms <= MAX_DURATION_MS
        assert len(item.artwork) <= 1


@given(st.binary(max_size=40))
def test_no_bytes_make_anything_but_an_error(content: bytes) -> None:
    with pytest.raises(SourceUnreachable):
        read_listens(content, NOW)


@pytest.mark.parametrize(("ahead", "count"), [(86_400, 1), (86_401, 0)])
def test_a_player_s_clock_may_be_a_day_ahead(ahead: int, count: int) -> None:
    assert len(read_listens(body({**listen(), "listened_at": int(NOW) + ahead}), NOW)) == count
