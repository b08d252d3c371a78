"""What the faces are given: values and callables, never the rooms where tokens live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.reauthorization import Reauthorization
from widget.model.sources import SPOTIFY, SourceInfo
from widget.notifications.health import HealthStatus
from widget.now_playing.broadcaster import Broadcaster

if TYPE_CHECKING:
    from starlette.requests import Request

    from widget.artwork.cache import ArtworkCache
    from widget.artwork.color_service import ColorService


@dataclass(frozen=True, slots=True)
class AppContext:
    """Stands on ``app.state.services``. ``disk_may_go``: the next restart may take the database."""

    settings: Settings
    clock: Clock
    broadcast: Broadcaster
    health: Callable[[], Awaitable[HealthStatus]]
    artwork: ArtworkCache
    renewal: Reauthorization
    source: SourceInfo = SPOTIFY
    colours: ColorService | None = None
    storage_is_ephemeral: bool = False


def get_context(request: Request) -> AppContext:
    """The services of the app that handles ``request``."""
    services: AppContext = request.app.state.services
    return services
