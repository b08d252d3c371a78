"""Composition root: builds the application from its parts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from widget.artwork.cache import ArtworkCache
from widget.artwork.color_service import ColorService
from widget.clock import Clock, SystemClock
from widget.config.settings import Settings
from widget.http_client import LazyHttpClient
from widget.model.hide_list import HideList
from widget.notifications.health import HealthCheck
from widget.notifications.notifier import Notifier
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.poller import Poller
from widget.sources.base import AdapterContext, BackgroundTask
from widget.sources.registry import create_adapter
from widget.store.base import Store
from widget.store.factory import create_store, is_ephemeral, open_or_warn
from widget.web.app import WebApp
from widget.web.context import AppContext

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    *,
    http: httpx.AsyncClient | None = None,
    store: Store | None = None,
    clock: Clock | None = None,
) -> WebApp:
    """Return the ASGI application for the source in ``settings``, else for Spotify.

    ``http`` and ``store`` are passed in open, and the caller closes them.
    """
    clock = clock or SystemClock()
    http_client = LazyHttpClient(http, settings.public_url)
    app_store = store or create_store(settings.database_url)
    adapter = create_adapter(AdapterContext(settings, app_store, http_client, clock))
    broadcaster = Broadcaster(clock, adapter.source, settings.recent)
    hide_list = HideList(settings.hide_explicit, settings.hide)
    poller = Poller(
        adapter.client,
        app_store,
        broadcaster,
        clock,
        calls_per_day=settings.daily_call_limit,
        hide_list=hide_list,
        source=adapter.source,
        max_recent=settings.recent,
        push=adapter.push,
        wait_for_change=adapter.wait_for_change,
    )
    health_check = HealthCheck(adapter.client, poller, clock)
    notifier = Notifier(
        app_store,
        clock,
        health_check.check,
        settings.notify_urls,
        settings.seed,
        settings.reauthorization_hint,
        adapter.source,
    )
    artwork = ArtworkCache(
        http_client,
        settings.artwork_hosts,
        clock,
        adapter.source.artwork_policy,
        public_base=settings.demo_artwork_base_url,
        public_url=settings.public_url,
        load_private=adapter.load_artwork,
    )
    colors = ColorService(artwork, broadcaster, clock)
    context = AppContext(
        settings,
        clock,
        broadcaster,
        health_check.check,
        artwork,
        adapter.reauthorization,
        adapter.source,
        colors,
        storage_is_ephemeral=is_ephemeral(settings.database_url, settings.has_ephemeral_disk),
        readiness=health_check.check_readiness,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            # Closed from the last to the first: the tasks use the client, which saves tokens, and all use the store.
            if store is None:
                stack.push_async_callback(app_store.close)
                await open_or_warn(app_store)
            for part in (http_client, artwork, adapter.client):
                stack.push_async_callback(part.close)
            background: Sequence[BackgroundTask] = (broadcaster, poller, notifier, colors, *adapter.background_tasks)
            # After the store is open, as the poller reads the last state first.
            stack.push_async_callback(_end, [_start(task) for task in background])
            yield

    web_app = WebApp(context, lifespan, adapter.max_body_bytes)
    web_app.router.routes.extend(adapter.routes)
    return web_app


def _start(background: BackgroundTask) -> asyncio.Task[None]:
    task = asyncio.create_task(background.run(), name=type(background).__name__)
    task.add_done_callback(_log_failure)
    return task


def _log_failure(task: asyncio.Task[None]) -> None:
    """Log the error with which ``task`` ended: it should run until it is cancelled."""
    if not task.cancelled() and (error := task.exception()) is not None:
        # The error's text may hold a secret.
        log.error("%s stopped working (%s): restart the server", task.get_name(), type(error).__name__)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    # Failures are logged already, and must not keep the other parts from being closed.
    await asyncio.gather(*tasks, return_exceptions=True)
