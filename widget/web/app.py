"""The application that visitors meet: the hot path and the streams in front, all other routes behind them.

Whatever happens behind it ends here: a fault of ours in one line of the log, and in an answer that says no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from traceback import extract_tb

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from widget.web.api import events, now_playing_app
from widget.web.api.flat import sample_responder
from widget.web.api.response_cache import EncodedSnapshotCache, ResponseCache
from widget.web.context import AppContext, public_base_url
from widget.web.embed.page import PageCache
from widget.web.embed.png.endpoint import PngCache
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
    """All routes of ``services``, and their caches on ``state``.

    ``max_body_bytes`` returns the limit of a route that limits bodies itself, None for all others.
    """

    def __init__(
        self, services: AppContext, lifespan: Lifespan | None = None, max_body_bytes: MaxBodyBytes | None = None
    ) -> None:
        super().__init__(
            routes=routes(setup=services.has_setup),
            exception_handlers={
                HTTPException: handle_http_error,
                ClientDisconnect: handle_http_error,
                Exception: handle_http_error,
            },
            lifespan=lifespan,
        )
        self.router.redirect_slashes = False  # The Host header, the sender's word, would be in the redirect.
        self.state.services = services
        self.state.now_playing_cache = EncodedSnapshotCache(services.artwork, services.source)
        self.state.pages = PageCache()
        self.state.pictures = PngCache()
        self.state.turns = FairQueue()
        self._max_body_bytes = max_body_bytes or (lambda _: None)
        self._body_slots = BodySlots()
        answers = ResponseCache(
            services.clock,
            self.state.now_playing_cache,
            lambda scope: public_base_url(Request(scope), services.settings),
        )
        sampled = sample_responder(services.clock, services.artwork, services.source)
        self._hot_path = now_playing_app.NowPlayingApp(services.broadcast, answers, sampled)
        self._streams = events.EventStreamApp(
            services.broadcast, answers, services.clock, services.settings.max_streams
        )

    def close_streams(self) -> None:
        """The program ends: so do all open streams, each properly."""
        self.state.services.broadcast.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        try:
            if scope["method"] in METHODS_WITHOUT_BODY:
                await self._routed(scope, receive, send)
            else:
                await self._with_body(scope, receive, send)
        except asyncio.CancelledError:
            await _give_up(send, 503)  # The program ends: the server has waited long enough.
            raise
        except Exception as error:
            log.error("a request failed: %s", _place(error), exc_info=log.isEnabledFor(logging.DEBUG))
            await _give_up(send, 500)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        own_limit = self._max_body_bytes(scope)
        max_bytes = MAX_BODY_BYTES if own_limit is None else own_limit
        slots = self._body_slots if own_limit is None else None
        if declares_too_large_body(scope, max_bytes):
            await _give_up(send, 413)
        else:
            await self._routed(scope, limit_body(receive, max_bytes, slots), send)

    async def _routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == now_playing_app.PATH:
            await self._hot_path(scope, receive, send)
        elif scope["path"] == events.PATH:
            await self._streams(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def _give_up(send: Send, status: int) -> None:
    """An answer of its own, where none has begun yet."""
    headers = [
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"access-control-allow-origin", b"*"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
    ]
    with suppress(Exception):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _place(error: Exception) -> str:
    """What was raised, and where; its text may hold what a visitor sent."""
    frames = extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
