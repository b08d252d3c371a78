"""``--demo``: the same program against the built-in simulated Spotify, which needs no account and no network."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from widget.settings import DEFAULT_REDIRECT_URI, Settings
from widget.tokens import Seed

if TYPE_CHECKING:
    import httpx

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
        settings,
        client_id=simulator.app_settings.client_id,
        client_secret=simulator.app_settings.client_secret,
        seed=None,
        accounts_url=Settings.accounts_url,
        api_url=Settings.api_url,
        database_url=f"sqlite:///{folder / 'demo.db'}",
        calls_per_day=CALLS_PER_DAY,
        artwork_hosts=(),
        setup_key=None,
        notify_urls=(),
    )


@asynccontextmanager
async def staged(settings: Settings) -> AsyncIterator[tuple[Settings, httpx.AsyncClient]]:
    """The demo's settings, authorized already, and the client that reaches the simulation instead of the network."""
    import httpx

    from widget.sources.http import http_client
    from widget.sources.spotify.accounts import SCOPES

    simulator = simulated_spotify()
    seed = Seed(simulator.grant(SCOPES), time.time())
    with tempfile.TemporaryDirectory(prefix="now-playing-demo-", ignore_cleanup_errors=True) as folder:
        async with http_client(httpx.ASGITransport(simulator.app)) as http:
            yield replace(settings_for(simulator, settings, Path(folder)), seed=seed), http
