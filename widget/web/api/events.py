"""``/now-playing/events``: the JSON as server-sent events, one for each change, and a heartbeat of its own name.

See https://html.spec.whatwg.org/multipage/server-sent-events.html. A raw ASGI application on the one broadcast: a
stream is a task that waits, another that notices when its viewer goes, and bytes that all share.
"""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope, Send

from widget.now_playing.broadcaster import Broadcaster
from widget.web.api.now_playing_app import answer_other_methods
from widget.web.api.response_cache import ResponseCache, raw_headers, sse_message
from widget.web.responses import PUBLIC_HEADERS

PATH = "/now-playing/events"
HEARTBEAT_SECONDS = 15.0
TOO_MANY_STREAMS_RETRY_AFTER = 30

_PUBLIC = raw_headers(PUBLIC_HEADERS)
_STREAM = [
    *_PUBLIC,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_FULL = [
    *_PUBLIC,
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"retry-after", b"%d" % TOO_MANY_STREAMS_RETRY_AFTER),
]
_HEARTBEAT = sse_message(b"heartbeat", b"{}")
_END = {"type": "http.response.body", "body": b""}


class EventStreamApp:
    """The ASGI application for the streams alone; ``most`` of them may be open at a time."""

    def __init__(self, broadcast: Broadcaster, answers: ResponseCache, most: int) -> None:
        self._broadcast = broadcast
        self._answers = answers
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await answer_other_methods(scope, send)
        elif scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
            await send(_END)
        elif self._broadcast.streams >= self._most:
            await send({"type": "http.response.start", "status": 503, "headers": _FULL})
            await send({"type": "http.response.body", "body": b"too many streams are open"})
        else:
            with self._broadcast.stream():  # At once: of many that come together none is one too many.
                await self._stream(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _STREAM})
        leaving = asyncio.create_task(_cancel_when_gone(receive, asyncio.current_task()))
        try:
            await self._tell(scope, send)
        except asyncio.CancelledError:
            if not leaving.done():
                raise
        finally:
            leaving.cancel()

    async def _tell(self, scope: Scope, send: Send) -> None:
        """The current picture and each newer one, with heartbeats in between, until the program ends."""
        broadcast, now = self._broadcast, asyncio.get_running_loop().time
        snapshot = await broadcast.fresh()
        revision, next_heartbeat = broadcast.revision, now() + HEARTBEAT_SECONDS
        while not broadcast.closed:
            await send(self._answers.get(snapshot, scope).event)
            told = revision
            while revision == told and not broadcast.closed:
                try:
                    async with asyncio.timeout_at(next_heartbeat):
                        revision, snapshot = await broadcast.wait_for_change(told)
                except TimeoutError:
                    await send(_HEARTBEAT)
                    next_heartbeat = now() + HEARTBEAT_SECONDS
        await send(_END)


async def _cancel_when_gone(receive: Receive, stream: asyncio.Task[None] | None) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    if stream is not None:
        stream.cancel()
