"""Requests that tell positions and pauses."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inlet_stage import TOKEN, InletStage, inlet_stage
from tests.support.inlet_stage import listen as listenbrainz_listen

MBID = "1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1003"
WEB_SCROBBLER = f"/inlet/web-scrobbler/{TOKEN}"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[InletStage]:
    async with inlet_stage(tmp_path, ARTWORK_HOSTS="covers.example.org, nas.example.org:8443, 127.0.0.1:9000") as made:
        yield made


async def test_a_position_is_shown_and_moves_on(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=61_000, album="Locks")
    page = await stage.page()
    assert (page["status"], page["progress_ms"], page["item"]["duration_ms"]) == ("playing", 61_000, 150_000)
    assert (page["item"]["album"]["name"], page["item"]["artists"][0]["name"]) == ("Locks", "The Weirs")
    assert await stage.valid_until() == 92
    await stage.at(20)
    assert (await stage.page())["progress_ms"] == 81_000
    await stage.at(93)
    assert await stage.shown() == ("idle", "One")


async def test_an_update_that_just_goes_on_is_no_event_and_a_seek_is_one(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=0)
    events = len(stage.events)
    await stage.at(30)
    await stage.update("playing", progress_ms=29_000)
    await stage.update("playing")
    assert len(stage.events) == events
    await stage.update("playing", progress_ms=100_000)
    assert (len(stage.events), await stage.valid_until()) == (events + 1, 83)


async def test_a_pause_holds_the_position_and_ends_after_half_an_hour(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=0)
    await stage.at(60)
    await stage.update("paused")
    await stage.at(1_000)
    page = await stage.page()
    assert (page["status"], page["progress_ms"]) == ("paused", 60_000)
    await stage.update("playing")
    await stage.at(1_010)
    assert (await stage.page())["progress_ms"] == 70_000
    await stage.update("paused", progress_ms=80_000)
    assert (await stage.page())["progress_ms"] == 80_000
    await stage.at(2_809)
    assert (await stage.shown())[0] == "paused"
    await stage.at(2_811)
    assert await stage.shown() == ("idle", "One")


async def test_a_paused_item_that_is_told_again_changes_nothing(stage: InletStage) -> None:
    await stage.update("paused", progress_ms=10_000)
    events = len(stage.events)
    await stage.at(50)
    await stage.update("paused", progress_ms=10_500)
    assert len(stage.events) == events
    await stage.at(1_000)
    await stage.update("paused", progress_ms=10_500)
    await stage.at(2_000)
    assert (await stage.shown())[0] == "paused"


async def test_a_repeat_is_a_new_play_and_a_jump_back_is_none(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=0)
    await stage.at(100)
    await stage.update("playing", progress_ms=0)
    assert await stage.recent() == []
    await stage.at(249)
    await stage.update("playing", progress_ms=500)
    assert await stage.recent() == [("One", 0)]
    await stage.at(402)
    assert [title for title, _ in await stage.recent()] == ["One", "One"]


async def test_stopped_ends_what_plays_and_nothing_else(stage: InletStage) -> None:
    await stage.update("playing", "One")
    await stage.at(20)
    await stage.update("playing", "Two")
    await stage.update("stopped", "One")
    assert await stage.shown() == ("playing", "Two")
    await stage.update("stopped", None)
    assert await stage.shown() == ("idle", "Two")
    await stage.update("stopped", None)


async def test_without_a_position_the_own_dialect_is_like_an_announcement(stage: InletStage) -> None:
    await stage.update("playing")
    page = await stage.page()
    assert (page["progress_ms"], page.get("started_at")) == (None, None)
    await stage.update("playing", duration_ms=None)
    assert await stage.valid_until() == 153


async def test_the_own_dialect_takes_put_and_one_artist_and_numbers_as_text(stage: InletStage) -> None:
    value = {"state": "playing", "title": "One", "artist": "Nova", "duration_ms": "200000", "progress_ms": "1000"}
    response = await stage.send("/inlet", value, "PUT", Authorization=f"Bearer {TOKEN}")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    page = await stage.page()
    assert (page["item"]["artists"], page["progress_ms"]) == ([{"name": "Nova", "url": None}], 1_000)


async def test_a_position_past_the_end_is_the_end(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=999_000)
    assert (await stage.valid_until(), (await stage.page())["progress_ms"]) == (3, 150_000)


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
    stage: InletStage, fields: dict[str, str], url: str | None
) -> None:
    await stage.update("playing", **fields)
    assert (await stage.page())["item"]["url"] == url


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
async def test_artwork_is_taken_from_hosts_of_the_owner_alone(stage: InletStage, url: str, is_taken: bool) -> None:
    await stage.update("playing", artwork_url=url)
    assert [artwork["url"] for artwork in (await stage.page())["item"]["artwork"]] == ([url] if is_taken else [])


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
        ("progress_ms", []),
        ("progress_ms", 1e12),
        ("url", "ftp://example.org/one"),
        ("url", 5),
        ("artwork_url", "no address"),
        ("mbid", "no mbid"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_name(stage: InletStage, field: str, value: Any) -> None:
    refused = await stage.send("/inlet", {"state": "playing", "title": "One", "artists": ["Nova"], field: value})
    assert refused.status_code == 400
    assert field in refused.json()["error"]
    assert await stage.shown() == ("idle", None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", "null".encode("utf-16")])
@pytest.mark.parametrize("path", ["/inlet", WEB_SCROBBLER, "/inlet/multi-scrobbler"])
async def test_what_is_no_object_is_refused(stage: InletStage, path: str, body: bytes) -> None:
    assert (await stage.send(path, body)).status_code == 400


def song(title: str = "One", position: float | None = 61, **more: Any) -> dict[str, Any]:
    """A song as Web Scrobbler's webhook has it."""
    parsed = {"track": "one (official video)", "artist": "Weirs", "album": None, "duration": 150, "isPlaying": True}
    return {
        "parsed": {**parsed, "currentTime": position, "originUrl": "https://video.example.org/1", "trackArt": None},
        "processed": {"track": title, "artist": "The Weirs", "album": "Locks", "duration": 150.4},
        "metadata": {"startTimestamp": 1_795_000_000},
        **more,
    }


