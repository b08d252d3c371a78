"""What the faces are given: values and callables, never the rooms where tokens live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from widget.clock import Clock
from widget.player.broadcast import Broadcast
from widget.settings import Settings
from widget.snapshot import Problem
from widget.tokens import TokenHealth

if TYPE_CHECKING:
    from starlette.requests import Request

    from widget.faces.artwork import ArtworkCache


@dataclass(frozen=True, slots=True)
class Health:
    """How things stand, for the owner. ``problem`` is None while everything works."""

    token: TokenHealth
    last_success_at: float | None
    problem: Problem | None
    calls_last_24h: int | None


@dataclass(frozen=True, slots=True)
class Renewed:
    """What came of an authorization at ``/setup``: ``status`` is the HTTP status, ``ends_at`` s since the epoch."""

    status: int
    message: str
    account: str | None = None
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorization that waits for its callback: Spotify's address, and the browser's cookie value."""

    authorize_url: str
    cookie: str


class Renewal(Protocol):
    """Authorizes again on the running server."""

    async def begin(self, redirect_uri: str) -> Begun:
        """Raises :class:`widget.errors.NowPlayingError` where there is no client ID."""
        ...

    def knows(self, cookie: str | None, state: str | None) -> bool:
        """Whether this browser has begun the authorization that ``state`` belongs to."""
        ...

    async def finish(self, state: str, code: str | None, error: str | None) -> Renewed:
        """Ends it, once; only where :meth:`knows` said yes."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Stands on ``app.state.services``."""

    settings: Settings
    clock: Clock
    broadcast: Broadcast
    health: Callable[[], Awaitable[Health]]
    artwork: ArtworkCache
    renewal: Renewal


def services_of(request: Request) -> Services:
    """The services of the app that handles ``request``."""
    services: Services = request.app.state.services
    return services
