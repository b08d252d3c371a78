"""The access token: refreshed before it expires, one refresh at a time, stored before use."""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from widget.background import ShieldedTasks
from widget.clock import Clock
from widget.model.error_info import SEED_SPENT, error_message
from widget.model.errors import InvalidCredentials, NeedsAuthorization, NotConfigured, StoreError
from widget.model.tokens import AccessToken, Authorization, Credentials, SeedToken
from widget.sources.circuit_breaker import CircuitBreaker
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import AccountsApi
from widget.sources.spotify.token_selection import (
    authorization_from_seed,
    effective_authorization,
    effective_credentials,
    is_seed_spent,
    seed_wins,
    without_future_dates,
)
from widget.sources.spotify.unsaved_token import UnsavedToken
from widget.store.base import Store

# Covers a request that takes long, and clocks that differ between instances.
REFRESH_MARGIN_SECONDS = 60.0
MAX_LIFETIME_SECONDS = 1e7
CREDENTIALS_RETRY_SECONDS = 300.0
CLOSE_SECONDS = 1.0
MAX_REJECTED_TOKENS = 8

NO_CLIENT_ID = "There is no client ID: set SPOTIFY_CLIENT_ID, or run python -m bootstrap."

log = logging.getLogger(__name__)


class TokenManager:
    """Provides access tokens.

    The store is the truth: a token that another process stored counts at once.
    """

    def __init__(
        self,
        store: Store,
        accounts: AccountsApi,
        rate_limiter: RateLimiter,
        clock: Clock,
        credentials: Credentials | None = None,
        seed: SeedToken | None = None,
        *,
        disk_is_ephemeral: bool = False,
        reauthorize: str | None = None,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._configured = credentials
        self._seed = seed
        self._disk_is_ephemeral = disk_is_ephemeral
        self._reauthorize = reauthorize
        self._tasks = ShieldedTasks()
        self._unsaved = UnsavedToken(store, clock)
        self._bad_credentials = CircuitBreaker(clock)
        self._rejected: deque[str] = deque(maxlen=MAX_REJECTED_TOKENS)

    @property
    def has_unsaved_token(self) -> bool:
        """Whether a new token waits for the database."""
        return self._unsaved.is_pending

    @property
    def unsaved_token_is_kept(self) -> bool:
        """Whether that token survives the end of this process."""
        return self._unsaved.is_kept

    async def token(self) -> AccessToken:
        """Return a valid access token.

        Raises :class:`NotConfigured`, :class:`NeedsAuthorization`, :class:`InvalidCredentials`,
        :class:`widget.model.errors.Throttled`, :class:`widget.model.errors.SpotifyUnreachable` or :class:`StoreError`.
        """
        await self._unsaved.save()
        token = self._usable(await effective_authorization(self._store, self._seed, self._clock.now()))
        if self._is_usable(token):
            return _access(token)
        return _access(await self._refresh_unless(self._is_usable))

    async def check(self) -> None:
        """Raise NotConfigured, NeedsAuthorization or InvalidCredentials if known; request nothing."""
        token = self._usable(await effective_authorization(self._store, self._seed, self._clock.now()))
        # Known refusals concern refreshes: a valid access token works on without them.
        refused = self._bad_credentials.last_error((await self._credentials(), token.refresh_token))
        if refused is not None and not self._is_usable(token):
            raise InvalidCredentials(str(refused))

    async def replace_rejected(self, access: AccessToken) -> AccessToken:
        """Return another access token than ``access``, which Spotify refused (401).

        Raises as :meth:`token`.
        """
        await self.reject(access)
        return _access(await self._refresh_unless(self._is_usable))

    async def reject(self, access: AccessToken) -> None:
        """Discard ``access`` in every process, as Spotify refused it."""
        # In memory first: the database may fail, and this process must not use the token again.
        self._rejected.append(access.value)
        await self._store.discard_access_token(access.value)

    async def refresh_if_older_than(self, seconds: float) -> None:
        """Refresh the token if it is older than ``seconds``; raises as :meth:`token`."""

        def is_fresh(token: Authorization) -> bool:
            now = self._clock.now()
            return token.last_refreshed_at is not None and now - seconds < token.last_refreshed_at <= now

        if not is_fresh(self._usable(await effective_authorization(self._store, self._seed, self._clock.now()))):
            await self._refresh_unless(is_fresh)

    async def refresh_now(self, not_before: float) -> Authorization:
        """Return the token after a refresh by any process since ``not_before`` (s since the epoch).

        This is for the owner's check: a revoked token is tried too, since Spotify has been wrong about that.
        """

        def satisfied(token: Authorization) -> bool:
            refreshed_at = without_future_dates(token, self._seed, self._clock.now()).last_refreshed_at
            # Dates from a clock that was ahead would make every refresh look done.
            return not token.needs_authorization and (refreshed_at or 0) >= not_before

        return await self._refresh_unless(satisfied, is_manual=True)

    async def close(self) -> None:
        """Wait for a running refresh: a rotated token must reach the disk."""
        await self._tasks.drain(CLOSE_SECONDS)
        await self._unsaved.close()

    async def _refresh_unless(
        self, satisfied: Callable[[Authorization], bool], *, is_manual: bool = False
    ) -> Authorization:
        await self._unsaved.save()
        # The caller may be cancelled; the refresh goes on, as its response may hold the only valid token.
        return await self._tasks.run(self._refresh(satisfied, is_manual))

    async def _refresh(self, satisfied: Callable[[Authorization], bool], is_manual: bool) -> Authorization:
        async with AsyncExitStack() as locks:
            await locks.enter_async_context(self._store.refresh_lock())
            try:
                return await self._refresh_locked(satisfied, is_manual)
            except StoreError:
                # No other process may refresh before this token is in the database.
                if self._unsaved.is_pending:
                    self._unsaved.retry_holding_locks(locks.pop_all())
                raise

    async def _refresh_locked(self, satisfied: Callable[[Authorization], bool], is_manual: bool) -> Authorization:
        # Ends: each turn needs another authorization, stored by the owner meanwhile.
        while True:
            token = await self._stored_token()
            if not is_manual:
                self._usable(token)
            # Checked again under the lock: another process may have refreshed while this one waited.
            if satisfied(token):
                return token
            if (refreshed := await self._refresh_token(token)) is not None:
                return refreshed

    async def _refresh_token(self, token: Authorization) -> Authorization | None:
        """Refresh and store ``token``; return None if another authorization replaced it meanwhile."""
        credentials = await self._credentials()
        await self._rate_limiter.check()
        self._bad_credentials.check((credentials, token.refresh_token))
        # The response may hold the only valid token, so there must be space for it first.
        await self._store.reserve_space()
        return await self._request_refresh(credentials, token)

    async def _credentials(self) -> Credentials:
        credentials = effective_credentials(self._configured, await self._store.credentials())
        if credentials is None:
            raise NotConfigured(NO_CLIENT_ID)
        return credentials

    async def _stored_token(self) -> Authorization:
        token = await self._store.authorization()
        if self._seed is not None and await self._seed_wins(token):
            token = authorization_from_seed(self._seed)
            await self._store.save_authorization(token, None, self._seed.fingerprint)
        if token is None:
            raise NotConfigured(error_message("not_configured"))
        return token

    async def _request_refresh(self, credentials: Credentials, token: Authorization) -> Authorization | None:
        try:
            async with self._rate_limiter.respecting_429():
                response = await self._accounts.refresh(credentials, token.refresh_token)
        except NeedsAuthorization as error:
            # Marked, not deleted: Spotify has once reported good tokens as revoked.
            await self._store.mark_needs_authorization(token.refresh_token)
            if await self._was_replaced(token):
                return None
            raise self._needs_authorization() from error
        except InvalidCredentials as error:
            key = (credentials, token.refresh_token)
            raise self._bad_credentials.trip(error, CREDENTIALS_RETRY_SECONDS, key) from error
        refreshed = replace(
            token,
            # Since mid-2026 a refresh normally returns none.
            refresh_token=response.refresh_token or token.refresh_token,
            access=response.access,
            scopes=response.scopes or token.scopes,
            last_refreshed_at=self._clock.now(),
            needs_authorization=False,
        )
        self._bad_credentials.reset()
        fingerprint = None if self._seed is None else self._seed.fingerprint
        self._unsaved.set(token.refresh_token, refreshed, credentials, fingerprint)
        # It is not used before it is stored, as its use may end the one before.
        saved = await self._unsaved.save()
        if saved:
            self._warn_if_spent(token, refreshed)
        return refreshed if saved else None

    def _warn_if_spent(self, used: Authorization, refreshed: Authorization) -> None:
        seed = self._seed
        if not self._disk_is_ephemeral or seed is None or used.refresh_token != seed.refresh_token:
            return
        if is_seed_spent(seed, refreshed, seed.fingerprint):
            log.warning("%s", SEED_SPENT.message)

    def _usable(self, token: Authorization | None) -> Authorization:
        """Return ``token``.

        Raises NotConfigured without one, or NeedsAuthorization if Spotify has ended it.
        """
        if token is None:
            raise NotConfigured(error_message("not_configured"))
        if token.needs_authorization:
            raise self._needs_authorization()
        return token

    def _needs_authorization(self) -> NeedsAuthorization:
        return NeedsAuthorization(error_message("needs_authorization", reauthorize=self._reauthorize))

    async def _was_replaced(self, token: Authorization) -> bool:
        stored = await self._store.authorization()
        return stored is not None and stored.refresh_token != token.refresh_token

    def _is_usable(self, token: Authorization) -> bool:
        if token.needs_authorization or token.access is None or token.access.value in self._rejected:
            return False
        if token.access.expires_at - self._clock.now() > MAX_LIFETIME_SECONDS:
            return False  # A clock was wrong.
        issued_at = token.last_refreshed_at or token.authorized_at or 0.0
        lifetime = token.access.expires_at - issued_at
        # A tenth for short lifetimes, or such a token would never count as usable.
        early = min(REFRESH_MARGIN_SECONDS, lifetime / 10) if lifetime > 0 else REFRESH_MARGIN_SECONDS
        return self._clock.now() < token.access.expires_at - early

    async def _seed_wins(self, token: Authorization | None) -> bool:
        plausible = None if token is None else without_future_dates(token, self._seed, self._clock.now())
        return seed_wins(self._seed, plausible, await self._store.seed_fingerprint())


def _access(token: Authorization) -> AccessToken:
    if token.access is None:
        raise StoreError("the stored token was replaced while it was refreshed; the next request uses the new one")
    return token.access
