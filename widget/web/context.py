"""What the faces are given: values and callables, never the rooms where tokens live."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.reauthorization import Renewal
from widget.model.sources import SPOTIFY, Source
from widget.notifications.health_status import Health
from widget.now_playing.broadcaster import Broadcast

if TYPE_CHECKING:
    from starlette.requests import Request

    from widget.artwork.cache import ArtworkCache
    from widget.artwork.color_service import ColourFinder


@dataclass(frozen=True, slots=True)
class Services:
    """Stands on ``app.state.services``. ``disk_may_go``: the next restart may take the database."""

    settings: Settings
    clock: Clock
    broadcast: Broadcast
    health: Callable[[], Awaitable[Health]]
    artwork: ArtworkCache
    renewal: Renewal
    source: Source = SPOTIFY
    colours: ColourFinder | None = None
    disk_may_go: bool = False


def services_of(request: Request) -> Services:
    """The services of the app that handles ``request``."""
    services: Services = request.app.state.services
    return services
