"""``--demo``: the same program against a built-in simulated service, which needs no account and no network."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from widget.settings import DEFAULT_REDIRECT_URI, Settings
from widget.tokens import Seed

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from widget.sources.spotify.simulator import Simulator

CALLS_PER_DAY = 100_000
"""Calls to the simulation cost nothing."""


def simulated_spotify(redirect_uri: str = DEFAULT_REDIRECT_URI) -> Simulator:
    """A simulated Spotify with one registered app, whose programme begins now."""
    from widget.sources.spotify.scenes import Programme
    from widget.sources.spotify.simulator import RegisteredApp, Simulator

    app = RegisteredApp(secrets.token_hex(16), secrets.token_hex(16), {redirect_uri})
    return Simulator(time.time, app, Programme(begun_at=time.time()))


def settings_for(simulator: Simulator, settings: Settings, folder: Path) -> Settings:
    """``settings`` with everything that could touch the owner's account or database replaced by the simulation's."""
    return replace(
        _on_a_stage(settings, folder),
        client_id=simulator.app_settings.client_id,
        client_secret=simulator.app_settings.client_secret,
    )


@asynccontextmanager
async def staged(settings: Settings) -> AsyncIterator[tuple[Settings, httpx.AsyncClient]]:
    """The demo's settings, authorized already, and the client that reaches the simulation instead of the network."""
    import httpx

    from widget.sources.http import http_client

    with tempfile.TemporaryDirectory(prefix="now-playing-demo-", ignore_cleanup_errors=True) as folder:
        app, shown = _simulation(settings, Path(folder))
        async with http_client(httpx.ASGITransport(app)) as http:
            yield shown, http


def _simulation(settings: Settings, folder: Path) -> tuple[Starlette, Settings]:
    """What answers in place of the network, and the settings that it knows."""
    if settings.source in (None, "spotify"):
        from widget.sources.spotify.accounts import SCOPES

        simulator = simulated_spotify()
        seed = Seed(simulator.grant(SCOPES), time.time())
        return simulator.app, replace(settings_for(simulator, settings, folder), seed=seed, source="spotify")
    app, values = import_module(f"widget.sources.{settings.source}.simulator").demonstration(time.time)
    return app, replace(_on_a_stage(settings, folder), of_source=values, hide=frozenset())


def _on_a_stage(settings: Settings, folder: Path) -> Settings:
    return replace(
        settings,
        seed=None,
        accounts_url=Settings.accounts_url,
        api_url=Settings.api_url,
        database_url=f"sqlite:///{folder / 'demo.db'}",
        calls_per_day=CALLS_PER_DAY,
        artwork_hosts=(),
        setup_key=None,
        notify_urls=(),
    )
