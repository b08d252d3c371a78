"""The application that visitors meet: the one hot path in front, all other routes behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from widget.faces.feeds.hot_path import PATH, HotPath, NowPlayingCache
from widget.faces.pictures.page import Pages
from widget.faces.routes import refused, routes
from widget.faces.services import Services

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class Front(Starlette):
    """All faces of ``services``; what they keep stands on ``state``."""

    def __init__(self, services: Services, lifespan: Lifespan | None = None) -> None:
        super().__init__(
            routes=routes(setup=services.settings.setup_key is not None),
            exception_handlers={HTTPException: refused, Exception: refused},
            lifespan=lifespan,
        )
        self.router.redirect_slashes = False  # The Host header, the sender's word, would be in the redirect.
        self.state.services = services
        self.state.now_playing_cache = NowPlayingCache(services.artwork, services.source)
        self.state.pages = Pages()
        self._hot_path = HotPath(services.broadcast, services.clock, self.state.now_playing_cache)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._hot_path(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
