"""Requests with positions and pauses."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inlet_program import TOKEN, InletProgram, inlet_program

MBID = "1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1003"
WEB_SCROBBLER = f"/inlet/web-scrobbler/{TOKEN}"


@pytest.fixture
async def inlet(tmp_path: Path) -> AsyncIterator[InletProgram]:
    async with inlet_program(
        tmp_path, ARTWORK_HOSTS="covers.example.org, nas.example.org:8443, 127.0.0.1:9000"
    ) as made:
        yield made


async def test_a_position_is_shown_and_moves_on(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=61_000, album="Locks")
    page = await inlet.page()
    assert (page["status"], page["progress_ms"], page["item"]["duration_ms"]) == ("playing", 61_000, 150_000)
    assert (page["item"]["album"]["name"], page["item"]["artists"][0]["name"]) == ("Locks", "The Weirs")
    assert await inlet.valid_until() == 92
    await inlet.at(20)
    assert (await inlet.page())["progress_ms"] == 81_000
    await inlet.at(93)
    assert await inlet.status_and_title() == ("idle", "One")


async def test_an_update_that_just_goes_on_is_no_event_and_a_seek_is_one(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=0)
    events = len(inlet.events)
    await inlet.at(30)
    await inlet.update("playing", progress_ms=29_000)
    await inlet.update("playing")
    assert len(inlet.events) == events
    await inlet.update("playing", progress_ms=100_000)
    assert (len(inlet.events), await inlet.valid_until()) == (events + 1, 83)


async def test_a_pause_holds_the_position_and_ends_after_half_an_hour(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=0)
    await inlet.at(60)
    await inlet.update("paused")
    await inlet.at(1_000)
    page = await inlet.page()
    assert (page["status"], page["progress_ms"]) == ("paused", 60_000)
    await inlet.update("playing")
    await inlet.at(1_010)
    assert (await inlet.page())["progress_ms"] == 70_000
    await inlet.update("paused", progress_ms=80_000)
    assert (await inlet.page())["progress_ms"] == 80_000
    assert await inlet.valid_until() == 2_810
    await inlet.at(2_809)
    assert (await inlet.status_and_title())[0] == "paused"
    await inlet.at(2_811)
    assert await inlet.status_and_title() == ("idle", "One")


async def test_a_paused_item_that_is_submitted_again_changes_nothing(inlet: InletProgram) -> None:
    await inlet.update("paused", progress_ms=10_000)
    events = len(inlet.events)
    await inlet.at(50)
    await inlet.update("paused", progress_ms=10_500)
    assert len(inlet.events) == events
    await inlet.at(1_000)
    await inlet.update("paused", progress_ms=10_500)
    await inlet.at(2_000)
    assert (await inlet.status_and_title())[0] == "paused"


async def test_a_repeat_is_a_new_play_and_a_jump_back_is_none(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=0)
    await inlet.at(100)
    await inlet.update("playing", progress_ms=0)
    assert await inlet.recent() == []
    await inlet.at(249)
    await inlet.update("playing", progress_ms=500)
    assert await inlet.recent() == [("One", 0)]
    await inlet.at(402)
    assert [title for title, _ in await inlet.recent()] == ["One", "One"]


async def test_a_repeat_that_is_heard_of_late_is_a_new_play(inlet: InletProgram) -> None:
    # multi-scrobbler tells a repeat once the duration has passed since it last told the song: up to 12 s late.
    await inlet.update("playing", progress_ms=0)
    await inlet.at(161)
    await inlet.update("playing", progress_ms=10_500)
    assert (await inlet.status_and_title(), await inlet.recent()) == (("playing", "One"), [("One", 0)])
    await inlet.at(304)
    assert await inlet.recent() == [("One", pytest.approx(150.5)), ("One", 0)]


async def test_a_song_that_goes_on_after_its_supposed_end_is_the_same_play(inlet: InletProgram) -> None:
    # The listener went back, which some players don't tell.
    await inlet.update("playing", progress_ms=0)
    await inlet.at(160)
    assert await inlet.recent() == [("One", 0)]
    await inlet.update("playing", progress_ms=60_000)
    assert (await inlet.status_and_title(), await inlet.recent()) == (("playing", "One"), [])
    await inlet.at(254)
    assert await inlet.recent() == [("One", 0)]


@pytest.mark.parametrize("left_ms", [0, 1_500])
async def test_a_pause_at_the_end_is_the_end(inlet: InletProgram, left_ms: int) -> None:
    # Websites pause so after the last song; it is no pause that anyone made.
    await inlet.update("playing", progress_ms=0)
    await inlet.at(150)
    await inlet.update("paused", progress_ms=150_000 - left_ms)
    assert await inlet.status_and_title() == ("playing", "One")
    await inlet.at(155)
    assert (await inlet.status_and_title(), await inlet.recent()) == (("idle", "One"), [("One", 0)])
    # Scripts say it again every few seconds.
    await inlet.update("paused", progress_ms=150_000 - left_ms)
    assert (await inlet.status_and_title(), await inlet.recent()) == (("idle", "One"), [("One", 0)])


async def test_the_next_song_follows_a_pause_at_the_end_without_an_idle_moment(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=0)
    await inlet.at(149)
    await inlet.update("paused", progress_ms=150_000)
    await inlet.at(151)
    await inlet.update("playing", "Two", progress_ms=0)
    assert [status for status, _ in inlet.statuses] == ["idle", "playing", "playing"]


@pytest.mark.parametrize(("at", "progress_ms"), [(149, 149_000), (149, None), (140, 149_500)])
async def test_a_stop_between_two_songs_shows_nothing_idle(
    inlet: InletProgram, at: float, progress_ms: int | None
) -> None:
    # Jellyfin and Plex tell the end of each song as a stop.
    await inlet.update("playing", progress_ms=0)
    await inlet.at(at)
    await inlet.update("stopped", progress_ms=progress_ms)
    await inlet.at(at + 1)
    await inlet.update("playing", "Two", progress_ms=0)
    await inlet.at(at + 100)
    assert "idle" not in [status for status, _ in inlet.statuses[1:]]
    await inlet.at(at + 151)
    await inlet.update("stopped", None)
    await inlet.at(at + 155)
    assert (await inlet.status_and_title(), [title for title, _ in await inlet.recent()]) == (
        ("idle", "Two"),
        ["Two", "One"],
    )


async def test_stopped_ends_what_plays_and_nothing_else(inlet: InletProgram) -> None:
    await inlet.update("playing", "One")
    await inlet.at(20)
    await inlet.update("playing", "Two")
    await inlet.update("stopped", "One")
    assert await inlet.status_and_title() == ("playing", "Two")
    await inlet.update("stopped", None)
    assert await inlet.status_and_title() == ("idle", "Two")
    await inlet.update("stopped", None)


async def test_without_a_position_the_own_dialect_is_like_an_announcement(inlet: InletProgram) -> None:
    await inlet.update("playing")
    page = await inlet.page()
    assert (page["progress_ms"], page.get("started_at")) == (None, None)
    await inlet.update("playing", duration_ms=None)
    assert await inlet.valid_until() == 153


async def test_the_own_dialect_takes_put_and_one_artist_and_numbers_as_text(inlet: InletProgram) -> None:
    value = {"state": "playing", "title": "One", "artist": "Nova", "duration_ms": "200000", "progress_ms": "1000"}
    response = await inlet.send("/inlet", value, "PUT", Authorization=f"Bearer {TOKEN}")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    page = await inlet.page()
    assert (page["item"]["artists"], page["progress_ms"]) == ([{"name": "Nova", "url": None}], 1_000)


async def test_a_template_may_leave_values_empty_or_write_fractions(inlet: InletProgram) -> None:
    empty = dict.fromkeys(("album", "duration_ms", "progress_ms", "url", "artwork_url", "mbid"), "")
    await inlet.update("playing", **empty)
    page = await inlet.page()
    assert (page["status"], page["progress_ms"], page["item"]["duration_ms"]) == ("playing", None, None)
    await inlet.update("playing", duration_ms="150000.0", progress_ms="61000.75")
    page = await inlet.page()
    assert (page["progress_ms"], page["item"]["duration_ms"]) == (61_000, 150_000)


async def test_a_position_past_the_end_is_the_end(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=999_000)
    assert (await inlet.valid_until(), (await inlet.page())["progress_ms"]) == (3, 150_000)


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({"url": "https://example.org/one", "mbid": MBID}, "https://example.org/one"),
        ({"mbid": MBID}, f"https://listenbrainz.org/track/{MBID}/"),
        ({"url": "https://open.spotify.com/track/1"}, None),
        ({"url": "https://open%2Espotify.com/track/1"}, None),
        ({"url": "https://ｏｐｅｎ.ｓｐｏｔｉｆｙ.com/track/1"}, None),
        ({"url": "https://open。spotify。com/track/1"}, None),
        ({"url": 'https://example.org/"<one>"'}, "https://example.org/%22%3Cone%3E%22"),
        ({}, None),
    ],
)
async def test_the_link_is_the_players_own_or_listenbrainz(
    inlet: InletProgram, fields: dict[str, str], url: str | None
) -> None:
    await inlet.update("playing", **fields)
    assert (await inlet.page())["item"]["url"] == url


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://covers.example.org/one.jpg", True),
        ("https://nas.example.org:8443/one.jpg", True),
        ("http://127.0.0.1:9000/one.jpg", True),
        ("https://elsewhere.example.org/one.jpg", False),
        ("https://nas.example.org/one.jpg", False),
        ("https://covers.example.org:8443/one.jpg", False),
        ("http://covers.example.org/one.jpg", False),
    ],
)
async def test_artwork_is_taken_from_hosts_of_the_owner_alone(inlet: InletProgram, url: str, is_taken: bool) -> None:
    await inlet.update("playing", artwork_url=url)
    assert [artwork["url"] for artwork in (await inlet.page())["item"]["artwork"]] == ([url] if is_taken else [])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "singing"),
        ("state", None),
        ("title", None),
        ("title", ""),
        ("title", 5),
        ("title", "x" * 2_001),
        ("artists", []),
        ("artists", "Nova"),
        ("artists", ["Nova", 5]),
        ("artists", ["Nova"] * 21),
        ("album", {}),
        ("duration_ms", "long"),
        ("duration_ms", -1),
        ("duration_ms", True),
        ("duration_ms", "1e999"),
        ("duration_ms", " "),
        ("progress_ms", "1:23"),
        ("progress_ms", []),
        ("progress_ms", 1e12),
        ("url", "ftp://example.org/one"),
        ("url", 5),
        ("artwork_url", "no address"),
        ("mbid", "no mbid"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_name(inlet: InletProgram, field: str, value: Any) -> None:
    refused = await inlet.send("/inlet", {"state": "playing", "title": "One", "artists": ["Nova"], field: value})
    assert refused.status_code == 400
    assert field in refused.json()["error"]
    assert await inlet.status_and_title() == ("idle", None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", "null".encode("utf-16")])
@pytest.mark.parametrize("path", ["/inlet", WEB_SCROBBLER, "/inlet/multi-scrobbler"])
async def test_what_is_no_object_is_refused(inlet: InletProgram, path: str, body: bytes) -> None:
    assert (await inlet.send(path, body)).status_code == 400
