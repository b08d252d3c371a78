"""Spotify's token manager and client, with a store in a file, a scripted network and a fake clock."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.support.fake_clock import FakeClock
from tests.support.scripted import ME, NOW, RECENT, TOKEN, Scripted
from widget.http_client import LazyHttpClient, http_client
from widget.model.errors import StoreError
from widget.model.tokens import AccessToken, Account, Authorization, Credentials, SeedToken
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import SCOPES, AccountsApi
from widget.sources.spotify.adapter import SpotifyClient
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store
from widget.store.sqlite import SqliteStore

CREDENTIALS = Credentials("an-id", "a-secret")


class CallCounter(Protocol):
    """Anything that counts calls: a rate limiter, or a source's client."""

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]: ...


async def calls_made(counter: CallCounter) -> int:
    """Return the number of calls in the last 24 hours."""
    return sum(number for _, number in await counter.calls_last_24h())


class FragileStore(SqliteStore):
    """Fails to write refreshed tokens ``failures`` times, and has no room for them while ``has_room`` is false."""

    failures = 0
    has_room = True
    kept_for_next_start = 0

    async def reserve_space(self) -> None:
        if not self.has_room:
            raise StoreError("the disk is full")
        await super().reserve_space()

    async def save_for_next_start(self, used_refresh_token: str, authorization: Authorization) -> bool:
        self.kept_for_next_start += 1
        return await super().save_for_next_start(used_refresh_token, authorization)

    async def save_refresh(
        self,
        used_refresh_token: str,
        token: Authorization,
        credentials: Credentials | None = None,
        seed_fingerprint: str | None = None,
    ) -> bool:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full")
        return await super().save_refresh(used_refresh_token, token, credentials, seed_fingerprint)


class Rig:
    """Creates token managers and clients on one store, as other processes or a restart would."""

    def __init__(self, store: FragileStore) -> None:
        self.store = store
        self.clock = FakeClock()
        self.network = Scripted().answer(TOKEN, "token_refresh").answer(NOW, "track").answer(RECENT, "recently_played")
        self.network.answer(ME, "me")
        self.http = http_client(self.network)

    def token_manager(
        self,
        credentials: Credentials | None = CREDENTIALS,
        seed: SeedToken | None = None,
        store: Store | None = None,
        disk_is_ephemeral: bool = False,
    ) -> TokenManager:
        accounts = AccountsApi(LazyHttpClient(self.http), "https://accounts.spotify.example", self.clock)
        return TokenManager(
            store or self.store,
            accounts,
            self.rate_limiter(),
            self.clock,
            credentials,
            seed,
            disk_is_ephemeral=disk_is_ephemeral,
        )

    def rate_limiter(self, calls_per_day: int = 3000) -> RateLimiter:
        return RateLimiter(self.store, self.clock, calls_per_day)

    def client(
        self,
        calls_per_day: int = 3000,
        credentials: Credentials | None = CREDENTIALS,
        seed: SeedToken | None = None,
        disk_is_ephemeral: bool = False,
    ) -> SpotifyClient:
        api = WebApi(LazyHttpClient(self.http), "https://api.spotify.example/v1", self.clock)
        token_manager = self.token_manager(credentials, seed, disk_is_ephemeral=disk_is_ephemeral)
        return SpotifyClient(
            token_manager,
            api,
            self.rate_limiter(calls_per_day),
            self.store,
            self.clock,
            seed,
            disk_is_ephemeral=disk_is_ephemeral,
        )

    async def authorize(
        self, refresh: str = "AQ-stored", access_seconds: float | None = None, scopes: tuple[str, ...] = SCOPES
    ) -> Authorization:
        """Store an authorization with the refresh token ``refresh``.

        Its access token lasts ``access_seconds``; None for no access token.
        """
        access = None
        if access_seconds is not None:
            access = AccessToken(f"BQ-of-{refresh}", self.clock.now() + access_seconds)
        token = Authorization(refresh, scopes, Account("nilas.listener"), self.clock.now(), access, self.clock.now())
        await self.store.save_authorization(token, None, None)
        return token

    async def stored(self) -> Authorization:
        token = await self.store.authorization()
        if token is None:
            raise LookupError("nothing is stored")
        return token

    @property
    def refreshes(self) -> int:
        """The number of token requests."""
        return len(self.network.requested(TOKEN))


@asynccontextmanager
async def rig_in(folder: Path) -> AsyncIterator[Rig]:
    """Yield a rig whose store is a file in ``folder``."""
    store = FragileStore(folder / "now-playing.db")
    await store.open()
    try:
        yield Rig(store)
    finally:
        await store.close()
