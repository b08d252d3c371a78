"""Spotify's responses as values."""

import math
from typing import Any

import pytest

from tests.support.payloads import body, json_body
from widget.model.errors import SpotifyUnreachable
from widget.model.playback import Artwork, Entity, Item, Playback
from widget.sources.spotify.payloads import read_account, read_currently_playing, read_recently_played

AT = 1_795_000_000.0
NILA = Entity("Nila Brandt", "https://open.spotify.com/artist/3Nila00Inventedxxxxxxx")


def read(name: str, **changes: Any) -> Playback:
    return read_currently_playing(body(name, **changes), AT)


def item_of(name: str, **changes: Any) -> Item:
    item = read(name, item={**json_body(name)["item"], **changes}).item
    assert item is not None
    return item


def test_a_track_that_plays_is_read_whole() -> None:
    playback = read("track")
    assert (playback.status, playback.progress_ms, playback.observed_at) == ("playing", 61_200, AT)
    assert playback.item == Item(
        type="track",
        id="1Track0Inventedxxxxxxx",
        uri="spotify:track:1Track0Inventedxxxxxxx",
        url="https://open.spotify.com/track/1Track0Inventedxxxxxxx",
        title="Lanterns at Low Tide",
        artists=(NILA, Entity("Otto & the Lamps", "https://open.spotify.com/artist/3Otto00Inventedxxxxxxx")),
        album=Entity("Paper Harbours", "https://open.spotify.com/album/2Album0Inventedxxxxxxx"),
        artwork=tuple(Artwork(f"https://i.scdn.co/image/harbour{w:04d}", w, w) for w in (640, 300, 64)),
        explicit=True,
        duration_ms=201_400,
    )


def test_the_field_set_from_before_2026_reads_the_same() -> None:
    assert read("track_before_2026") == read("track")


def test_a_paused_track_keeps_its_item_and_place() -> None:
    playback = read("paused")
    assert (playback.status, playback.progress_ms, playback.item) == ("paused", 90_000, read("track").item)


def test_an_episode_has_its_show_and_no_artists() -> None:
    playback = read("episode")
    assert playback.status == "playing"
    assert playback.item is not None
    assert (playback.item.type, playback.item.artists, playback.item.album) == ("episode", (), None)
    assert playback.item.show == Entity("Slow Weather", "https://open.spotify.com/show/4Show00Inventedxxxxxxx")
    assert playback.item.artwork[0].url == "https://i.scdn.co/image/fog0640"


def test_an_episode_without_pictures_shows_those_of_its_show() -> None:
    assert item_of("episode", images=[]).artwork[0].url == "https://i.scdn.co/image/weather0640"


def test_an_episode_without_a_show_has_a_nameless_one() -> None:
    assert item_of("episode", show=None).show == Entity("")


def test_a_local_file_has_a_title_and_nothing_to_link_to() -> None:
    item = read("local_file").item
    assert item is not None
    assert item.is_local
    assert (item.id, item.url, item.artwork, item.album) == (None, None, (), None)
    assert item.uri == "spotify:local:The+Cellar+Tapes::Rehearsal%2C+take+two:187"
    assert item.artists == (Entity("The Cellar Tapes"),)


def test_a_local_file_never_links_even_where_spotify_guesses_what_it_is() -> None:
    item = item_of("track", is_local=True)
    assert (item.id, item.url, item.artwork) == (None, None, ())


def test_an_advertisement_has_no_item() -> None:
    assert read("ad") == Playback("ad", AT)


def test_an_advertisement_that_does_not_play_is_nothing_certain() -> None:
    assert read("ad", is_playing=False) == Playback("idle", AT, is_authoritative=False)


@pytest.mark.parametrize("name", ["no_content", "unknown", "episode_without_additional_types"])
def test_an_answer_that_spotify_also_gives_while_music_plays_is_uncertain(name: str) -> None:
    assert read(name) == Playback("idle", AT, is_authoritative=False)


