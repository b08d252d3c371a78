"""The whole program in this process with another source than Spotify, on a fake clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from tests.support.fake_clock import FakeClock
from tests.support.recording import Recording
from widget.app import create_app
from widget.config.settings import Settings
from widget.http_client import http_client
from widget.sources.registry import resolve_source
from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.lastfm import LastfmSimulator
from widget.sources.simulators.listenbrainz import ListenbrainzSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack
from widget.sources.simulators.subsonic import SubsonicSimulator
from widget.store.sqlite import SqliteStore

PUBLIC_URL = "https://music.example.org"
SILENCE = SimulatedTrack(5_000.0)
RELEASED = SimulatedTrack(
    5_000.0,
    "Small Planets",
    ("Nova",),
    "Small Planets",
    198.0,
    release="5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2003",
    recording="1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1003",
    drawing="orbit",
)
LONG = (SimulatedTrack(5_000.0, "Harbour Lights", ("Elin Sandvik",), "The Ferry", 220.0),)


@dataclass
class Services:
    """The simulated services; ``requested_hosts`` are the hosts of all requests."""

    lastfm: LastfmSimulator
    listenbrainz: ListenbrainzSimulator
    cover_art: CoverArtSimulator
    subsonic: SubsonicSimulator
    requested_hosts: list[str] = field(default_factory=list)

    def play(self, now: float, *pieces: SimulatedTrack) -> None:
        """Play ``pieces`` one after the other, starting at ``now``."""
        self.lastfm.playlist = self.listenbrainz.playlist = self.subsonic.playlist = Playlist(pieces, now)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """Return the transport that stands for the network."""
        routes = [
            *self.lastfm.app.routes,
            *self.listenbrainz.app.routes,
            *self.cover_art.app.routes,
            *self.subsonic.app.routes,
        ]
        return Recording(httpx.ASGITransport(Starlette(routes=routes)), self.requested_hosts)


def services(clock: FakeClock, *pieces: SimulatedTrack) -> Services:
    """Return all services on ``clock``, playing ``pieces`` from now on."""
    made = Services(
        LastfmSimulator(clock.now), ListenbrainzSimulator(clock.now), CoverArtSimulator(), SubsonicSimulator(clock.now)
    )
    made.play(clock.now(), *(pieces or LONG))
    return made


@dataclass
class OtherProgram:
    """The program: ``client`` sends requests to it, ``services`` are behind it."""

    app: Starlette
    client: httpx.AsyncClient
    services: Services
    clock: FakeClock
    store: SqliteStore

    async def now(self) -> dict[str, Any]:
        """Return the JSON."""
        answer: dict[str, Any] = (await self.client.get("/now-playing")).json()
        return answer

    async def watch(self, seconds: float, step: float = 10.0) -> None:
        """Request the JSON once in each ``step`` seconds."""
        for _ in range(max(1, round(seconds / step))):
            await self.client.get("/now-playing")
            await self.clock.advance(min(step, seconds))


@asynccontextmanager
async def other_program(
    folder: Path, environ: dict[str, str], clock: FakeClock | None = None, served: Services | None = None
) -> AsyncIterator[OtherProgram]:
    """Run the program on the database in ``folder``; ``environ`` overrides the variables of the services."""
    clock = clock or FakeClock()
    served = served or services(clock)
    known = {
        "LASTFM_USER": served.lastfm.user,
        "LASTFM_API_KEY": served.lastfm.key,
        "LISTENBRAINZ_USER": served.listenbrainz.user,
        "PUBLIC_URL": PUBLIC_URL,
    }
    store = SqliteStore(folder / "now-playing.db")
    await store.open()
    settings = Settings.from_environ({**known, **environ})
    settings = await resolve_source(replace(settings, database_url=f"sqlite:///{folder / 'now-playing.db'}"), store)
    async with http_client(served.transport, settings.public_url) as http:
        app = create_app(settings, http=http, store=store, clock=clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client,
        ):
            yield OtherProgram(app, client, served, clock, store)
    await store.close()
