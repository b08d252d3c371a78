"""``/now-playing/events``: the JSON as server-sent events, one for each change, and a heartbeat of its own name.

See https://html.spec.whatwg.org/multipage/server-sent-events.html. One loop writes to all streams; a change costs one
write per stream and wakes no task. The task of a stream waits only for its client to leave.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Generator
from contextlib import suppress
from typing import Any

from starlette.types import Receive, Scope, Send

from widget.background import consume_exception
from widget.clock import Clock, wait_for
from widget.now_playing.broadcaster import Broadcaster
from widget.web.api.now_playing_app import answer_other_methods
from widget.web.api.response_cache import RETRY, Message, ResponseCache, raw_headers, sse_message
from widget.web.responses import PUBLIC_HEADERS

PATH = "/now-playing/events"
HEARTBEAT_SECONDS = 15.0
# Some proxies never report that the viewer left.
LIFETIME_SECONDS = 3600.0
# After a restart all streams begin at once, and must not end at once.
LIFETIME_JITTER = 0.1
FIRST_EVENT_DELAY_SECONDS = 0.02
"""Keeps the short first write apart from the first event: a proxy decides by the first write's length to compress."""

TOO_MANY_STREAMS_RETRY_AFTER = 30
WRITES_PER_TURN = 250
"""After so many writes the loop lets other requests run."""

log = logging.getLogger(__name__)

_PUBLIC = raw_headers(PUBLIC_HEADERS)
_STREAM = [
    *_PUBLIC,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    # no-transform, else HAProxy and Express compress the stream and hold each event back.
    (b"cache-control", b"no-store, no-transform"),
    # nginx buffers responses otherwise.
    (b"x-accel-buffering", b"no"),
]
_FULL = [
    *_PUBLIC,
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"retry-after", b"%d" % TOO_MANY_STREAMS_RETRY_AFTER),
]
_FIRST_WRITE = {"type": "http.response.body", "body": RETRY + b"\n\n", "more_body": True}
_HEARTBEAT = sse_message(b"heartbeat", b"{}")
_END = {"type": "http.response.body", "body": b""}


class EventStreamApp:
    """The ASGI application of the streams; at most ``max_streams`` are open at a time."""

    def __init__(self, broadcaster: Broadcaster, responses: ResponseCache, clock: Clock, max_streams: int) -> None:
        self._broadcaster = broadcaster
        self._fan_out = FanOut(broadcaster, responses, clock)
        self._max_streams = max_streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await answer_other_methods(scope, send)
        # Ended at once: a stream without a body would occupy the connection for an hour.
        elif scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
            await send(_END)
        elif self._broadcaster.streams >= self._max_streams:
            await send({"type": "http.response.start", "status": 503, "headers": _FULL})
            await send({"type": "http.response.body", "body": b"too many streams are open"})
        else:
            self._broadcaster.add_stream()  # Before anything is awaited: of many together none is one too many.
            stream = None
            try:
                await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
                await send(_FIRST_WRITE)
                await self._broadcaster.fresh()
                await asyncio.sleep(FIRST_EVENT_DELAY_SECONDS)
                stream = self._fan_out.add(scope, send)
                while (await receive())["type"] != "http.disconnect":
                    pass
            finally:
                self._broadcaster.remove_stream()
                if stream is not None:
                    self._fan_out.remove(stream)


class Stream:
    """One open stream.

    ``revision`` is the newest one written, ``writing`` a write that waits for the client.
    """

    __slots__ = ("ends_at", "heartbeat_at", "revision", "scope", "send", "writing")

    def __init__(self, scope: Scope, send: Send, now: float) -> None:
        self.scope = scope
        self.send = send
        self.heartbeat_at = now + HEARTBEAT_SECONDS
        self.ends_at = now + LIFETIME_SECONDS * random.uniform(1 - LIFETIME_JITTER, 1 + LIFETIME_JITTER)  # noqa: S311
        self.revision = -1
        self.writing: asyncio.Task[None] | None = None