def test_a_body_of_white_space_counts_as_empty() -> None:
    assert read_currently_playing(b" \r\n", AT) == Playback("idle", AT, is_authoritative=False)


def test_a_missing_progress_is_unknown_while_playing() -> None:
    playback = read("progress_null")
    assert (playback.status, playback.progress_ms) == ("playing", None)


@pytest.mark.parametrize("past", [0, 5_000, 7_200_000])
def test_a_progress_at_or_past_the_end_says_when_the_end_was(past: int) -> None:
    playback = read("track", progress_ms=201_400 + past)
    assert playback.ends_at == AT - past / 1000
    assert playback.progress_at(AT) == 201_400


@pytest.mark.parametrize("progress", [1e30, math.inf, 10**400, 31 * 86_400_000])
def test_a_progress_beyond_every_item_lies_past_the_end_and_is_unknown_where_there_is_no_end(progress: object) -> None:
    ended = read("track", progress_ms=progress)
    assert ended.ends_at is not None
    assert ended.ends_at < AT - 86_400
    endless = {**json_body("track")["item"], "duration_ms": None}
    assert read("track", progress_ms=progress, item=endless).progress_ms is None


def test_a_progress_of_exactly_0_is_a_progress() -> None:
    playback = read("track", progress_ms=0)
    assert (playback.progress_ms, playback.ends_at) == (0, AT + 201.4)


def test_a_paused_item_is_paused_wherever_its_progress_stands() -> None:
    playback = read("paused", progress_ms=9_000_000)
    assert (playback.status, playback.progress_at(AT)) == ("paused", 201_400)


@pytest.mark.parametrize("progress", [-1, True, "61200", [], {}, math.nan, -math.inf, -(10**400), -1e300])
def test_a_progress_that_cannot_be_is_unknown(progress: object) -> None:
    assert read("track", progress_ms=progress).progress_ms is None


def test_a_fraction_of_a_millisecond_is_dropped() -> None:
    assert read("track", progress_ms=61_200.9).progress_ms == 61_200


@pytest.mark.parametrize("duration", [0, -5, None, "long", 10**400, False])
def test_a_duration_that_cannot_be_is_unknown(duration: object) -> None:
    assert item_of("track", duration_ms=duration).duration_ms is None


@pytest.mark.parametrize("value", ["yes", 1, None, "true"])
def test_only_a_true_true_counts_as_playing(value: object) -> None:
    assert read("track", is_playing=value).status == "paused"


def test_hide_can_name_the_item_its_album_artists_and_the_playlist() -> None:
    item = read("track").item
    assert item is not None
    assert item.hide_keys == {
        "spotify:track:1Track0Inventedxxxxxxx",
        "spotify:album:2Album0Inventedxxxxxxx",
        "spotify:artist:3Nila00Inventedxxxxxxx",
        "spotify:artist:3Otto00Inventedxxxxxxx",
        "spotify:playlist:1List00Inventedxxxxxxx",
    }


def test_hide_can_name_the_show_of_an_episode() -> None:
    assert "spotify:show:4Show00Inventedxxxxxxx" in item_of("episode").hide_keys


def test_hide_can_name_the_track_that_was_asked_for_where_spotify_plays_another_pressing() -> None:
    linked = {"type": "track", "uri": "spotify:track:0Linked"}
    assert "spotify:track:0Linked" in item_of("track", linked_from=linked).hide_keys


@pytest.mark.parametrize("name", ["track_from_liked_songs", "track_from_an_old_playlist"])
def test_the_listener_s_id_in_a_context_is_kept_nowhere(name: str) -> None:
    playback = read(name)
    assert playback.item is not None
    assert "nilas.listener" not in repr(playback)
    assert not [uri for uri in playback.item.hide_keys if "nilas.listener" in uri]


