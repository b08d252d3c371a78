"""The ASGI application: ``/now-playing`` and its events in front, all other routes behind them.

Every exception ends here, as one line in the log and a response without details.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from widget.web.api import events, now_playing_app
from widget.web.api.flat import sample_responder
from widget.web.api.response_cache import EncodedSnapshotCache, ResponseCache
from widget.web.context import AppContext, public_base_url
from widget.web.request_limits import (
    MAX_BODY_BYTES,
    METHODS_WITHOUT_BODY,
    BodySlots,
    FairQueue,
    declares_too_large_body,
    limit_body,
)
from widget.web.routes import handle_http_error, routes

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
MaxBodyBytes = Callable[[Scope], int | None]

log = logging.getLogger(__name__)


class WebApp(Starlette):
    """All routes of ``context``, and their caches on ``state``.

    ``max_body_bytes`` returns the limit of a route that limits bodies itself, None for all others.
    """

    def __init__(
        self, context: AppContext, lifespan: Lifespan | None = None, max_body_bytes: MaxBodyBytes | None = None
    ) -> None:
        super().__init__(
            routes=routes(setup=context.has_setup),
            exception_handlers={
                HTTPException: handle_http_error,
                ClientDisconnect: handle_http_error,
                Exception: handle_http_error,
            },
            lifespan=lifespan,
        )
        self.router.redirect_slashes = False  # The redirect would hold the Host header, which visitors choose.
        self.state.context = context
        self.state.now_playing_cache = EncodedSnapshotCache(context.artwork, context.source)
        self.state.render_queue = FairQueue()
        self._max_body_bytes = max_body_bytes or (lambda _: None)
        self._body_slots = BodySlots()
        responses = ResponseCache(
            context.clock,
            self.state.now_playing_cache,
            lambda scope: public_base_url(Request(scope), context.settings),
        )
        sample_response = sample_responder(context.clock, context.artwork, context.source)
        self._raw_apps: dict[str, ASGIApp] = {
            now_playing_app.PATH: now_playing_app.NowPlayingApp(context.broadcast, responses, sample_response),
            events.PATH: events.EventStreamApp(
                context.broadcast, responses, context.clock, context.settings.max_streams
            ),
        }

    def close_streams(self) -> None:
        """End all open streams, because the program ends."""
        self.state.context.broadcast.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        # In front of Starlette, whose routing costs more than these responses.
        app = self._raw_apps.get(scope["path"]) or super().__call__
        try:
            if scope["method"] not in METHODS_WITHOUT_BODY:
                receive = self._limit_body(scope, receive)
            await app(scope, receive, send)
        except asyncio.CancelledError:
            await _send_empty_response(send, 503)  # The program ends: the server has waited long enough.
            raise
        except HTTPException as error:  # Raised before any route.
            await _send_empty_response(send, error.status_code)
        except Exception as error:
            log.error("a request failed: %s", _location(error), exc_info=log.isEnabledFor(logging.DEBUG))
            await _send_empty_response(send, 500)

    def _limit_body(self, scope: Scope, receive: Receive) -> Receive:
        """Wrap ``receive`` to enforce the route's limits.

        Raises HTTPException 413 if the request declares too large a body.
        """
        own_limit = self._max_body_bytes(scope)
        max_bytes = MAX_BODY_BYTES if own_limit is None else own_limit
        if declares_too_large_body(scope, max_bytes):
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return limit_body(receive, max_bytes, self._body_slots if own_limit is None else None)


async def _send_empty_response(send: Send, status: int) -> None:
    """Send a response without a body, if none has begun yet."""
    headers = [
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
    ]
    # A response may have begun, or its client may have left: nothing can be sent then.
    with suppress(Exception):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _location(error: Exception) -> str:
    """Return the class of ``error`` and its place; its text may hold a visitor's input."""
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
