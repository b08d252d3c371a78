"""The one gate that every question to a source passes: its bans, and our own budget. Both survive a restart."""

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
    """Lets questions to ``source`` through, or raises why not."""

    def __init__(self, store: Store, clock: Clock, calls_per_day: int | None, source: SourceName = "spotify") -> None:
        self._store = store
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._source = source

    async def check(self) -> None:
        """Raises :class:`Throttled` while a ban lasts."""
        ban = await self._store.rate_limit_block(self._source)
        if ban is None:
            return
        seconds = ban.until - self._clock.now()
        if seconds > 0 and self._is_credible(ban):
            kind = QuotaExceeded if ban.code == "quota_exceeded" else RateLimited
            raise kind(ban.message, retry_after=seconds)

    async def acquire(self) -> None:
        """Counts one question, unless they are free. Raises Throttled, or DailyLimitReached where none is left."""
        await self.check()
        if self._calls_per_day is None:
            return
        now = self._clock.now()
        if not await self._store.count_call(now, self._calls_per_day, self._source):
            await self._raise_spent(now)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """One counted question is asked within; raises as :meth:`spend`, before it is. Heeded as in :meth:`heeded`."""
        await self.acquire()
        async with self.respecting_429():
            yield

    @asynccontextmanager
    async def respecting_429(self) -> AsyncIterator[None]:
        """Closes the gate where what is asked within raises :class:`Throttled`."""
        try:
            yield
        except Throttled as error:
            await self._close(error)
            raise

    async def _close(self, error: Throttled) -> None:
        """For as long as the source asks."""
        standing = await self._store.rate_limit_block(self._source)
        if standing is not None and not self._is_credible(standing):
            # It would outlast this one in the store, and is not obeyed.
            await self._store.set_rate_limit_block(None, self._source)
        await self._store.set_rate_limit_block(
            RateLimitBlock(self._clock.now() + error.retry_after, error.code, str(error)), self._source
        )

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """The questions of the last 24 hours: (beginning of the minute, number), oldest first."""
        return await self._calls_at(self._clock.now())

    async def _calls_at(self, now: float) -> Sequence[tuple[float, int]]:
        """Those of the future were counted while the machine's clock was wrong."""
        calls = await self._store.calls_since(now - SECONDS_PER_DAY, self._source)
        return [(minute, spent) for minute, spent in calls if minute <= now + STORED_CLOCK_SKEW_SECONDS]

    def _is_credible(self, ban: RateLimitBlock) -> bool:
        """A ban longer than any that we accept was written while the machine's clock was wrong."""
        return ban.until - self._clock.now() <= MAX_RETRY_AFTER_SECONDS

    async def _raise_spent(self, now: float) -> NoReturn:
        calls = await self._calls_at(now)
        oldest = min((minute for minute, _ in calls), default=now)
        raise DailyLimitReached(
            error_message("budget_spent"),
            retry_after=max(1.0, oldest + 60 + SECONDS_PER_DAY - now),
        )
