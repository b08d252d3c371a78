"""Web Scrobbler's webhook: what it sends, and what visitors see."""

from typing import Any

import pytest

from tests.support.inlet_program import TOKEN, InletProgram

WEB_SCROBBLER = f"/inlet/web-scrobbler/{TOKEN}"


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
    time_ms = round(inlet.clock.now() * 1000)
    value = {"eventName": event, "time": time_ms, "data": {"song": song(), **data}}
    response = await inlet.send(WEB_SCROBBLER, value, **{"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_web_scrobbler_submits_positions_and_pauses(inlet: InletProgram) -> None:
    await web(inlet, "nowplaying")
    page = await inlet.page()
    assert (page["status"], page["item"]["title"], page["progress_ms"]) == ("playing", "One", 61_000)
    assert page["item"]["url"] == "https://video.example.org/1"
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


@pytest.mark.parametrize(("processed", "expected"), [(152, 152_000), (None, 150_000), (0, 150_000), ("", 150_000)])
async def test_a_processed_duration_counts_before_the_website_s(
    inlet: InletProgram, processed: Any, expected: int
) -> None:
    known = {"track": "One", "artist": "The Weirs", "duration": processed}
    await web(inlet, "nowplaying", song=song(position=0, processed=known))
    assert (await inlet.page())["item"]["duration_ms"] == expected


@pytest.mark.parametrize("position", [None, 0])
async def test_a_song_that_has_just_begun_has_a_progress(inlet: InletProgram, position: float | None) -> None:
    # Web Scrobbler sends null for 0:00, and says nothing more until the song is paused.
    just_begun = song(position=position, metadata={"startTimestamp": int(inlet.began)})
    await web(inlet, "nowplaying", song=just_begun)
    await inlet.at(40)
    assert (await inlet.page())["progress_ms"] == 40_000
    await web(inlet, "paused", song=song(position=None))
    assert (await inlet.page())["progress_ms"] == 40_000


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {}},
        {"metadata": {"startTimestamp": "soon"}},
        {"parsed": {"track": "One", "artist": "The Weirs", "duration": None, "currentTime": None}},
    ],
)
async def test_without_a_beginning_or_a_duration_null_is_no_position(inlet: InletProgram, more: dict[str, Any]) -> None:
    # Web radio has no duration, and was on before it was heard.
    await web(inlet, "nowplaying", song=song(position=None, **{"metadata": {"startTimestamp": inlet.began}, **more}))
    assert (await inlet.page())["progress_ms"] is None


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
    # Corrected by the listener, so announced once more.
    await web(inlet, "nowplaying", song=song(position=None, metadata={"startTimestamp": inlet.began - 60}))
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