def test_an_old_playlist_s_uri_still_hides() -> None:
    item = read("track_from_an_old_playlist").item
    assert item is not None
    assert "spotify:playlist:1List00Inventedxxxxxxx" in item.hide_keys


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "data:text/html,x", "//x", "https://", "https://a b", "http://[", 5, None, "x" * 3000),
        *("https://x.example/\n", "https://x.example/\ud800", "https://x.example/" + "x" * 3000),
    ],
)
def test_what_is_no_web_address_never_becomes_a_link_or_a_picture(address: object) -> None:
    urls = {"spotify": address}
    album = {"name": "A", "external_urls": urls, "images": [{"url": address, "width": 64, "height": 64}]}
    item = item_of("track", external_urls=urls, album=album)
    assert (item.url, item.album, item.artwork) == (None, Entity("A"), ())


def test_artwork_is_widest_first_and_unknown_sizes_are_none_and_last() -> None:
    sizes = [(None, None), (64, 64), ("300", -1), (True, 0), (640, 480)]
    images = [{"url": f"https://i.scdn.co/{n}", "width": w, "height": h} for n, (w, h) in enumerate(sizes)]
    artwork = item_of("track", album={"name": "A", "images": [*images, "x", None, {}]}).artwork
    unknown = (None, None)
    assert [(one.width, one.height) for one in artwork] == [(640, 480), (64, 64), unknown, unknown, unknown]


def test_artists_without_a_name_are_left_out_and_an_album_without_one_is_none() -> None:
    item = item_of("local_file", artists=[{"name": ""}, None, {}, "x", {"name": "One"}])
    assert (item.artists, item.album) == ((Entity("One"),), None)


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'"x"', b"5", b"\xff\xfe{", b"[" * 100_000, b"1" * 5_000])
def test_a_body_that_is_no_json_object_is_an_outage(content: bytes) -> None:
    for reading in (read_recently_played, read_account, lambda body: read_currently_playing(body, AT)):
        with pytest.raises(SpotifyUnreachable, match="cannot be read"):
            reading(content)


def test_recently_played_is_newest_first() -> None:
    entries = json_body("recently_played")["items"]
    played = read_recently_played(body("recently_played", items=entries[::-1]))
    assert [last.item.title for last in played] == ["Lanterns at Low Tide", "Morning Freight"]
    assert played[0].played_at == 1_795_543_400.497
    assert "spotify:album:2Album0Inventedxxxxxxx" in played[0].item.hide_keys


@pytest.mark.parametrize("content", [b"", body("recently_played_empty"), b'{"items": null}', b"{}"])
def test_nothing_played_is_an_empty_list(content: bytes) -> None:
    assert read_recently_played(content) == ()


@pytest.mark.parametrize(
    "moment",
    [
        *("", "yesterday", 5, None, "2026-11-24T18:03:20", "1969-12-31T23:59:59Z", "2026-13-01T00:00:00Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_an_entry_without_a_moment_that_can_be_is_left_out(moment: object) -> None:
    entry = {**json_body("recently_played")["items"][0], "played_at": moment}
    assert read_recently_played(body("recently_played", items=[entry])) == ()


def test_the_account_has_an_id_and_a_name() -> None:
    account = read_account(body("me"))
    assert (account.id, account.name) == ("nilas.listener", "Nila’s listener")


def test_the_account_may_have_no_name_or_only_the_new_kind_of_id() -> None:
    assert read_account(body("me", display_name=None)).name is None
    assert read_account(body("me", id=None)).id == "zZ9yY8xX7w"


def test_an_account_s_name_can_always_be_stored() -> None:
    assert read_account(body("me", display_name="A\x00\ud800B")).name == "A\ufffdB"
    assert read_account(body("me", display_name="\x00")).name is None


def test_an_answer_that_names_no_account_is_an_outage() -> None:
    with pytest.raises(SpotifyUnreachable, match="names no account"):
        read_account(body("me", id=None, account_id=5))
