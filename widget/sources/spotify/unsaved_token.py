"""What a refresh gave, from its arrival until it is in the store: Spotify may take no other token any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.model.tokens import Authorization, Credentials
from widget.store.base import Store

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class UnsavedToken:
    """Keeps one token until the store takes it, and tries every second."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._waiting: tuple[str, Authorization, Credentials, str | None] | None = None
        self._locks: AsyncExitStack | None = None
        self._trying: asyncio.Task[None] | None = None

    @property
    def is_pending(self) -> bool:
        """Whether there is a token that the store has not taken yet."""
        return self._waiting is not None

    def set(self, used: str, token: Authorization, credentials: Credentials, seed_fingerprint: str | None) -> None:
        """``token`` came for the refresh token ``used``; the rest is what a database that was lost meanwhile held."""
        self._waiting = (used, token, credentials, seed_fingerprint)

    def retry_holding_locks(self, locks: AsyncExitStack) -> None:
        """The store did not take it: tries on, and lets go of ``locks`` only then. Who refreshed meanwhile would do it
        with a token that is spent."""
        self._locks = locks
        self._trying = asyncio.create_task(self._try_on())
        log.error(
            "the database did not take the token that Spotify gave: it is kept in memory and tried every second; do "
            "not stop this program before it is saved"
        )

    async def save(self) -> bool:
        """Persists it; False where another authorization had replaced the token meanwhile. May raise StoreError."""
        async with self._one_at_a_time:
            if self._waiting is None:
                return True
            saved = await self._store.save_refresh(*self._waiting)
            self._waiting = None
            await self._let_go("the token that Spotify gave is saved")
        return saved

    async def close(self) -> None:
        """One last try."""
        with suppress(StoreError):
            await self.save()
        if self._trying is not None:
            self._trying.cancel()
            with suppress(asyncio.CancelledError):
                await self._trying
        await self._let_go("the token that Spotify gave could not be saved; if it was a new one, authorize again")

    async def _try_on(self) -> None:
        while self.is_pending:
            await self._clock.sleep(RETRY_SECONDS)
            with suppress(StoreError):
                await self.save()

    async def _let_go(self, told: str) -> None:
        locks, self._locks = self._locks, None
        if locks is not None:
            log.warning("%s", told)
            await locks.aclose()
