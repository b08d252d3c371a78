"""Puts the program together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from widget.artwork.cache import ArtworkCache
from widget.artwork.color_service import ColorService
from widget.clock import Clock, SystemClock
from widget.config.settings import Settings
from widget.http_client import LazyHttpClient
from widget.model.hide_list import HideList
from widget.model.reauthorization import NothingToRenew
from widget.notifications.health import HealthCheck
from widget.notifications.notifier import Notifier
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.cluster import Sharing
from widget.now_playing.poller import Poller
from widget.sources.base import AdapterContext, BackgroundTask
from widget.sources.registry import create_adapter
from widget.store.base import Store
from widget.store.factory import create_store, is_ephemeral, open_or_warn
from widget.web.app import WebApp
from widget.web.context import AppContext
from widget.web.request_limits import MAX_BODY_BYTES

if TYPE_CHECKING:
    import httpx


def create_app(
    settings: Settings,
    *,
    http: httpx.AsyncClient | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
) -> WebApp:
    """The ASGI application for the source that ``settings`` name, else for Spotify.

    What is passed in is open already, and stays the caller's to close.
    """
    clock = clock or SystemClock()
    client = LazyHttpClient(http, settings.public_url)
    keeper = store or create_store(settings.database_url)
    wing = create_adapter(AdapterContext(settings, keeper, client, clock))
    gateway = wing.client
    broadcast = Broadcaster(clock)
    hiding = HideList(settings.hide_explicit, settings.hide)
    watcher = Poller(
        gateway,
        Sharing(keeper, wing.source.name),
        broadcast,
        clock,
        calls_per_day=settings.daily_call_limit,
        hiding=hiding,
        row=wing.source,
        recent=settings.recent,
        pushed=wing.push,
        wait_for_change=wing.wait_for_change,
    )
    readiness = HealthCheck(gateway, watcher, clock)
    urls, seed = settings.notify_urls, settings.seed
    messenger = Notifier(keeper, clock, readiness.check, urls, seed, reauthorization_hint(settings), wing.source)
    artwork = ArtworkCache(
        client,
        settings.artwork_hosts,
        clock,
        wing.source.artwork_policy,
        public_base=settings.demo_artwork_base_url,
        public_url=settings.public_url,
        load_private=wing.load_artwork,
    )
    colours = ColorService(artwork, broadcast, clock)
    services = AppContext(
        settings,
        clock,
        broadcast,
        readiness.check,
        artwork,
        wing.renewal or NothingToRenew(),
        wing.source,
        colours,
        storage_is_ephemeral=is_ephemeral(settings.database_url, settings.has_ephemeral_disk),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if store is None:
            await open_or_warn(keeper)
        work: Sequence[BackgroundTask] = (broadcast, watcher, messenger, colours, *wing.background_tasks)
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

    front = WebApp(services, lifespan, lambda scope: wing.max_body_bytes(scope) or MAX_BODY_BYTES)
    front.router.routes.extend(wing.routes)
    return front


def reauthorization_hint(settings: Settings) -> str:
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
