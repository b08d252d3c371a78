"""``/now-playing/events``, from a real server."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.types import Message

from tests.support.fake_clock import FakeClock, settle
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, idle, item, playing
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.web.api.events import FanOut
from widget.web.api.response_cache import ResponseCache


class Stream:
    """An open stream; ``next()`` gives the next event, as its fields."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                if "event" in fields:
                    return fields
                fields = {}
                continue
            name, _, value = line.partition(": ")
            fields[name or "comment"] = value
        raise AssertionError("the stream ended")


@contextmanager
def stream(url: str) -> Iterator[Stream]:
    with httpx.stream("GET", f"{url}/now-playing/events", timeout=20) as response:
        yield Stream(response)


@pytest.fixture
def live() -> Iterator[tuple[WebHarness, str]]:
    clock = SystemClock()
    harness = WebHarness(clock, Settings(max_streams=3)).show(playing(clock.now()))
    with live_server(harness.app) as url:
        yield harness, url


def publish(harness: WebHarness, title: str) -> float:
    """When it was published (monotonic s)."""
    harness.show(playing(time.time(), item(title)))
    return time.monotonic()


def test_the_first_event_comes_at_once_and_is_the_json(live: tuple[WebHarness, str]) -> None:
    _, url = live
    etag = httpx.get(f"{url}/now-playing").headers["etag"]
    with stream(url) as events:
        event = events.next()
        headers = events.response.headers
    assert event["event"] == "now-playing"
    assert json.loads(event["data"])["item"]["title"] == "Tides of Glass"
    assert etag.startswith(f'W/"{event["id"]}.')
    assert event["retry"] == "3000"
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store, no-transform"
    assert headers["x-accel-buffering"] == "no"
    assert headers["access-control-allow-origin"] == "*"


