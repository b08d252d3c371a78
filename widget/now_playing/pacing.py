"""How often to poll: the interval that the daily quota allows, and a token bucket."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.model.tokens import SECONDS_PER_DAY
from widget.now_playing.timeouts import Timeouts
from widget.sources.base import SourceClient

UNLIMITED_ABOVE, PACED_BELOW = 0.9, 0.8
"""Above the first share of the quota polls are not slowed, below the second they are spread evenly."""

RESERVE_SHARE = 0.02
"""This share of the quota is never planned for, so that it does not run out."""

# Nearly a day shows the owner's and the visitors' habits.
ENOUGH_HISTORY_SECONDS = 20 * 3600.0
# However scarce the quota is, a change shows within a quarter of an hour.
MAX_INTERVAL_SECONDS = 900.0
_MINUTE = 60.0
_SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""The quota must last for each of these parts of the time ahead, too."""

Calls = Sequence[tuple[float, int]]


def poll_interval_for_quota(calls: Calls, now: float, calls_per_day: int) -> float:
    """Return the seconds between two polls that the quota allows; 0 while plenty is left.

    ``calls`` are the calls of the last 24 hours: (start of the minute in s since the epoch, number), oldest first.
    """
    totals = list(accumulate((number for _, number in calls), initial=0))
    left = calls_per_day - totals[-1]
    slowdown = (UNLIMITED_ABOVE - left / calls_per_day) / (UNLIMITED_ABOVE - PACED_BELOW)
    if slowdown <= 0:
        return 0.0
    expected = _expected_seconds(calls, now)
    spread = 0.0
    for share in _SHARES:
        seconds = expected * share
        returned = totals[bisect_right(calls, now + seconds, key=_returns_at)]
        spread = max(spread, _interval_over(seconds, left - calls_per_day * RESERVE_SHARE + returned))
    return spread * min(1.0, slowdown)


def _returns_at(call: tuple[float, int]) -> float:
    return call[0] + SECONDS_PER_DAY


def _expected_seconds(calls: Calls, now: float) -> float:
    """Return the seconds of a day in which viewers are expected."""
    age = now - calls[0][0]
    if age >= ENOUGH_HISTORY_SECONDS:
        # One entry for each minute with viewers.
        return max(_MINUTE, len(calls) * _MINUTE)
    return SECONDS_PER_DAY - max(0.0, age)


def _interval_over(seconds: float, available: float) -> float:
    """Return the interval that spreads ``available`` calls over the next ``seconds``."""
    return min(MAX_INTERVAL_SECONDS, seconds / available) if available > 0 else MAX_INTERVAL_SECONDS


# Enough for an end and its two retries at once, with one to spare.
BUCKET_SIZE = 4.0


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """``tokens`` polls were allowed at ``at`` (monotonic s); each interval adds one."""

    tokens: float = BUCKET_SIZE
    at: float = 0.0

    def refilled(self, now: float, pace: float) -> "TokenBucket":
        """Return the bucket at ``now`` with one more token per ``pace`` (s); full if that is 0."""
        added = BUCKET_SIZE if pace <= 0 else (now - self.at) / pace
        return TokenBucket(min(BUCKET_SIZE, self.tokens + added), now)

    def capped_after_pause(self, seconds: float, pace: float) -> "TokenBucket":
        """Return the bucket with at most the tokens of the ``seconds`` since the last response."""
        # A clock that was set back must not stop polls until it has caught up.
        return self if pace <= 0 else replace(self, tokens=min(self.tokens, max(0.0, seconds) / pace))

    def consumed(self) -> "TokenBucket":
        """Return the bucket after a poll."""
        return replace(self, tokens=self.tokens - 1.0)


def seconds_until_tokens(tokens: float, pace: float, needed: float = 1.0) -> float:
    """Return the seconds until ``tokens`` have grown to those ``needed``."""
    return max(0.0, (needed - tokens) * pace)


class PollPacer:
    """Paces the polls of ``client`` within ``calls_per_day``, None if they are free."""

    def __init__(self, client: SourceClient, timeouts: Timeouts, clock: Clock, calls_per_day: int | None) -> None:
        self._client = client
        self._timeouts = timeouts
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._bucket = TokenBucket(at=clock.monotonic())
        self._last_pace = 0.0

    @property
    def has_token(self) -> bool:
        """Return whether a poll was allowed when the bucket was last refilled."""
        return self._bucket.tokens >= 1

    def consume(self) -> None:
        """Count a poll."""
        self._bucket = self._bucket.consumed()

    def tokens_at(self, pace: float) -> float:
        """Return the polls that are allowed now, with one more for each ``pace`` (s)."""
        self._bucket = self._bucket.refilled(self._clock.monotonic(), pace)
        return self._bucket.tokens

    async def pace(self) -> float:
        """Return the seconds between two polls; the last value if the store fails."""
        if self._calls_per_day is None:
            return 0.0
        try:
            calls = await self._timeouts.store(self._client.calls_last_24h())
        except StoreError:
            # A database that fails for a moment must not let polls run free.
            return self._last_pace
        self._last_pace = poll_interval_for_quota(calls, self._clock.now(), self._calls_per_day)
        return self._last_pace

    async def delay_after_idle(self, last_response_at: float | None) -> float:
        """Return the seconds that the first poll after a pause must wait.

        ``last_response_at`` (s since the epoch) is of any instance; None if there was none.
        """
        pace = await self.pace()
        self.tokens_at(pace)
        if last_response_at is not None:
            self._bucket = self._bucket.capped_after_pause(self._clock.now() - last_response_at, pace)
        return seconds_until_tokens(self._bucket.tokens, pace)
