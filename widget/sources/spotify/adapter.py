"""Spotify as a source: authorized requests within the quota."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from widget.clock import Clock
from widget.model.errors import AccessTokenRefused, Forbidden, ScopeMissing, SourceError, StoreError
from widget.model.playback import Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.sources import SPOTIFY
from widget.model.tokens import AccessToken, Authorization, AuthorizationStatus, SeedToken, authorization_status
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.circuit_breaker import CircuitBreaker
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import SCOPES, AccountsApi
from widget.sources.spotify.daily_refresh import DailyRefresh
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.token_selection import effective_authorization, is_seed_spent
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store
from widget.store.factory import is_ephemeral

# The owner has to act first (subscribe, or add a user), and each try costs a call of the quota.
FORBIDDEN_RETRY_SECONDS = 600.0
REFUSED_RETRY_SECONDS = 10.0
ACCOUNT_RETRY_SECONDS = 600.0
RECENTLY_PLAYED_SCOPE = SCOPES[1]
FRESH_TOKENS_REFUSED = "Spotify refuses fresh access tokens."
TOKEN_IN_MEMORY_ERROR = (
    "The database has not taken the new token from Spotify: it is kept in memory. Do not stop this program."  # noqa: S105
)
TOKEN_KEPT_ERROR = (
    "The database has not taken the new token from Spotify: it is kept outside it, and saved as soon as possible."  # noqa: S105
)

Response = TypeVar("Response")

log = logging.getLogger(__name__)


class SpotifyClient:
    """The :class:`widget.sources.base.SourceClient` of Spotify."""

    def __init__(
        self,
        token_manager: TokenManager,
        api: WebApi,
        rate_limiter: RateLimiter,
        store: Store,
        clock: Clock,
        seed: SeedToken | None = None,
        *,
        publishes_history: bool = False,
        disk_is_ephemeral: bool = False,
    ) -> None:
        self._token_manager = token_manager
        self._api = api
        self._rate_limiter = rate_limiter
        self._store = store
        self._clock = clock
        self._seed = seed
        self._warns_of_scope = publishes_history
        self._disk_is_ephemeral = disk_is_ephemeral
        self._forbidden = CircuitBreaker(clock)
        self._without_recently_played: object = None
        self._fresh_tokens = CircuitBreaker(clock)
        self._account_lookup: asyncio.Task[None] | None = None
        self._account_lookup_at: float | None = None

    async def currently_playing(self) -> Playback:
        """Return the current playback. Raises SourceError or StoreError."""
        authorization = _identity(await self._token())
        self._forbidden.check(authorization)
        try:
            playback = await self._call(self._api.currently_playing)
        except Forbidden as error:
            raise self._forbidden.trip(error, FORBIDDEN_RETRY_SECONDS, authorization) from error
        self._forbidden.reset()
        await self._look_up_account()
        return playback

    async def recently_played(self) -> tuple[PlayedItem, ...]:
        """Return the plays, newest first; none, without a request, if that scope was not granted."""
        token = await self._token()
        authorization = _identity(token)
        # A seed brings no scopes: then Spotify's refusal decides.
        lacks_scope = token is not None and bool(token.scopes) and RECENTLY_PLAYED_SCOPE not in token.scopes
        if lacks_scope or self._without_recently_played == (authorization,):
            self._warn_of_missing_scope()
            return ()
        try:
            return await self._call(self._api.recently_played)
        except ScopeMissing:
            # A tuple, because the authorization itself may be None.
            self._without_recently_played = (authorization,)
            self._warn_of_missing_scope()
            return ()

    def _warn_of_missing_scope(self) -> None:
        if self._warns_of_scope:
            self._warns_of_scope = False
            log.warning("RECENT shows nothing: the scope %s was not granted; authorize again", RECENTLY_PLAYED_SCOPE)

    async def authorization_status(self) -> AuthorizationStatus:
        """Return the state of the authorization."""
        token = await self._token()
        health = authorization_status(token, self._clock.now())
        if not self._disk_is_ephemeral or health.state == "needs_authorization":
            return health
        return replace(health, seed_is_spent=is_seed_spent(self._seed, token, await self._store.seed_fingerprint()))

    async def known_problem(self) -> SourceProblem | None:
        """Return why a request would be refused now; makes none. May raise StoreError."""
        # First: the next steps would read the old token from the database.
        if self._token_manager.has_unsaved_token:
            is_kept = self._token_manager.unsaved_token_is_kept
            return SourceProblem("store_unavailable", TOKEN_KEPT_ERROR if is_kept else TOKEN_IN_MEMORY_ERROR)
        try:
            await self._token_manager.check()
            await self._rate_limiter.check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Return the calls of the last 24 hours: (start of the minute, number), oldest first."""
        return await self._rate_limiter.calls_last_24h()

    async def close(self) -> None:
        """Wait for a running refresh."""
        if self._account_lookup is not None:
            self._account_lookup.cancel()
            await asyncio.gather(self._account_lookup, return_exceptions=True)
        await self._token_manager.close()

    async def _call(self, call: Callable[[AccessToken], Awaitable[Response]]) -> Response:
        await self._rate_limiter.check()
        self._fresh_tokens.check()
        access = await self._token_manager.token()
        try:
            return await self._send(call, access)
        except AccessTokenRefused:
            access = await self._token_manager.replace_rejected(access)
        try:
            return await self._send(call, access)
        except AccessTokenRefused:
            # After one refresh and one retry, another token would be refused as well.
            self._fresh_tokens.trip(AccessTokenRefused(FRESH_TOKENS_REFUSED), REFUSED_RETRY_SECONDS)
            await self._token_manager.reject(access)
            raise

    async def _send(self, call: Callable[[AccessToken], Awaitable[Response]], access: AccessToken) -> Response:
        async with self._rate_limiter.slot():
            return await call(access)

    async def _look_up_account(self) -> None:
        """Start a task that looks up the account of a seed's token, without waiting for it."""
        token, now = await self._token(), self._clock.monotonic()
        looked_up_at = self._account_lookup_at
        if token is None or token.account is not None or token.access is None:
            return
        if looked_up_at is None or now - looked_up_at >= ACCOUNT_RETRY_SECONDS:
            # Before the request: a failing lookup must not be repeated with every poll.
            self._account_lookup_at = now
            self._account_lookup = asyncio.create_task(self._save_account(token, token.access))

    async def _save_account(self, token: Authorization, access: AccessToken) -> None:
        try:
            account = await self._send(self._api.me, access)
            await self._store.save_account(token.refresh_token, account)
        except (SourceError, StoreError) as error:
            log.info("cannot look up the token's account (%s); retrying later", type(error).__name__)

    async def _token(self) -> Authorization | None:
        return await effective_authorization(self._store, self._seed, self._clock.now())


