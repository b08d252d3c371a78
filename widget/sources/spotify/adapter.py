"""Asks Spotify: authorized, through the gate, and without asking again what was just refused."""

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
from widget.sources.spotify.authorization_flow import AuthorizationFlow
from widget.sources.spotify.daily_refresh import DailyRefresh
from widget.sources.spotify.reauthorization import CurrentAccount, SpotifyReauthorization
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.token_selection import effective_authorization, is_seed_spent
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store
from widget.store.factory import is_ephemeral

FORBIDDEN_RETRY_SECONDS = 600.0
REFUSED_RETRY_SECONDS = 10.0
ACCOUNT_RETRY_SECONDS = 600.0
RECENTLY_PLAYED_SCOPE = SCOPES[1]
FRESH_TOKENS_REFUSED = "Spotify refuses fresh access tokens."
TOKEN_UNSAVED_ERROR = (
    "The database has not taken the token that Spotify gave: it is kept in memory; do not stop this program."  # noqa: S105
)

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


class SpotifyClient:
    """The watcher's way to Spotify. Every method makes at most one question, or raises for free where it is known
    that asking is no use; so it may be called as often as one likes."""

    def __init__(
        self,
        access: TokenManager,
        api: WebApi,
        gate: RateLimiter,
        store: Store,
        clock: Clock,
        seed: SeedToken | None = None,
        *,
        lists: bool = False,
        disk_may_go: bool = False,
    ) -> None:
        self._access = access
        self._api = api
        self._gate = gate
        self._store = store
        self._clock = clock
        self._seed = seed
        self._lists = lists
        self._disk_may_go = disk_may_go
        self._forbidden = CircuitBreaker(clock)
        self._without_recently_played: object = None
        self._fresh_tokens = CircuitBreaker(clock)
        self._learning: asyncio.Task[None] | None = None
        self._account_asked_at: float | None = None

    async def currently_playing(self) -> Playback:
        """What plays now. Raises SourceError or StoreError."""
        authorization = _identity(await self._token())
        self._forbidden.check(authorization)
        try:
            playback = await self._ask(self._api.currently_playing)
        except Forbidden as error:
            raise self._forbidden.trip(error, FORBIDDEN_RETRY_SECONDS, authorization) from error
        self._forbidden.reset()
        await self._learn_whose_it_is()
        return playback

    async def recently_played(self) -> tuple[PlayedItem, ...]:
        """What was played, newest first; nothing, without asking, where that scope was not granted."""
        token = await self._token()
        authorization = _identity(token)
        lacks_scope = token is not None and bool(token.scopes) and RECENTLY_PLAYED_SCOPE not in token.scopes
        if lacks_scope or self._without_recently_played == (authorization,):
            self._say_what_is_missing()
            return ()
        try:
            return await self._ask(self._api.recently_played)
        except ScopeMissing:
            self._without_recently_played = (authorization,)
            self._say_what_is_missing()
            return ()

    def _say_what_is_missing(self) -> None:
        """Once, and only where the owner wants the list that cannot be had."""
        if self._lists:
            self._lists = False
            log.warning("RECENT shows nothing: Spotify did not grant %s; authorize again.", RECENTLY_PLAYED_SCOPE)

    async def authorization_status(self) -> AuthorizationStatus:
        """How the authorization stands."""
        token = await self._token()
        health = authorization_status(token, self._clock.now())
        if not self._disk_may_go or health.state == "needs_authorization":
            return health
        return replace(health, seed_is_spent=is_seed_spent(self._seed, token, await self._store.seed_fingerprint()))

    async def known_problem(self) -> SourceProblem | None:
        """Why asking is no use now, as far as the store knows; asks nobody. May raise StoreError."""
        if self._access.has_unsaved_token:
            return SourceProblem("store_unavailable", TOKEN_UNSAVED_ERROR)
        try:
            await self._access.check()
            await self._gate.check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """The Web API calls of the last 24 hours: (beginning of the minute, number), oldest first."""
        return await self._gate.calls_last_24h()

    async def close(self) -> None:
        """Waits for a refresh under way."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)
        await self._access.close()

    async def _ask(self, question: Callable[[AccessToken], Awaitable[Answer]]) -> Answer:
        await self._gate.check()
        self._fresh_tokens.check()
        access = await self._access.token()
        try:
            return await self._paid(question, access)
        except AccessTokenRefused:
            access = await self._access.replace_rejected(access)
        try:
            return await self._paid(question, access)
        except AccessTokenRefused:
            # Refreshed once, tried once more: yet another token would be refused as well.
            self._fresh_tokens.trip(AccessTokenRefused(FRESH_TOKENS_REFUSED), REFUSED_RETRY_SECONDS)
            await self._access.reject(access)
            raise

    async def _paid(self, question: Callable[[AccessToken], Awaitable[Answer]], access: AccessToken) -> Answer:
        async with self._gate.slot():
            return await question(access)

    async def _learn_whose_it_is(self) -> None:
        """Beside the question, whose answer must not wait: a seed's token does not tell its account."""
        token, now = await self._token(), self._clock.monotonic()
        asked_at = self._account_asked_at
        if token is None or token.account is not None or token.access is None:
            return
        if asked_at is None or now - asked_at >= ACCOUNT_RETRY_SECONDS:
            self._account_asked_at = now
            self._learning = asyncio.create_task(self._ask_whose_it_is(token, token.access))

    async def _ask_whose_it_is(self, token: Authorization, access: AccessToken) -> None:
        try:
            account = await self._paid(self._api.me, access)
            await self._store.save_account(token.refresh_token, account)
        except (SourceError, StoreError) as error:
            log.info("whose token it is could not be learned (%s); tried again later", type(error).__name__)

    async def _token(self) -> Authorization | None:
        return await effective_authorization(self._store, self._seed, self._clock.now())


def _identity(token: Authorization | None) -> object:
    """What tells one authorization from the next; rotation does not change it."""
    return None if token is None else (token.authorized_at, token.account)


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing, with what ``/setup`` authorizes by."""
    settings, store, clock = parts.settings, parts.store, parts.clock
    gate = RateLimiter(store, clock, settings.daily_call_limit)
    accounts = AccountsApi(parts.http, settings.accounts_url, clock)
    api = WebApi(parts.http, settings.api_url, clock)
    may_go = is_ephemeral(settings.database_url, settings.has_ephemeral_disk)
    access = TokenManager(
        store,
        accounts,
        gate,
        clock,
        settings.credentials,
        settings.seed,
        disk_may_go=may_go,
        reauthorize=settings.reauthorization_hint,
    )
    reauthorization = SpotifyReauthorization(
        store,
        AuthorizationFlow(store, accounts, api, gate, clock, settings.seed),
        CurrentAccount(store, access, api, gate, clock, settings.seed),
        clock,
        key=settings.setup_key,
        accounts_url=settings.accounts_url,
        credentials=settings.credentials,
    )
    gateway = SpotifyClient(
        access, api, gate, store, clock, settings.seed, lists=settings.recent > 0, disk_may_go=may_go
    )
    return SourceAdapter(SPOTIFY, gateway, reauthorization, (DailyRefresh(access, clock),))
