"""Limits on calls that survive a restart: Retry-After blocks, and CALLS_PER_DAY."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

from widget.clock import Clock
from widget.http_client import MAX_RETRY_AFTER_SECONDS
from widget.model.error_info import error_message
from widget.model.errors import DailyLimitReached, QuotaExceeded, RateLimited, Throttled
from widget.model.sources import SourceName
from widget.model.tokens import SECONDS_PER_DAY, STORED_CLOCK_SKEW_SECONDS
from widget.store.base import Store
from widget.store.rows import RateLimitBlock


class RateLimiter:
    """Lets calls to ``source`` pass, or raises the reason why not."""

    def __init__(self, store: Store, clock: Clock, calls_per_day: int | None, source: SourceName = "spotify") -> None:
        self._store = store
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._source = source
        self._unsaved: RateLimitBlock | None = None

    async def check(self) -> None:
        """Raise :class:`Throttled` while a block lasts, or StoreError if that cannot be read."""
        if self._unsaved is not None:
            await self._save(self._unsaved)
        block = await self._store.rate_limit_block(self._source)
        if block is None:
            return
        seconds = block.until - self._clock.now()
        if seconds > 0 and self._is_credible(block):
            kind = QuotaExceeded if block.code == "quota_exceeded" else RateLimited
            raise kind(block.message, retry_after=seconds)

    async def acquire(self) -> None:
        """Count one call, unless calls are free.

        Raises Throttled, DailyLimitReached if none is left, or StoreError.
        """
        # First: a call that a block refuses must not be counted.
        await self.check()
        if self._calls_per_day is None:
            return
        now = self._clock.now()
        if not await self._store.count_call(now, self._calls_per_day, self._source):
            await self._raise_limit_reached(now)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Count one call, which the caller makes within; raises as :meth:`acquire`."""
        await self.acquire()
        # The call stays counted if it fails: Spotify counts it too.
        async with self.respecting_429():
            yield

    @asynccontextmanager
    async def respecting_429(self) -> AsyncIterator[None]:
        """Block all calls if the one within raises :class:`Throttled`."""
        try:
            yield
        except Throttled as error:
            # Held until the store has it: no call may be made when a database that failed is back.
            self._unsaved = block = RateLimitBlock(self._clock.now() + error.retry_after, error.code, str(error))
            await self._save(block)
            raise

    async def _save(self, block: RateLimitBlock) -> None:
        existing = await self._store.rate_limit_block(self._source)
        if existing is not None and not self._is_credible(existing):
            # The store would keep it, as it ends later than this one.
            await self._store.set_rate_limit_block(None, self._source)
        await self._store.set_rate_limit_block(block, self._source)
        if self._unsaved is block:
            self._unsaved = None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Return the calls of the last 24 hours: (start of the minute, number), oldest first."""
        return await self._calls_at(self._clock.now())

    async def _calls_at(self, now: float) -> Sequence[tuple[float, int]]:
        """Return the calls before ``now``; later ones were counted by a wrong clock."""
        calls = await self._store.calls_since(now - SECONDS_PER_DAY, self._source)
        return [(minute, number) for minute, number in calls if minute <= now + STORED_CLOCK_SKEW_SECONDS]

    def _is_credible(self, block: RateLimitBlock) -> bool:
        """Return whether ``block`` is no longer than any accepted one; others are of a wrong clock."""
        return block.until - self._clock.now() <= MAX_RETRY_AFTER_SECONDS

    async def _raise_limit_reached(self, now: float) -> NoReturn:
        calls = await self._calls_at(now)
        oldest = min((minute for minute, _ in calls), default=now)
        raise DailyLimitReached(
            error_message("budget_spent"),
            # Calls are counted by the minute, so the oldest one leaves the window up to a minute later.
            retry_after=max(1.0, oldest + 60 + SECONDS_PER_DAY - now),
        )
