"""``--demo``: the same program against a simulated service, without account or network."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from widget.config.settings import DEFAULT_REDIRECT_URI, Settings
from widget.model.tokens import SeedToken

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from widget.sources.simulators.spotify import SpotifySimulator

CALLS_PER_DAY = 100_000
"""Calls to the simulation are free."""


def make_spotify_simulator(redirect_uri: str = DEFAULT_REDIRECT_URI) -> SpotifySimulator:
    """Return a simulated Spotify with one registered app, whose playlist begins now."""
    from widget.sources.simulators.spotify import RegisteredApp, SpotifySimulator
    from widget.sources.simulators.spotify_playlist import SpotifyPlaylist

    app = RegisteredApp(secrets.token_hex(16), secrets.token_hex(16), {redirect_uri})
    return SpotifySimulator(time.time, app, SpotifyPlaylist(begun_at=time.time()))


def demo_settings(simulator: SpotifySimulator, settings: Settings, folder: Path) -> Settings:
    """Return ``settings`` without anything that could reach the owner's account or database."""
    return replace(
        _isolated(settings, folder),
        client_id=simulator.app_settings.client_id,
        client_secret=simulator.app_settings.client_secret,
    )


@dataclass(frozen=True, slots=True)
class DemoEnvironment:
    """Authorized settings, and the client that reaches the simulation instead of the network."""

    settings: Settings
    http: httpx.AsyncClient


@asynccontextmanager
async def demo_environment(settings: Settings, origin: str | None = None) -> AsyncIterator[DemoEnvironment]:
    """Run the simulation of a demo that listens at ``origin``, None if nothing is served."""
    import httpx

    from widget.http_client import http_client

    with tempfile.TemporaryDirectory(prefix="now-playing-demo-", ignore_cleanup_errors=True) as folder:
        app, demo = _simulation(settings, Path(folder))
        # Only the simulation has the invented covers, so JSON names their addresses at this server.
        demo = replace(demo, demo_artwork_base_url=settings.public_url or origin)
        async with http_client(httpx.ASGITransport(app)) as http, _playing(demo, origin):
            yield DemoEnvironment(demo, http)


@asynccontextmanager
async def _playing(settings: Settings, origin: str | None) -> AsyncIterator[None]:
    """Run the player, or the server of another protocol, that a simulated service needs."""
    simulator = import_module(f"widget.sources.simulators.{settings.source}")
    if not hasattr(simulator, "running"):
        yield
        return
    async with simulator.running(origin, settings.source_values):
        yield


def _simulation(settings: Settings, folder: Path) -> tuple[Starlette, Settings]:
    """Return the application that replaces the network, and the settings for it."""
    if settings.source in (None, "spotify"):
        from widget.sources.spotify.accounts_api import SCOPES

        simulator = make_spotify_simulator()
        seed = SeedToken(simulator.grant(SCOPES), time.time())
        return simulator.app, replace(demo_settings(simulator, settings, folder), seed=seed, source="spotify")
    app, values = import_module(f"widget.sources.simulators.{settings.source}").demo_service(time.time)
    return app, replace(_isolated(settings, folder), source_values=values, hide=frozenset())


def _isolated(settings: Settings, folder: Path) -> Settings:
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
        demo=True,
    )
