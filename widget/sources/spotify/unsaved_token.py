"""The token of a refresh until the store has it: Spotify may accept no other any more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, suppress

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.model.tokens import Authorization, Credentials
from widget.store.base import Store

# Often, as everything else waits for the lock meanwhile.
RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class UnsavedToken:
    """Holds one token until the store takes it; tries every second."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._save_lock = asyncio.Lock()
        self._keep_lock = asyncio.Lock()
        self._pending: tuple[str, Authorization, Credentials, str | None] | None = None
        self._locks: AsyncExitStack | None = None
        self._retries: asyncio.Task[None] | None = None
        self._is_kept = False

    @property
    def is_pending(self) -> bool:
        """Whether the store has not taken the token yet."""
        return self._pending is not None

    @property
    def is_kept(self) -> bool:
        """Whether it is also kept outside the database, and so survives the end of this process."""
        return self._is_kept

    def set(self, used: str, token: Authorization, credentials: Credentials, seed_fingerprint: str | None) -> None:
        """Hold ``token``, which replaces the refresh token ``used``.

        The credentials and the fingerprint restore a database that is lost meanwhile.
        """
        self._pending, self._is_kept = (used, token, credentials, seed_fingerprint), False

    def retry_holding_locks(self, locks: AsyncExitStack) -> None:
        """Retry after the store failed, and release ``locks`` only then.

        A refresh meanwhile would use a token that is spent.
        """
        self._locks = locks
        self._retries = asyncio.create_task(self._retry())

    async def save(self) -> bool:
        """Store the token; return False if another authorization replaced it meanwhile.

        May raise StoreError.
        """
        async with self._save_lock:
            if self._pending is None:
                return True
            # Pending is cleared after this, not before: if it raises, the token is still here.
            saved = await self._store.save_refresh(*self._pending)
            self._pending, self._is_kept = None, False
            await self._release("the new token is saved")
        return saved

    async def close(self) -> None:
        """Save the token; else keep it for the next start, if the store has a place for it."""
        # First the place that nothing blocks: the program may have to end before a store that hangs responds.
        await self._keep_for_next_start()
        try:
            await self.save()
        except StoreError:
            # A refresh may have brought the token only now.
            await self._keep_for_next_start()
        if self._retries is not None:
            self._retries.cancel()
            with suppress(asyncio.CancelledError):
                await self._retries
        if self._is_kept:
            await self._release("the new token waits in a file beside the database for the next start")
        else:
            await self._release("the new token could not be saved; if access ends, authorize again")

    async def _keep_for_next_start(self) -> None:
        """Keep the token outside the database, so that it survives the end of this process."""
        # One at a time: the end of the program may come while the first try writes the same file.
        async with self._keep_lock:
            if self._pending is not None and not self._is_kept:
                self._is_kept = await self._store.save_for_next_start(*self._pending[:2])

    async def _retry(self) -> None:
        await self._keep_for_next_start()
        place = "in a file beside it" if self._is_kept else "in memory"
        warning = "" if self._is_kept else "; do not stop this program until it is saved"
        log.error(
            "the database did not take the new token from Spotify: it is kept %s and retried every second%s",
            place,
            warning,
        )
        while self.is_pending:
            await self._clock.sleep(RETRY_SECONDS)
            with suppress(StoreError):
                await self.save()

    async def _release(self, message: str) -> None:
        locks, self._locks = self._locks, None
        if locks is not None:
            log.warning("%s", message)
            await locks.aclose()
