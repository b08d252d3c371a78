"""How often the day's budget affords a question. Pure.

Spent calls come back 24 hours later. While plenty is left nothing is held back, so that whoever is watched for half an
hour a day never notices the budget. After that the rest is spread evenly over the time that is expected to be watched:
for as long as it was within the last 24 hours, or, on a first day, until the first calls come back.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from widget.model.tokens import SECONDS_PER_DAY

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
