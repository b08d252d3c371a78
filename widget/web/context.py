"""The application context: values and callables for the routes, never anything that holds a token."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import Request

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.sources import SPOTIFY, SourceInfo
from widget.notifications.health import HealthStatus
from widget.now_playing.broadcaster import Broadcaster
from widget.web.caching import as_private

if TYPE_CHECKING:
    from widget.artwork.cache import ArtworkCache
    from widget.artwork.color_service import ColorService
    from widget.model.reauthorization import Reauthorization


Cache = TypeVar("Cache")


@dataclass(frozen=True, slots=True)
class AppContext:
    """Everything that routes may use.

    ``storage_is_ephemeral``: the next restart may delete the database.
    """

    settings: Settings
    clock: Clock
    broadcast: Broadcaster
    health: Callable[[], Awaitable[HealthStatus]]
    artwork: ArtworkCache
    reauthorization: Reauthorization | None = None
    source: SourceInfo = SPOTIFY
    colors: ColorService | None = None
    storage_is_ephemeral: bool = False
    readiness: Callable[[], Awaitable[HealthStatus]] | None = None
    """The health for ``/readyz``, if that differs."""

    @property
    def has_setup(self) -> bool:
        """Return whether ``/setup`` is open: there is a key, and an authorization to renew."""
        return self.settings.setup_key is not None and self.reauthorization is not None

    def require_reauthorization(self) -> Reauthorization:
        """Return the authorization that ``/setup`` renews; its routes exist only if there is one."""
        if self.reauthorization is None:
            raise RuntimeError("/setup is open without an authorization to renew")
        return self.reauthorization

    @property
    def labelled_source(self) -> SourceInfo:
        """Return the source under the name that it gives itself, if any."""
        label = self.broadcast.current.source_label
        return self.source if label is None else replace(self.source, label=label)


def get_context(request: Request) -> AppContext:
    """Return the context of the application that handles ``request``."""
    context: AppContext = request.app.state.context
    return context


def get_cache(request: Request, name: str, create: Callable[[], Cache]) -> Cache:
    """Return the application's cache of that ``name``, which its first user creates."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, create())
    cache: Cache = getattr(state, name)
    return cache


_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[([0-9A-Fa-f:.]{2,45})\])(?::\d{1,5})?")


def public_base_url(request: Request, settings: Settings) -> str:
    """Return the URL under which visitors reach this server, without a trailing slash.

    ``PUBLIC_URL`` if set, else taken from the request, whose ``X-Forwarded-Proto`` decides the scheme alone. A Host
    header that is no host counts for nothing.
    """
    if settings.public_url is not None:
        return settings.public_url
    host = request.headers.get("host", "")
    if not is_host(host):
        # Never a visitor's text, which would end up in snippets and headers.
        host = f"{settings.host}:{settings.port}"
    # Believed for the scheme alone: anybody can send it, and the host would end up in links.
    forwarded = request.headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    scheme = "https" if forwarded == "https" or request.scope["scheme"] == "https" else "http"
    return f"{scheme}://{host}"


def is_host(value: str) -> bool:
    """Return whether ``value`` is a host: a name, an IPv4 address, or an IPv6 address in brackets."""
    found = _HOST.fullmatch(value)
    if found is None or found[1] is None:
        return found is not None
    try:
        return IPv6Address(found[1]).version == 6
    except ValueError:
        return False


def cache_control_for(cache_control: str, settings: Settings) -> str:
    """Return ``cache_control`` for a response with our URL in it: private if a request gave the URL."""
    return cache_control if settings.public_url is not None else as_private(cache_control)
