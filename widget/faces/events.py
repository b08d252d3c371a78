"""``/now-playing/events``: the JSON as server-sent events, one for each change.

See https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from widget.faces.hot_path import NowPlayingCache
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
    if services.broadcast.streams >= services.settings.max_streams:
        headers = {"Retry-After": str(FULL_RETRY_AFTER_SECONDS)}
        return respond(
            request,
            b"too many streams are open",
            media_type="text/plain",
            cache_control="no-store",
            status=503,
            headers=headers,
        )
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="text/event-stream")
    cache: NowPlayingCache = request.app.state.now_playing_cache
    return EventSourceResponse(
        _changes(services, cache),
        headers=_HEADERS,
        ping=HEARTBEAT_SECONDS,
        ping_message_factory=lambda: ServerSentEvent(comment="still here"),
        sep="\n",
        shutdown_event=cast("anyio.Event", StreamsEnd(services.broadcast)),
        shutdown_grace_period=FAREWELL_SECONDS,
    )


class StreamsEnd:
    """What sse-starlette sets when the server shuts down: one call ends all streams, each with a proper end."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast

    def set(self) -> None:
        self._broadcast.end()


async def _changes(services: Services, cache: NowPlayingCache) -> AsyncIterator[ServerSentEvent]:
    broadcast = services.broadcast
    with broadcast.stream():
        snapshot = await broadcast.fresh()
        revision = broadcast.revision
        while not broadcast.ended:
            made = cache.of(snapshot)
            data = made.at(services.clock.now()).decode()
            yield ServerSentEvent(data, event="now-playing", id=made.opaque_tag, retry=RETRY_MS)
            revision, snapshot = await broadcast.newer(revision)
