"""``item.artwork_color``: found once for each artwork, in the background, while there are viewers."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.support.fake_clock import FakeClock, settle
from tests.support.program import program, simulated
from tests.support.watching import open_stream
from tests.support.web_harness import LOCAL, WebHarness, artwork, idle, item, playing
from widget.artwork.color_service import ColorService
from widget.artwork.dominant_color import ArtworkColors, extract_colors
from widget.config.settings import Settings
from widget.sources.simulators.spotify_playlist import track
from widget.web.embed.palette import palette

COLOUR = re.compile("#[0-9a-f]{6}")


async def answer_of(harness: WebHarness) -> tuple[dict[str, Any], str]:
    async with harness.client() as client:
        answer = await client.get("/now-playing")
    return answer.json(), answer.headers["etag"]


@asynccontextmanager
async def finding(
    harness: WebHarness, look: Callable[[bytes], ArtworkColors | None] = extract_colors
) -> AsyncIterator[None]:
    """The finder runs while the context lasts."""
    task = asyncio.create_task(ColorService(harness.artwork, harness.broadcast, harness.clock, look).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_it_is_null_first_and_then_news_with_an_etag_of_its_own(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    first, etag = await answer_of(harness)
    revision = harness.broadcast.revision
    await harness.find_color()
    then, new_etag = await answer_of(harness)
    assert first["item"]["artwork_color"] is None
    assert COLOUR.fullmatch(then["item"]["artwork_color"])
    assert harness.broadcast.revision == revision + 1
    assert new_etag != etag
    assert {**then["item"], "artwork_color": None} == first["item"]


async def test_the_last_played_item_has_one_too(harness: WebHarness) -> None:
    await harness.show(idle(harness.clock.now(), item())).find_color()
    answer, _ = await answer_of(harness)
    assert COLOUR.fullmatch(answer["last_played"]["item"]["artwork_color"])


async def test_the_smallest_artwork_that_is_large_enough_is_fetched_and_only_once(harness: WebHarness) -> None:
    await harness.show(playing(harness.clock.now())).find_color()
    async with finding(harness):
        for title in ("Another of the Album", "A Third"):
            harness.show(playing(harness.clock.now(), item(title)))
            answer, _ = await answer_of(harness)
            assert COLOUR.fullmatch(answer["item"]["artwork_color"])
    assert harness.simulator.requests == ["/image/tides-64"]


async def test_an_artwork_without_sizes_is_looked_at_all_the_same(harness: WebHarness) -> None:
    unsized = tuple(type(one)(one.url) for one in artwork("orbit"))
    await harness.show(playing(harness.clock.now(), item(artwork=unsized))).find_color()
    answer, _ = await answer_of(harness)
    assert COLOUR.fullmatch(answer["item"]["artwork_color"])


async def test_while_nobody_watches_nothing_is_fetched(harness: WebHarness) -> None:
    assert isinstance(harness.clock, FakeClock)
    async with finding(harness):
        harness.show(playing(harness.clock.now()))
        await harness.clock.advance(600)
    assert harness.simulator.requests == []


async def test_what_cannot_be_had_stays_null_and_is_tried_again_after_a_minute() -> None:
    clock, asked = FakeClock(), asyncio.Event()

    class Failing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            return httpx.Response(503)

    harness = WebHarness(clock, network=Failing()).show(playing(clock.now()))
    async with finding(harness):
        with open_stream(harness.broadcast):
            for _ in range(3):
                async with asyncio.timeout(10):
                    await asked.wait()
                asked.clear()
                await clock.advance(30)
                assert not asked.is_set()
                answer, _ = await answer_of(harness)
                assert answer["item"]["artwork_color"] is None
                await clock.advance(31)


async def test_what_has_no_color_is_looked_at_once_and_not_on_the_event_loop(harness: WebHarness) -> None:
    loop, looked = asyncio.get_running_loop(), asyncio.Event()
    threads: list[int] = []

    def colorless(body: bytes) -> ArtworkColors | None:
        threads.append(threading.get_ident())
        loop.call_soon_threadsafe(looked.set)
        return None

    harness.show(playing(harness.clock.now()))
    async with finding(harness, colorless), asyncio.timeout(10):
        for title in ("One", "Two", "Three"):
            await answer_of(harness.show(playing(harness.clock.now(), item(title))))
            await looked.wait()
            await settle()
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()
    assert (await answer_of(harness))[0]["item"]["artwork_color"] is None


def test_a_broken_image_has_no_color() -> None:
    assert extract_colors(b"\xff\xd8\xff and nothing else") is None


async def test_an_item_without_artwork_has_none_and_causes_no_request(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), LOCAL))
    async with finding(harness):
        answer, _ = await answer_of(harness)
    assert answer["item"]["artwork_color"] is None
    assert harness.simulator.requests == []


async def test_what_is_kept_is_bounded_by_the_keys_that_are(harness: WebHarness) -> None:
    keys = [str(harness.artwork.key(item(artwork=artwork(f"number-{number}")))) for number in range(600)]
    for key in keys:
        harness.artwork.set_colors(key, ArtworkColors("#204060"))
    assert sum(harness.artwork.has_colors(key) for key in keys) == 256


async def test_the_program_finds_it_and_sends_it_to_every_stream(tmp_path: Path) -> None:
    async with program(tmp_path) as running, asyncio.timeout(10):
        broadcast = running.app.state.context.broadcast
        color = None
        while color is None:
            revision = broadcast.revision
            item = (await running.client.get("/now-playing")).json()["item"]
            color = item and item["artwork_color"]
            if color is None:
                await broadcast.wait_for_change(revision)
        assert COLOUR.fullmatch(color)


async def test_the_first_paint_has_it(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        html = (await running.client.get("/widget")).text
        color = (await running.client.get("/now-playing")).json()["item"]["artwork_color"]
    assert COLOUR.fullmatch(color)
    assert f'style="--art:{color};' in html


async def test_the_first_request_for_the_picture_gets_it_in_its_color(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        picture = (await running.client.get("/now-playing.svg?theme=light")).text
        color = (await running.client.get("/now-playing")).json()["item"]["artwork_color"]
    assert COLOUR.fullmatch(color)
    ground = palette("light", "art", None, color).background
    assert re.search(rf'class="ground"[^>]* fill="{ground}"', picture)


async def test_nobody_waits_long_for_a_color() -> None:
    hold = asyncio.Event()

    class Hanging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await hold.wait()
            return httpx.Response(404)

    hanging = WebHarness(network=Hanging())
    finder = ColorService(hanging.artwork, hanging.broadcast, hanging.clock)
    async with asyncio.timeout(5):
        await finder.wait_for_color(item(), 0.01)
        await finder.wait_for_color(LOCAL, 5)
        hold.set()
        await finder.wait_for_color(item(), 5)
    assert hanging.artwork.color(item()) is None


async def test_hidden_music_s_artwork_is_never_fetched(tmp_path: Path) -> None:
    clock = FakeClock()
    hidden = track("1", "One", ["Somebody"], "An Album", "tides", seconds=100.0, length=100.0, start=0.0)
    settings = Settings(hide=frozenset({"spotify:track:1"}))
    async with program(tmp_path, clock=clock, simulator=simulated(clock, (hidden,)), settings=settings) as running:
        for _ in range(5):
            assert (await running.client.get("/now-playing")).json()["item"] is None
            await clock.advance(10)
        assert [path for path in running.simulator.requests if "image" in path] == []
