"""Puts the program together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from widget.artwork.cache import ArtworkCache
from widget.artwork.color_service import ColourFinder
from widget.clock import Clock, SystemClock
from widget.config.settings import Settings
from widget.http_client import LateClient
from widget.model.hiding import Hiding
from widget.model.reauthorization import NothingToRenew
from widget.notifications.health import Readiness
from widget.notifications.notifier import Messenger
from widget.now_playing.broadcaster import Broadcast
from widget.now_playing.poller import Watcher
from widget.now_playing.sharing import Sharing
from widget.sources.base import Parts, Work
from widget.sources.registry import wing_of
from widget.store.base import Store
from widget.store.factory import open_or_go_on, store_for
from widget.store.lasting import may_not_last
from widget.web.app import Front
from widget.web.context import Services
from widget.web.request_limits import LARGEST_BODY_BYTES

if TYPE_CHECKING:
    import httpx


def create_app(
    settings: Settings,
    *,
    http: httpx.AsyncClient | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
) -> Front:
    """The ASGI application for the source that ``settings`` name, else for Spotify.

    What is passed in is open already, and stays the caller's to close.
    """
    clock = clock or SystemClock()
    client = LateClient(http)
    keeper = store or store_for(settings.database_url)
    wing = wing_of(Parts(settings, keeper, client, clock))
    gateway = wing.gateway
    broadcast = Broadcast(clock)
    hiding = Hiding(settings.hide_explicit, settings.hide)
    watcher = Watcher(
        gateway,
        Sharing(keeper, wing.source.name),
        broadcast,
        clock,
        calls_per_day=settings.calls_a_day,
        hiding=hiding,
        row=wing.source,
        recent=settings.recent,
        pushed=wing.pushed,
    )
    readiness = Readiness(gateway, watcher, clock)
    urls, seed = settings.notify_urls, settings.seed
    messenger = Messenger(keeper, clock, readiness.health, urls, seed, next_step(settings), wing.source)
    artwork = ArtworkCache(
        client, settings.artwork_hosts, clock, wing.source.pictures, told_under=settings.artwork_told_under
    )
    colours = ColourFinder(artwork, broadcast, clock)
    services = Services(
        settings,
        clock,
        broadcast,
        readiness.health,
        artwork,
        wing.renewal or NothingToRenew(),
        wing.source,
        colours,
        disk_may_go=may_not_last(settings.database_url, settings.disk_starts_empty),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if store is None:
            await open_or_go_on(keeper)
        work: Sequence[Work] = (broadcast, watcher, messenger, colours, *wing.work)
        tasks = [asyncio.create_task(one.run()) for one in work]
        try:
            yield
        finally:
            await _end(tasks)
            await gateway.close()
            await artwork.close()
            await client.close()
            if store is None:
                await keeper.close()

    front = Front(services, lifespan, lambda scope: wing.largest_body(scope) or LARGEST_BODY_BYTES)
    front.router.routes.extend(wing.routes)
    return front


def next_step(settings: Settings) -> str:
    """The sentence by which messages say how to authorize again."""
    if settings.setup_key is not None and settings.public_url is not None:
        return f"Renew it in a minute: open {settings.public_url}/setup and agree on Spotify's page."
    return "Renew it: run python -m bootstrap on your own computer, and export where the host's disk does not last."


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
