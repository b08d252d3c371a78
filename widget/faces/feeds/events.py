"""``/now-playing/events``: the JSON as server-sent events, one for each change.

See https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from widget.faces.feeds.hot_path import NowPlayingCache
from widget.faces.http import PUBLIC_HEADERS, respond
from widget.faces.services import Services, services_of
from widget.player.broadcast import Broadcast

if TYPE_CHECKING:
    import anyio

HEARTBEAT_SECONDS = 15
RETRY_MS = 3000
FULL_RETRY_AFTER_SECONDS = 30
FAREWELL_SECONDS = 0.5
_HEADERS = {**PUBLIC_HEADERS, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def events(request: Request) -> Response:
    """The stream; 503 with Retry-After beyond ``MAX_STREAMS``."""
    services = services_of(request)
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="text/event-stream")
    cache: NowPlayingCache = request.app.state.now_playing_cache
    full = respond(
        request,
        b"too many streams are open",
        media_type="text/plain",
        cache_control="no-store",
        status=503,
        headers={"Retry-After": str(FULL_RETRY_AFTER_SECONDS)},
    )
    return CountedStream(_changes(services, cache), services.broadcast, services.settings.max_streams, full)


class CountedStream(EventSourceResponse):
    """A stream that counts while it is open; where ``most`` are open already, ``full`` is the answer."""

    def __init__(
        self, changes: AsyncIterator[ServerSentEvent], broadcast: Broadcast, most: int, full: Response
    ) -> None:
        super().__init__(
            changes,
            headers=_HEADERS,
            ping=HEARTBEAT_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="still here"),
            sep="\n",
            shutdown_event=cast("anyio.Event", StreamsEnd(broadcast)),
            shutdown_grace_period=FAREWELL_SECONDS,
        )
        self._broadcast = broadcast
        self._most = most
        self._full = full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._broadcast.streams >= self._most:
            await self._full(scope, receive, send)
            return
        with self._broadcast.stream():  # At once: of many that come together none is one too many.
            await super().__call__(scope, receive, send)


class StreamsEnd:
    """What sse-starlette sets when the server shuts down: one call ends all streams, each with a proper end."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    def set(self) -> None:
        self._broadcast.end()


async def _changes(services: Services, cache: NowPlayingCache) -> AsyncIterator[ServerSentEvent]:
    broadcast = services.broadcast
    snapshot = await broadcast.fresh()
    revision = broadcast.revision
    while not broadcast.ended:
        made = cache.of(snapshot)
        data = made.at(services.clock.now()).decode()
        yield ServerSentEvent(data, event="now-playing", id=made.opaque_tag, retry=RETRY_MS)
        revision, snapshot = await broadcast.newer(revision)