def _identity(token: Authorization | None) -> object:
    """Return the identity of an authorization; rotation does not change it."""
    return None if token is None else (token.authorized_at, token.account)


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter, with the reauthorization for ``/setup`` if that has a key."""
    settings, store, clock = context.settings, context.store, context.clock
    rate_limiter = RateLimiter(store, clock, settings.daily_call_limit)
    accounts = AccountsApi(context.http, settings.accounts_url, clock)
    api = WebApi(context.http, settings.api_url, clock, settings.reauthorization_hint)
    disk_is_ephemeral = is_ephemeral(settings.database_url, settings.has_ephemeral_disk)
    token_manager = TokenManager(
        store,
        accounts,
        rate_limiter,
        clock,
        settings.credentials,
        settings.seed,
        disk_is_ephemeral=disk_is_ephemeral,
        reauthorize=settings.reauthorization_hint,
    )
    reauthorization = None
    # A start without /setup does without these modules.
    if settings.setup_key is not None:
        from widget.sources.spotify.authorization_flow import AuthorizationFlow
        from widget.sources.spotify.reauthorization import CurrentAccount, SpotifyReauthorization

        reauthorization = SpotifyReauthorization(
            store,
            AuthorizationFlow(store, accounts, api, rate_limiter, clock, settings.seed),
            CurrentAccount(store, token_manager, api, rate_limiter, clock, settings.seed),
            clock,
            key=settings.setup_key,
            accounts_url=settings.accounts_url,
            credentials=settings.credentials,
        )
    client = SpotifyClient(
        token_manager,
        api,
        rate_limiter,
        store,
        clock,
        settings.seed,
        publishes_history=settings.recent > 0,
        disk_is_ephemeral=disk_is_ephemeral,
    )
    return SourceAdapter(SPOTIFY, client, reauthorization, (DailyRefresh(token_manager, clock),))