def test_each_change_comes_soon_and_plain_progress_does_not(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    with stream(url) as events:
        events.next()
        first = harness.broadcast.current
        # The loop runs in the server's thread; a request of ours makes it look.
        harness.show(playing(time.time(), item(), progress_ms=61_500, started_at=first.started_at))
        delays = [1.0]
        while min(delays) >= 0.25:  # On a busy machine it takes some more until it is as fast as it can be.
            assert len(delays) < 20, delays
            title = f"Title {len(delays)}"
            published = publish(harness, title)
            httpx.get(f"{url}/healthz")
            event = events.next()
            delays.append(time.monotonic() - published)
            assert json.loads(event["data"])["item"]["title"] == title
        harness.show(idle(time.time()))
        httpx.get(f"{url}/healthz")
        assert json.loads(events.next()["data"])["status"] == "idle"


def test_beyond_the_limit_streams_are_refused_with_a_moment_to_come_back(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    ready = threading.Barrier(4)
    done = threading.Event()

    def hold() -> None:
        with stream(url) as events:
            events.next()
            ready.wait()
            done.wait()

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(timeout=10)
    refused = httpx.get(f"{url}/now-playing/events")
    done.set()
    for thread in threads:
        thread.join()
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert eventually(lambda: harness.broadcast.streams == 0)


def test_of_many_that_come_together_none_exceeds_the_limit(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    statuses: list[int] = []
    together, done = threading.Barrier(12), threading.Event()

    def come() -> None:
        together.wait()
        with httpx.stream("GET", f"{url}/now-playing/events", timeout=20) as response:
            statuses.append(response.status_code)
            done.wait(10)

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 10
    while len(statuses) < 12 and time.monotonic() < end:
        time.sleep(0.05)
    assert harness.broadcast.streams == 3
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 3 + [503] * 9


def test_head_has_the_headers_and_opens_no_stream(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    with httpx.Client() as client:
        for _ in range(2):
            answer = client.head(f"{url}/now-playing/events")
            assert answer.headers["content-type"].startswith("text/event-stream")
        assert client.get(f"{url}/healthz").status_code == 200
    assert harness.broadcast.streams == 0


class Viewer:
    """A stream on the test's own loop; ``wrote`` holds all that was written, ``accepts`` is cleared to stop writing."""

    def __init__(self, harness: WebHarness) -> None:
        self.wrote: list[bytes] = []
        self.has_ended = self.is_broken = False
        self.accepts, self._left = asyncio.Event(), asyncio.Event()
        self.accepts.set()
        scope = {"type": "http", "method": "GET", "path": "/now-playing/events", "query_string": b"", "headers": []}
        self._task = asyncio.create_task(harness.app(scope, self._receive, self._send))

    @property
    def events(self) -> list[str]:
        return [found[1].decode() for piece in self.wrote if (found := re.match(rb"event: (\S+)", piece))]

    async def opened(self) -> "Viewer":
        await self.until(lambda: bool(self.events))
        return self

    async def has_event(self, number: int) -> None:
        await self.until(lambda: len(self.events) == number)

    async def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < end
            await asyncio.sleep(0.005)

    async def leave(self) -> None:
        self._left.set()
        await self._task

    async def _receive(self) -> Message:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        await self.accepts.wait()
        if self.is_broken:
            raise OSError
        self.wrote.append(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.has_ended = True
            self._left.set()


async def test_a_quiet_stream_is_kept_alive_by_an_event_that_browsers_see(harness: WebHarness) -> None:
    clock = harness.clock
    assert isinstance(clock, FakeClock)
    viewer = await Viewer(harness.show(idle(clock.now()))).opened()
    await clock.advance(14.9)
    assert viewer.events == ["now-playing"]
    for count in range(1, 4):
        await clock.advance(15)
        assert viewer.events == ["now-playing", *["heartbeat"] * count]
    assert viewer.wrote[-1] == b"event: heartbeat\ndata: {}\n\n"
    await viewer.leave()


async def test_a_change_right_after_a_stream_has_opened_is_not_lost(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    responses = ResponseCache(harness.clock, harness.app.state.now_playing_cache)
    fan_out, bodies = FanOut(harness.broadcast, responses, harness.clock), list[bytes]()

    async def send(message: Message) -> None:
        bodies.append(message.get("body", b""))

    stream = fan_out.add({"type": "http", "headers": []}, send)
    harness.show(idle(harness.clock.now()))  # Before the loop's task has taken its first step.
    await settle()
    fan_out.remove(stream)
    assert b'"status":"playing"' in bodies[0]
    assert b'"status":"idle"' in bodies[-1]


async def test_the_first_write_is_short_so_that_no_proxy_compresses_the_stream(harness: WebHarness) -> None:
    viewer = await Viewer(harness.show(idle(harness.clock.now()))).opened()
    assert viewer.wrote[:2] == [b"", b"retry: 3000\n\n"]
    await viewer.leave()


async def test_a_stream_ends_after_an_hour_give_or_take_a_tenth(harness: WebHarness) -> None:
    clock = harness.clock
    assert isinstance(clock, FakeClock)
    viewers = [await Viewer(harness.show(idle(clock.now()))).opened() for _ in range(20)]
    ended_after: list[int] = []
    for minute in range(1, 68):
        await clock.advance(60)
        ended_after += [minute] * (sum(viewer.has_ended for viewer in viewers) - len(ended_after))
    assert len(ended_after) == 20
    assert 54 <= min(ended_after) < 60 <= max(ended_after) <= 67
    assert harness.broadcast.streams == 0


async def test_a_slow_client_delays_nobody_and_gets_the_latest_afterwards(harness: WebHarness) -> None:
    now = harness.clock.now()
    slow, quick = [await Viewer(harness.show(idle(now))).opened() for _ in range(2)]
    slow.accepts.clear()
    for number in range(1, 4):
        harness.show(playing(now, item(f"Song {number}")))
        await quick.has_event(1 + number)
    assert slow.events == ["now-playing"]
    slow.accepts.set()
    await slow.until(lambda: b"Song 3" in slow.wrote[-1])
    assert slow.events == ["now-playing"] * 3  # The one under way, and the latest.
    for viewer in (slow, quick):
        await viewer.leave()


async def test_a_client_whose_connection_breaks_in_a_write_delays_nobody(harness: WebHarness) -> None:
    now = harness.clock.now()
    broken, sound = [await Viewer(harness.show(idle(now))).opened() for _ in range(2)]

    broken.is_broken = True
    harness.show(playing(now))
    await sound.until(lambda: len(sound.events) == 2)
    for viewer in (broken, sound):
        await viewer.leave()


def test_options_lists_the_methods_and_others_are_refused(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    with httpx.Client() as client:
        assert (
            client.options(f"{url}/now-playing/events").headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        )
        assert client.post(f"{url}/now-playing/events").status_code == 405
    assert harness.broadcast.streams == 0


def test_streams_end_when_the_viewer_leaves_and_when_the_program_ends(live: tuple[WebHarness, str]) -> None:
    harness, url = live
    with stream(url) as events:
        events.next()
        assert harness.broadcast.streams == 1
    assert eventually(lambda: harness.broadcast.streams == 0)
    with stream(url) as events:
        events.next()
        harness.app.close_streams()
        httpx.get(f"{url}/healthz")
        with pytest.raises(AssertionError, match="the stream ended"):
            events.next()


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()
