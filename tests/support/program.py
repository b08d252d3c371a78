"""The whole program in this process, against the simulated Spotify, on a fake clock."""

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

    async def consent(self, authorize_url: str, decision: str = "agree") -> str:
        """Decide on Spotify's consent page as the owner; return the address of the redirect."""
        transport = httpx.ASGITransport(self.simulator.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://accounts.spotify.com") as browser:
            page = await browser.get(authorize_url)
            page.raise_for_status()
            form = {"query": urlsplit(authorize_url).query, "decision": decision}
            return (await browser.post("/authorize/decide", data=form)).headers["location"]

    async def begin_renewal(self, key: str = KEY) -> httpx.Response:
        """Send the form with the key as the owner; a wrong key is answered after a second of the clock."""
        headers = {"Origin": self.app.state.context.settings.public_url or str(self.client.base_url)}
        sent = asyncio.create_task(self.client.post("/setup", data={"key": key}, headers=headers))
        if key != KEY:
            await self.clock.advance(1.0)
        return await sent

    async def renew(self, decision: str = "agree") -> httpx.Response:
        """Renew as the owner, from the form to the last page."""
        begun = await self.begin_renewal()
        return await self.client.get(await self.consent(begun.headers["location"], decision))


async def authorize(
    store: Store, simulator: SpotifySimulator, scopes: tuple[str, ...] = SCOPES, age: float = 0.0
) -> Authorization:
    """Store an authorization that was given ``age`` seconds ago."""
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
    wrap_store: Callable[[Store], Store] = lambda store: store,
    requested_hosts: list[str] | None = None,
) -> AsyncIterator[Program]:
    """Run the program on the database in ``folder`` while the context lasts.

    It uses ``wrap_store(store)``. ``requested_hosts`` receives the hosts of all requests.
    """
    clock = clock or FakeClock()
    simulator = simulator or simulated(clock)
    store = SqliteStore(folder / "now-playing.db")
    await store.open()
    if authorized and await store.authorization() is None:
        await authorize(store, simulator, age=age)
    url = f"sqlite:///{folder / 'now-playing.db'}"
    settings = replace(settings or Settings(public_url=PUBLIC_URL, setup_key=KEY), database_url=url)
    network = Recording(httpx.ASGITransport(simulator.app), [] if requested_hosts is None else requested_hosts)
    async with http_client(network) as http:
        app = create_app(settings, http=http, store=wrap_store(store), clock=clock)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client,
        ):
            yield Program(app, client, simulator, store, clock)
    await store.close()


def query_of(url: str) -> dict[str, str]:
    """Return the query of ``url``."""
    return dict(parse_qsl(urlsplit(url).query))
