"""How often this instance may ask: the pace that the budget affords, and the questions that were saved up."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from widget.clock import Clock
from widget.model.errors import StoreError
from widget.model.tokens import SECONDS_PER_DAY
from widget.now_playing.timeouts import Source, Timeouts

UNLIMITED_ABOVE, PACED_BELOW = 0.9, 0.8
"""Above the first share of the budget nothing is held back, below the second everything is spread."""

RESERVE_SHARE = 0.02
"""This share of the budget is never planned with, so that it does not run dry: what is refused is missed for long."""

ENOUGH_HISTORY_SECONDS = 20 * 3600.0
MAX_INTERVAL_SECONDS = 900.0
_MINUTE = 60.0
_SHARES = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""What is spent now must not be missing soon either: no part of the time may run dry."""

Calls = Sequence[tuple[float, int]]


def poll_interval_for_quota(calls: Calls, now: float, calls_per_day: int) -> float:
    """The seconds between two questions that the budget affords while somebody watches; 0 while plenty is left.

    ``calls`` are the calls of the last 24 hours: (beginning of the minute in s since the epoch, number), oldest first.
    """
    totals = list(accumulate((spent for _, spent in calls), initial=0))
    left = calls_per_day - totals[-1]
    held_back = (UNLIMITED_ABOVE - left / calls_per_day) / (UNLIMITED_ABOVE - PACED_BELOW)
    if held_back <= 0:
        return 0.0
    expected = _expected_seconds(calls, now)
    spread = 0.0
    for share in _SHARES:
        seconds = expected * share
        come_back = totals[bisect_right(calls, now + seconds, key=_comes_back_at)]
        spread = max(spread, _pace_over(seconds, left - calls_per_day * RESERVE_SHARE + come_back))
    return spread * min(1.0, held_back)


def _comes_back_at(call: tuple[float, int]) -> float:
    return call[0] + SECONDS_PER_DAY


def _expected_seconds(calls: Calls, now: float) -> float:
    """For how long somebody will watch, as far as it matters for the budget."""
    age = now - calls[0][0]
    if age >= ENOUGH_HISTORY_SECONDS:
        return max(_MINUTE, len(calls) * _MINUTE)
    return SECONDS_PER_DAY - max(0.0, age)


def _pace_over(seconds: float, available: float) -> float:
    """The pace that spreads ``available`` calls over the next ``seconds``."""
    return min(MAX_INTERVAL_SECONDS, seconds / available) if available > 0 else MAX_INTERVAL_SECONDS


BUCKET_SIZE = 4.0


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """``credit`` questions may be asked at ``at`` (monotonic s); one more is earned in each pace."""

    tokens: float = BUCKET_SIZE
    at: float = 0.0

    def refilled(self, now: float, pace: float) -> "TokenBucket":
        """What it has grown to at ``now``, at a ``pace`` in s; where that is 0 nothing is held back."""
        earned = BUCKET_SIZE if pace <= 0 else (now - self.at) / pace
        return TokenBucket(min(BUCKET_SIZE, self.tokens + earned), now)

    def capped_after_pause(self, seconds: float, pace: float) -> "TokenBucket":
        """No more than is earned in the ``seconds`` since the last answer, whichever instance heard it."""
        return self if pace <= 0 else replace(self, tokens=min(self.tokens, seconds / pace))

    def consumed(self) -> "TokenBucket":
        """After a question."""
        return replace(self, tokens=self.tokens - 1.0)


def seconds_until_tokens(credit: float, pace: float, questions: float = 1.0) -> float:
    """How long to wait, in s, until ``credit`` has grown to so many ``questions``."""
    return max(0.0, (questions - credit) * pace)


class PollPacer:
    """Counts the questions to ``source`` against ``calls_per_day``, None if they are free."""

    def __init__(self, source: Source, limits: Timeouts, clock: Clock, calls_per_day: int | None) -> None:
        self._source = source
        self._limits = limits
        self._clock = clock
        self._calls_per_day = calls_per_day
        self._allowance = TokenBucket(at=clock.monotonic())
        self._last_pace = 0.0

    @property
    def has_token(self) -> bool:
        """Whether a question was saved up, when that was looked at last."""
        return self._allowance.tokens >= 1

    def consume(self) -> None:
        """After a question."""
        self._allowance = self._allowance.consumed()

    def tokens_at(self, pace: float) -> float:
        """The questions that are saved up by now, at a ``pace`` in s."""
        self._allowance = self._allowance.refilled(self._clock.monotonic(), pace)
        return self._allowance.tokens

    async def pace(self) -> float:
        """The seconds between two questions; as before, where the calls cannot be counted now."""
        if self._calls_per_day is None:
            return 0.0
        try:
            calls = await self._limits.store(self._source.calls_last_24h())
        except StoreError:
            return self._last_pace
        self._last_pace = poll_interval_for_quota(calls, self._clock.now(), self._calls_per_day)
        return self._last_pace

    async def delay_after_idle(self, heard_at: float | None) -> float:
        """How long the first question after a pause must wait. ``heard_at`` (s since the epoch) is when the last answer
        came, to whichever instance; None where none did."""
        affords = await self.pace()
        self.tokens_at(affords)
        if heard_at is not None:
            self._allowance = self._allowance.capped_after_pause(self._clock.now() - heard_at, affords)
        return seconds_until_tokens(self._allowance.tokens, affords)
