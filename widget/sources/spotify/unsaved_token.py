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
        self._is_kept = False

    @property
    def is_pending(self) -> bool:
        """Whether there is a token that the store has not taken yet."""
        return self._waiting is not None

    def set(self, used: str, token: Authorization, credentials: Credentials, seed_fingerprint: str | None) -> None:
        """``token`` came for the refresh token ``used``; the rest is what a database that was lost meanwhile held."""
        self._waiting, self._is_kept = (used, token, credentials, seed_fingerprint), False

    def retry_holding_locks(self, locks: AsyncExitStack) -> None:
        """The store did not take it: tries on, and lets go of ``locks`` only then. Who refreshed meanwhile would do it
        with a token that is spent."""
        self._locks = locks
        self._trying = asyncio.create_task(self._try_on())

    async def save(self) -> bool:
        """Persists it; False where another authorization had replaced the token meanwhile. May raise StoreError."""
        async with self._one_at_a_time:
            if self._waiting is None:
                return True
            saved = await self._store.save_refresh(*self._waiting)
            self._waiting, self._is_kept = None, False
            await self._let_go("the token that Spotify gave is saved")
        return saved

    async def close(self) -> None:
        """Try once more; else the token waits for the next start, if the store has a place for it."""
        with suppress(StoreError):
            await self.save()
        await self._keep_for_next_start()
        if self._trying is not None:
            self._trying.cancel()
            with suppress(asyncio.CancelledError):
                await self._trying
        if self._is_kept:
            await self._let_go("the token that Spotify gave waits in a file beside the database for the next start")
        else:
            await self._let_go("the token that Spotify gave could not be saved; if it was a new one, authorize again")

    async def _keep_for_next_start(self) -> None:
        """Keep the token outside the database, so that it survives the end of this process."""
        if self._waiting is not None and not self._is_kept:
            self._is_kept = await self._store.save_for_next_start(*self._waiting[:2])

    async def _try_on(self) -> None:
        await self._keep_for_next_start()
        place = "in a file beside it" if self._is_kept else "in memory"
        warning = "" if self._is_kept else "; do not stop this program before it is saved"
        log.error(
            "the database did not take the token that Spotify gave: it is kept %s and tried every second%s",
            place,
            warning,
        )
        while self.is_pending:
            await self._clock.sleep(RETRY_SECONDS)
            with suppress(StoreError):
                await self.save()

    async def _let_go(self, told: str) -> None:
        locks, self._locks = self._locks, None
        if locks is not None:
            log.warning("%s", told)
            await locks.aclose()
