"""Web Scrobbler's webhook: what it sends, and what visitors see."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.inlet_program import TOKEN, InletProgram, inlet_program

WEB_SCROBBLER = f"/inlet/web-scrobbler/{TOKEN}"


@pytest.fixture
async def inlet(tmp_path: Path) -> AsyncIterator[InletProgram]:
    async with inlet_program(tmp_path) as made:
        yield made


def song(title: str = "One", position: float | None = 61, **more: Any) -> dict[str, Any]:
    """A song as Web Scrobbler's webhook has it."""
    parsed = {"track": "one (official video)", "artist": "Weirs", "album": None, "duration": 150, "isPlaying": True}
    return {
        "parsed": {**parsed, "currentTime": position, "originUrl": "https://video.example.org/1", "trackArt": None},
        "processed": {"track": title, "artist": "The Weirs", "album": "Locks", "duration": 150.4},
        "metadata": {"startTimestamp": 1_795_000_000},
        **more,
    }


async def web(inlet: InletProgram, event: str, **data: Any) -> None:
    value = {"eventName": event, "time": 1, "data": {"song": song(), **data}}
    response = await inlet.send(WEB_SCROBBLER, value, **{"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_web_scrobbler_submits_positions_and_pauses(inlet: InletProgram) -> None:
    await web(inlet, "nowplaying")
    page = await inlet.page()
    assert (page["status"], page["item"]["title"], page["progress_ms"]) == ("playing", "One", 61_000)
    assert (page["item"]["url"], page["item"]["duration_ms"]) == ("https://video.example.org/1", 150_400)
    await web(inlet, "paused", song=song(position=70))
    page = await inlet.page()
    assert (page["status"], page["progress_ms"]) == ("paused", 70_000)
    for event in ("loved", "stopped", "something new"):
        await web(inlet, event)
    assert (await inlet.page())["status"] == "paused"
    await inlet.at(300)
    await web(inlet, "resumedplaying", song=song(position=70))
    await web(inlet, "scrobble", songs=[song()], currentlyPlaying=True)
    assert await inlet.status_and_title() == ("playing", "One")
    assert await inlet.valid_until() == pytest.approx(383.4)
    assert await inlet.recent() == []
    await inlet.at(384)
    assert [title for title, _ in await inlet.recent()] == ["One"]


async def test_what_web_scrobbler_could_not_process_is_taken_as_it_was_parsed(inlet: InletProgram) -> None:
    empty = {"track": "", "artist": None, "album": "", "duration": None}
    await web(inlet, "nowplaying", song=song(processed=empty))
    item = (await inlet.page())["item"]
    assert (item["title"], item["artists"][0]["name"], item["album"]) == ("one (official video)", "Weirs", None)
    assert item["duration_ms"] == 150_000


async def test_web_scrobbler_s_old_scrobbles_fill_the_list(inlet: InletProgram) -> None:
    old = [song(f"Song {n}", metadata={"startTimestamp": int(inlet.began) - n * 300}) for n in range(1, 4)]
    await web(inlet, "scrobble", song=old[0], songs=old, currentlyPlaying=False)
    assert [title for title, _ in await inlet.recent()] == ["Song 1", "Song 2", "Song 3"]


async def test_web_scrobbler_without_positions_pauses_without_one(inlet: InletProgram) -> None:
    await web(inlet, "nowplaying", song=song(position=None))
    await inlet.at(60)
    await web(inlet, "paused", song=song(position=None))
    page = await inlet.page()
    assert (page["status"], page["progress_ms"]) == ("paused", None)
    await inlet.at(100)
    await web(inlet, "resumedplaying", song=song(position=None))
    assert await inlet.valid_until() == pytest.approx(193.4)


async def test_a_wrong_token_in_web_scrobbler_s_address_is_refused_after_a_second(inlet: InletProgram) -> None:
    import asyncio

    refused = asyncio.create_task(inlet.send("/inlet/web-scrobbler/wrong", {"eventName": "nowplaying"}))
    await inlet.clock.advance(0.5)
    assert not refused.done()
    await inlet.clock.advance(0.6)
    assert (await refused).status_code == 401