async def web(stage: InletStage, event: str, **data: Any) -> None:
    value = {"eventName": event, "time": 1, "data": {"song": song(), **data}}
    response = await stage.send(WEB_SCROBBLER, value, **{"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_web_scrobbler_tells_positions_and_pauses(stage: InletStage) -> None:
    await web(stage, "nowplaying")
    page = await stage.page()
    assert (page["status"], page["item"]["title"], page["progress_ms"]) == ("playing", "One", 61_000)
    assert (page["item"]["url"], page["item"]["duration_ms"]) == ("https://video.example.org/1", 150_400)
    await web(stage, "paused", song=song(position=70))
    page = await stage.page()
    assert (page["status"], page["progress_ms"]) == ("paused", 70_000)
    for event in ("loved", "stopped", "something new"):
        await web(stage, event)
    assert (await stage.page())["status"] == "paused"
    await stage.at(300)
    await web(stage, "resumedplaying", song=song(position=70))
    await web(stage, "scrobble", songs=[song()], currentlyPlaying=True)
    assert await stage.shown() == ("playing", "One")
    assert await stage.valid_until() == pytest.approx(383.4)
    assert await stage.recent() == []
    await stage.at(384)
    assert [title for title, _ in await stage.recent()] == ["One"]


async def test_what_web_scrobbler_could_not_process_is_taken_as_it_was_parsed(stage: InletStage) -> None:
    empty = {"track": "", "artist": None, "album": "", "duration": None}
    await web(stage, "nowplaying", song=song(processed=empty))
    item = (await stage.page())["item"]
    assert (item["title"], item["artists"][0]["name"], item["album"]) == ("one (official video)", "Weirs", None)
    assert item["duration_ms"] == 150_000


async def test_web_scrobbler_s_old_scrobbles_fill_the_list(stage: InletStage) -> None:
    old = [song(f"Song {n}", metadata={"startTimestamp": int(stage.began) - n * 300}) for n in range(1, 4)]
    await web(stage, "scrobble", song=old[0], songs=old, currentlyPlaying=False)
    assert [title for title, _ in await stage.recent()] == ["Song 1", "Song 2", "Song 3"]


async def test_web_scrobbler_without_positions_pauses_without_one(stage: InletStage) -> None:
    await web(stage, "nowplaying", song=song(position=None))
    await stage.at(60)
    await web(stage, "paused", song=song(position=None))
    page = await stage.page()
    assert (page["status"], page["progress_ms"]) == ("paused", None)
    await stage.at(100)
    await web(stage, "resumedplaying", song=song(position=None))
    assert await stage.valid_until() == pytest.approx(193.4)


async def test_a_wrong_token_in_web_scrobbler_s_address_is_refused_after_a_second(stage: InletStage) -> None:
    import asyncio

    refused = asyncio.create_task(stage.send("/inlet/web-scrobbler/wrong", {"eventName": "nowplaying"}))
    await stage.clock.advance(0.5)
    assert not refused.done()
    await stage.clock.advance(0.6)
    assert (await refused).status_code == 401


def blackbox(title: str = "One", calculated: str = "playing", position: Any = 61.2, **status: Any) -> dict[str, Any]:
    """A now playing payload of multi-scrobbler's Blackbox."""
    play = {
        "data": {
            "track": title,
            "artists": [{"name": "The Weirs"}, {"name": "Nova", "mbid": MBID}],
            "album": "Locks",
            "duration": 150,
            "meta": {"brainz": {"recording": MBID}},
        },
        "meta": {"source": "jellyfin", "url": {"web": "https://jellyfin.example.org/1"}},
    }
    flags = {"reported": calculated, "calculated": calculated, "stale": False, "orphaned": False, **status}
    return {
        "type": "nowPlaying",
        "play": {"platformId": "a-b", "position": position, "listenedDuration": 1, "status": flags, "play": play},
    }


async def test_multi_scrobbler_tells_positions_and_pauses(stage: InletStage) -> None:
    assert (await stage.send("/inlet/multi-scrobbler", blackbox())).json() == {"status": "ok"}
    page = await stage.page()
    assert (page["status"], page["progress_ms"], page["item"]["id"]) == ("playing", 61_200, MBID)
    assert [artist["name"] for artist in page["item"]["artists"]] == ["The Weirs", "Nova"]
    assert page["item"]["url"] == f"https://listenbrainz.org/track/{MBID}/"
    await stage.send("/inlet/multi-scrobbler", blackbox(calculated="paused", position=62))
    assert (await stage.page())["status"] == "paused"
    await stage.send("/inlet/multi-scrobbler", blackbox(calculated="stopped"))
    assert await stage.shown() == ("idle", "One")


@pytest.mark.parametrize(
    "value", [blackbox("Two", stale=True), blackbox("Two", orphaned=True), blackbox("Two", "stale")]
)
async def test_what_multi_scrobbler_no_longer_knows_is_not_heard(stage: InletStage, value: dict[str, Any]) -> None:
    await stage.send("/inlet/multi-scrobbler", blackbox())
    assert (await stage.send("/inlet/multi-scrobbler", value)).status_code == 200
    assert await stage.shown() == ("playing", "One")


async def test_multi_scrobbler_scrobbles_as_a_single(stage: InletStage) -> None:
    await stage.at(500)
    play = blackbox()["play"]["play"]
    play["data"]["playDate"] = "2026-11-18T11:06:40.000Z"
    assert (await stage.send("/inlet/multi-scrobbler", {"type": "scrobble", "play": play})).status_code == 200
    assert [title for title, _ in await stage.recent()] == ["One"]
    play["data"]["playDate"] = "yesterday"
    assert (await stage.send("/inlet/multi-scrobbler", {"type": "scrobble", "play": play})).status_code == 400
    assert (await stage.send("/inlet/multi-scrobbler", {"type": "something new"})).status_code == 200


async def test_the_listenbrainz_language_does_not_disturb_a_position(stage: InletStage) -> None:
    await stage.update("playing", progress_ms=30_000)
    await stage.submit("playing_now", listenbrainz_listen("One", duration=150))
    page = await stage.page()
    assert (page["progress_ms"], await stage.valid_until()) == (30_000, 123)