class FanOut:
    """All open streams, in the order of their next heartbeats.

    A client that does not keep up gets only the latest event.
    """

    def __init__(self, broadcaster: Broadcaster, responses: ResponseCache, clock: Clock) -> None:
        self._broadcaster = broadcaster
        self._responses = responses
        self._clock = clock
        self._streams: dict[Stream, None] = {}
        self._loop: asyncio.Task[None] | None = None

    def add(self, scope: Scope, send: Send) -> Stream:
        """Open a stream and write the current event."""
        stream = Stream(scope, send, self._clock.monotonic())
        self._streams[stream] = None
        self._write_event(stream)
        if self._broadcaster.closed:
            self._end(stream)
        elif self._loop is None:
            # The revision is read here, else a change before the task's first step would be lost.
            self._loop = asyncio.create_task(self._run(self._broadcaster.revision))
            self._loop.add_done_callback(self._after_run)
        return stream

    def remove(self, stream: Stream) -> None:
        """Forget ``stream``, whose client has left."""
        self._streams.pop(stream, None)
        if stream.writing is not None:
            stream.writing.cancel()
        if not self._streams and self._loop is not None:
            self._loop.cancel()
            self._loop = None

    async def _run(self, revision: int) -> None:
        while not self._broadcaster.closed:
            now, first = self._clock.monotonic(), next(iter(self._streams), None)
            seconds = HEARTBEAT_SECONDS if first is None else max(0.0, first.heartbeat_at - now)
            with suppress(TimeoutError):
                await wait_for(self._clock, seconds, self._broadcaster.wait_for_change(revision))
            if self._broadcaster.revision != revision:
                revision = self._broadcaster.revision
                await self._write_event_to_all()
            self._send_heartbeats()

    def _after_run(self, task: asyncio.Task[None]) -> None:
        """End all streams if the loop has ended by itself: with the program, or by a fault."""
        if task.cancelled():
            return
        self._loop = None
        if (fault := task.exception()) is not None:
            log.error("the loop of the streams failed: %s", type(fault).__name__, exc_info=fault)
        for stream in list(self._streams):
            self._end(stream)

    async def _write_event_to_all(self) -> None:
        for number, stream in enumerate(list(self._streams)):
            if number % WRITES_PER_TURN == 0:
                if number:
                    await asyncio.sleep(0)
                response, revision = self._responses.get(self._broadcaster.current), self._broadcaster.revision
            if stream.revision == revision or stream.writing is not None:
                continue
            if response.needs_origin:
                self._write_event(stream)
            else:
                stream.revision = revision
                self._write(stream, response.event)

    def _write_event(self, stream: Stream) -> None:
        """Write the current event unless ``stream`` has it, has ended or is still writing."""
        snapshot, revision = self._broadcaster.current, self._broadcaster.revision
        if stream.revision != revision and stream.writing is None and stream in self._streams:
            stream.revision = revision
            self._write(stream, self._responses.get(snapshot, stream.scope).event)

    def _send_heartbeats(self) -> None:
        now = self._clock.monotonic()
        for stream in list(self._streams):
            if stream.heartbeat_at > now:
                break
            # To the end of the order, as its next heartbeat is now the last one due.
            del self._streams[stream]
            self._streams[stream] = None
            stream.heartbeat_at = now + HEARTBEAT_SECONDS
            if stream.ends_at <= now:
                self._end(stream)
            elif stream.writing is None:
                self._write(stream, _HEARTBEAT)

    def _end(self, stream: Stream) -> None:
        if stream.writing is None:
            self._streams.pop(stream, None)
            self._write(stream, _END)

    def _write(self, stream: Stream, message: Message) -> None:
        """Write ``message`` at once, or as soon as the client has accepted what was written before."""
        steps = stream.send(message).__await__()
        try:
            # Driven by hand: a write that needs not wait, which is nearly every one, costs no task.
            future = next(steps)
        except StopIteration:
            return
        except Exception:
            return  # The client has left; the stream's own task learns of it.
        stream.writing = asyncio.create_task(_finish(steps, future))
        stream.writing.add_done_callback(lambda task: self._after_write(stream, task))

    def _after_write(self, stream: Stream, task: asyncio.Task[None]) -> None:
        consume_exception(task)
        stream.writing = None
        if self._broadcaster.closed and stream in self._streams:
            self._end(stream)
        else:
            self._write_event(stream)


class _Rest:
    """The rest of an awaitable whose ``steps`` have begun, and wait for ``future``."""

    def __init__(self, steps: Generator[Any, Any, None], future: Any) -> None:
        self._steps = steps
        self._future = future

    def __await__(self) -> Generator[Any, Any, None]:
        yield self._future
        yield from self._steps


async def _finish(steps: Generator[Any, Any, None], future: Any) -> None:
    await _Rest(steps, future)
