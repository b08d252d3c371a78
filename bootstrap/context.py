"""What every command works with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bootstrap.process_start import process_started_at
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.http_client import LazyHttpClient
from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Credentials
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import AccountsApi
from widget.sources.spotify.authorization_flow import AuthorizationFlow
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.token_selection import effective_credentials
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store
from widget.store.factory import create_store

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command works with; ``started_at`` is when the process began (s since the epoch)."""

    settings: Settings
    store: Store
    http: LazyHttpClient
    started_at: float

    @property
    def gate(self) -> RateLimiter:
        return RateLimiter(self.store, SystemClock(), self.settings.daily_call_limit)

    @property
    def accounts(self) -> AccountsApi:
        return AccountsApi(self.http, self.settings.accounts_url, SystemClock())

    @property
    def authorization(self) -> AuthorizationFlow:
        api = WebApi(self.http, self.settings.api_url, SystemClock())
        return AuthorizationFlow(self.store, self.accounts, api, self.gate, SystemClock(), self.settings.seed)

    @property
    def access(self) -> TokenManager:
        settings = self.settings
        return TokenManager(self.store, self.accounts, self.gate, SystemClock(), settings.credentials, settings.seed)

    async def check_storage(self) -> None:
        """Raises :class:`ConfigurationError` where an authorization could not be stored: before Spotify is asked."""
        try:
            await self.authorization.check_storage()
        except StoreError as error:
            raise ConfigurationError(str(error)) from error

    async def credentials(self) -> Credentials | None:
        """The client ID and secret that are known."""
        return effective_credentials(self.settings.credentials, await self.store.credentials())


@asynccontextmanager
async def command_context(settings: Settings, http: httpx.AsyncClient | None = None) -> AsyncIterator[CommandContext]:
    """A desk whose store is open; what is made here is closed at the end. ``http`` replaces the client."""
    async with AsyncExitStack() as stack:
        client = LazyHttpClient(http, settings.public_url)
        stack.push_async_callback(client.close)
        store = create_store(settings.database_url)
        stack.push_async_callback(store.close)
        try:
            await store.open()
        except StoreError as error:
            raise ConfigurationError(str(error)) from error  # Before Spotify is asked for anything.
        yield CommandContext(settings, store, client, process_started_at())
