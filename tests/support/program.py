"""The whole program in this process, against the simulated Spotify, on a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
from starlette.applications import Starlette

from tests.support.fake_clock import FakeClock
from tests.support.recording import Recording
from widget.app import create_app
from widget.config.settings import Settings
from widget.http_client import http_client
from widget.model.tokens import Account, Authorization, Credentials
from widget.sources.simulators.spotify import RegisteredApp, SpotifySimulator
from widget.sources.simulators.spotify_playlist import SimulatedPlayback, SpotifyPlaylist, track
from widget.sources.spotify.accounts_api import SCOPES
from widget.store.base import Store
from widget.store.sqlite import SqliteStore

CREDENTIALS = Credentials("an-id", "a-secret")
PUBLIC_URL = "https://music.example.org"
CALLBACK = f"{PUBLIC_URL}/setup/callback"
KEY = "a key of sixteen characters"
ALWAYS = (track("5tIdesOfGlass0000000aB", "Tides of Glass", ["Mara Lindqvist"], "Low Water", "tides", seconds=200.0),)


def simulated(clock: FakeClock, scenes: tuple[SimulatedPlayback, ...] = ALWAYS) -> SpotifySimulator:
    """Return a simulated Spotify on ``clock``, with our app registered."""
    app = RegisteredApp(CREDENTIALS.client_id, CREDENTIALS.client_secret or "", {CALLBACK})
    return SpotifySimulator(clock.now, app, SpotifyPlaylist(scenes, clock.now()))


@dataclass
class Program:
    """``client`` sends requests to the server; ``simulator`` is the Spotify behind it."""

    app: Starlette
    client: httpx.AsyncClient
    simulator: SpotifySimulator
    store: Store
    clock: FakeClock

    async def consents(self, authorize_url: str, decision: str = "agree") -> str:
        """What the owner's browser does on Spotify's consent page; the address that it is sent back to."""
        transport = httpx.ASGITransport(self.simulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://accounts.spotify.com") as browser:
            page = await browser.get(authorize_url)
            page.raise_for_status()
            form = {"query": urlsplit(authorize_url).query, "decision": decision}
            return (await browser.post("/authorize/decide", data=form)).headers["location"]

    async def begins_renewal(self, key: str = KEY) -> httpx.Response:
        """The owner sends the form with the key; a wrong one is answered as soon as it may be."""
        headers = {"Origin": self.app.state.context.settings.public_url or str(self.client.base_url)}
        sent = asyncio.create_task(self.client.post("/setup", data={"key": key}, headers=headers))
        if key != KEY:
            await self.clock.advance(1.0)
        return await sent

    async def renews(self, decision: str = "agree") -> httpx.Response:
        """The owner renews, from the form to the page at the end."""
        begun = await self.begins_renewal()
        return await self.client.get(await self.consents(begun.headers["location"], decision))


async def authorize(
    store: Store, simulator: SpotifySimulator, scopes: tuple[str, ...] = SCOPES, age: float = 0.0
) -> Authorization:
    """Stores an authorization that was given ``age`` seconds ago."""
    at = simulator.now() - age
    account = Account(simulator.user_id, simulator.user_name)
    token = Authorization(simulator.grant(scopes, at), scopes, account, at)
    await store.save_authorization(token, CREDENTIALS, None)
    return token


@asynccontextmanager
async def program(
    folder: Path,
    *,
    clock: FakeClock | None = None,
    simulator: SpotifySimulator | None = None,
    authorized: bool = True,
    age: float = 0.0,
    settings: Settings | None = None,
    wrapped: Callable[[Store], Store] = lambda store: store,
    asked: list[str] | None = None,
) -> AsyncIterator[Program]:
    """Runs it while the context lasts, on the database in ``folder``, which it sees as ``wrapped`` makes it.

    ``asked`` receives the hosts that requests go to.
    """
    clock = clock or FakeClock()
    simulator = simulator or simulated(clock)
    store = SqliteStore(folder / "now-playing.db")
    await store.open()
    if authorized and await store.authorization() is None:
        await authorize(store, simulator, age=age)
    url = f"sqlite:///{folder / 'now-playing.db'}"
    settings = replace(settings or Settings(public_url=PUBLIC_URL, setup_key=KEY), database_url=url)
    network = Recording(httpx.ASGITransport(simulator.app), [] if asked is None else asked)
    async with http_client(network) as http:
        app = create_app(settings, http=http, store=wrapped(store), clock=clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client,
        ):
            yield Program(app, client, simulator, store, clock)
    await store.close()


def query_of(url: str) -> dict[str, str]:
    """The query of ``url``."""
    return dict(parse_qsl(urlsplit(url).query))
