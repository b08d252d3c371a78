"""``--demo``: the simulated Spotify, served on this machine so that a real browser can reach its consent page."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from bootstrap.callback_server import serve_app
from widget.config.settings import Settings
from widget.demo import demo_settings, make_spotify_simulator
from widget.http_client import http_client


@asynccontextmanager
async def demo_spotify(settings: Settings, folder: Path) -> AsyncIterator[tuple[Settings, httpx.AsyncClient]]:
    """The settings that lead to the simulation, which stores in ``folder``, and a client that goes by no proxy."""
    simulator = make_spotify_simulator(settings.redirect_uri)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    direct = http_client(httpx.AsyncHTTPTransport(trust_env=False))
    async with serve_app(simulator.app, listener), direct as http:
        yield replace(demo_settings(simulator, settings, folder), accounts_url=address, api_url=f"{address}/v1"), http
