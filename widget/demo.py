"""``--demo``: the same program against a built-in simulated service, which needs no account and no network."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from widget.samples.artwork import drawing
from widget.settings import DEFAULT_REDIRECT_URI, Settings
from widget.source import SOURCES
from widget.tokens import Seed

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from widget.sources.spotify.simulator import Simulator

CALLS_PER_DAY = 100_000
"""Calls to the simulation cost nothing."""


def simulated_spotify(redirect_uri: str = DEFAULT_REDIRECT_URI, images: str | None = None) -> Simulator:
    """A simulated Spotify with one registered app, whose programme begins now; its artwork lies under ``images``."""
    from widget.sources.spotify.scenes import IMAGES, Programme
    from widget.sources.spotify.simulator import RegisteredApp, Simulator

    app = RegisteredApp(secrets.token_hex(16), secrets.token_hex(16), {redirect_uri})
    return Simulator(time.time, app, Programme(begun_at=time.time(), images=images or IMAGES))


def settings_for(simulator: Simulator, settings: Settings, folder: Path) -> Settings:
    """``settings`` with everything that could touch the owner's account or database replaced by the simulation's."""
    return replace(
        _on_a_stage(settings, folder),
        client_id=simulator.app_settings.client_id,
        client_secret=simulator.app_settings.client_secret,
    )


@dataclass(frozen=True, slots=True)
class Stage:
    """What a demo runs on: its settings, authorized already, the client that reaches the simulation instead of the
    network, and the routes beside the usual ones."""

    settings: Settings
    http: httpx.AsyncClient
    routes: Sequence[BaseRoute]


@asynccontextmanager
async def staged(settings: Settings, address: str) -> AsyncIterator[Stage]:
    """The stage of a demo that is reached at ``address``, where its artwork lies too: it needs no network at all."""
    import httpx
    from starlette.routing import Route

    from widget.faces.routes import public
    from widget.sources.http import http_client

    with tempfile.TemporaryDirectory(prefix="now-playing-demo-", ignore_cleanup_errors=True) as folder:
        app, shown = _simulation(settings, address, Path(folder))
        async with http_client(httpx.ASGITransport(app)) as http, _playing(shown, address):
            yield Stage(shown, http, [Route("/image/{name}", public(_image), methods=["GET", "HEAD", "OPTIONS"])])


@asynccontextmanager
async def _playing(settings: Settings, address: str) -> AsyncIterator[None]:
    """Where the source is told and not asked: a simulated player tells it, while the context lasts."""
    if settings.source is None or not SOURCES[settings.source].is_pushed:
        yield
        return
    play = import_module(f"widget.sources.{settings.source}.simulator").play
    player = asyncio.create_task(play(address, settings.of_source))
    try:
        yield
    finally:
        player.cancel()
        with suppress(asyncio.CancelledError):
            await player


def _simulation(settings: Settings, address: str, folder: Path) -> tuple[Starlette, Settings]:
    """What answers in place of the network, and the settings that it knows."""
    if settings.source in (None, "spotify"):
        from starlette.applications import Starlette
        from starlette.routing import Mount

        from widget.sources.spotify.accounts import SCOPES

        simulator = simulated_spotify(images=f"{address}/image")
        seed = Seed(simulator.grant(SCOPES), time.time())
        place = urlsplit(address)
        shown = replace(
            settings_for(simulator, settings, folder),
            seed=seed,
            source="spotify",
            artwork_hosts=(f"{place.scheme}://{place.netloc}".lower(),),
        )
        return Starlette(routes=[Mount(place.path, simulator.app), Mount("", simulator.app)]), shown
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
        demo=True,
    )


async def _image(request: Request) -> Response:
    from widget.faces.http import respond

    image = drawing(request.path_params["name"])
    if image is None:
        return respond(request, b"not found", media_type="text/plain", cache_control="no-store", status=404)
    return respond(request, image, media_type="image/jpeg", cache_control="public, max-age=3600")
