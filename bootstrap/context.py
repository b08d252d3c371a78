"""The open store and the clients that a command works with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.http_client import LazyHttpClient
from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Credentials
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.rate_limiter import RateLimiter
from widget.sources.registry import create_adapter
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
    """The settings, the open store and the HTTP client of one command."""

    settings: Settings
    store: Store
    http: LazyHttpClient

    @property
    def rate_limiter(self) -> RateLimiter:
        return RateLimiter(self.store, SystemClock(), self.settings.daily_call_limit)

    @property
    def accounts(self) -> AccountsApi:
        return AccountsApi(self.http, self.settings.accounts_url, SystemClock())

    @property
    def authorization_flow(self) -> AuthorizationFlow:
        api = WebApi(self.http, self.settings.api_url, SystemClock())
        return AuthorizationFlow(self.store, self.accounts, api, self.rate_limiter, SystemClock(), self.settings.seed)

    @property
    def token_manager(self) -> TokenManager:
        settings = self.settings
        return TokenManager(
            self.store, self.accounts, self.rate_limiter, SystemClock(), settings.credentials, settings.seed
        )

    def adapter(self, settings: Settings) -> SourceAdapter:
        """Return the adapter of the source in ``settings``."""
        return create_adapter(AdapterContext(settings, self.store, self.http, SystemClock()))

    async def poll_once(self, settings: Settings) -> None:
        """Make one real request to the source in ``settings``. Raises SourceError or StoreError."""
        client = self.adapter(settings).client
        try:
            await client.currently_playing()
        finally:
            await client.close()

    async def check_storage(self) -> None:
        """Raise :class:`ConfigurationError` if an authorization could not be stored."""
        try:
            await self.authorization_flow.check_storage()
        except StoreError as error:
            raise ConfigurationError(str(error)) from error

    async def credentials(self) -> Credentials | None:
        """Return the client ID and secret that are set or stored."""
        return effective_credentials(self.settings.credentials, await self.store.credentials())


@asynccontextmanager
async def command_context(
    settings: Settings, http: httpx.AsyncClient | None = None, *, read_only: bool = False
) -> AsyncIterator[CommandContext]:
    """Open the store and close everything at the end. ``http`` replaces the client.

    With ``read_only`` the database is neither created nor migrated.
    """
    async with AsyncExitStack() as stack:
        client = LazyHttpClient(http, settings.public_url)
        stack.push_async_callback(client.close)
        store = create_store(settings.database_url)
        stack.push_async_callback(store.close)
        try:
            await store.open(migrate=not read_only)
        except StoreError as error:
            raise ConfigurationError(str(error)) from error  # Before any service is asked.
        yield CommandContext(settings, store, client)
