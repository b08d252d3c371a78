"""multi-scrobbler's Blackbox: what it sends, and what visitors see."""

from typing import Any

import pytest

from tests.support.inlet_program import InletProgram
from tests.support.inlet_program import listen as listenbrainz_listen

MBID = "1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1003"


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


async def test_multi_scrobbler_submits_positions_and_pauses(inlet: InletProgram) -> None:
    assert (await inlet.send("/inlet/multi-scrobbler", blackbox())).json() == {"status": "ok"}
    page = await inlet.page()
    assert (page["status"], page["progress_ms"], page["item"]["id"]) == ("playing", 61_200, MBID)
    assert [artist["name"] for artist in page["item"]["artists"]] == ["The Weirs", "Nova"]
    assert page["item"]["url"] == f"https://listenbrainz.org/track/{MBID}/"
    await inlet.send("/inlet/multi-scrobbler", blackbox(calculated="paused", position=62))
    assert (await inlet.page())["status"] == "paused"
    await inlet.send("/inlet/multi-scrobbler", blackbox(calculated="stopped"))
    assert await inlet.status_and_title() == ("idle", "One")


@pytest.mark.parametrize(
    "value", [blackbox("Two", stale=True), blackbox("Two", orphaned=True), blackbox("Two", "stale")]
)
async def test_what_multi_scrobbler_no_longer_knows_is_ignored(inlet: InletProgram, value: dict[str, Any]) -> None:
    await inlet.send("/inlet/multi-scrobbler", blackbox())
    assert (await inlet.send("/inlet/multi-scrobbler", value)).status_code == 200
    assert await inlet.status_and_title() == ("playing", "One")


async def test_multi_scrobbler_scrobbles_as_a_single(inlet: InletProgram) -> None:
    await inlet.at(500)
    play = blackbox()["play"]["play"]
    play["data"]["playDate"] = "2026-11-18T11:06:40.000Z"
    assert (await inlet.send("/inlet/multi-scrobbler", {"type": "scrobble", "play": play})).status_code == 200
    assert [title for title, _ in await inlet.recent()] == ["One"]
    play["data"]["playDate"] = "yesterday"
    assert (await inlet.send("/inlet/multi-scrobbler", {"type": "scrobble", "play": play})).status_code == 400
    assert (await inlet.send("/inlet/multi-scrobbler", {"type": "something new"})).status_code == 200


async def test_the_listenbrainz_language_does_not_disturb_a_position(inlet: InletProgram) -> None:
    await inlet.update("playing", progress_ms=30_000)
    await inlet.submit("playing_now", listenbrainz_listen("One", duration=150))
    page = await inlet.page()
    assert (page["progress_ms"], await inlet.valid_until()) == (30_000, 123)
