"""Seconds until the next poll. Pure.

While music plays, a change is likely just after the item's end, and early in an item: a quarter of all plays are
skipped within 5 s, a third within 30 s (P. Lamere, "The Skip", 2014). So there is a poll at the end, and in between the
interval grows with the progress, within the interval that the daily quota allows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from widget.model.errors import PERMANENT_CODES, TRANSIENT_CODES, ErrorCode
from widget.model.playback import PlaybackStatus
from widget.model.sources import PollIntervals
from widget.now_playing.pacing import seconds_until_tokens

# The next item takes a moment to show in Spotify's responses.
DELAY_AFTER_END_SECONDS = 0.5
RETRIES_AFTER_END_SECONDS = (1.0, 2.0)
"""At most three polls are made about one end: at the end, and these after it."""

# A spurious empty response is gone a moment later.
CONFIRM_DELAY_SECONDS = 1.5

UNLIMITED_INTERVAL_SECONDS = 6.0
"""The interval while music plays and plenty of the quota is left."""

INTERVAL_START_FACTOR, INTERVAL_GROWTH, INTERVAL_MAX_FACTOR = 1 / 3, 1 / 25, 1.5
"""Factors of the quota interval: at an item's beginning, for each second of progress, and at most.

With plenty of quota that is 2 s, a quarter of a second more for each second played, and 9 s from half a minute on, when
skips become rare.
"""

SKIP_BEFORE_END_FACTOR = 0.6
"""No poll is made this many quota intervals before the one at the end."""

TOKENS_RESERVED_FOR_END = 1.0
"""This much of the token bucket is kept for the poll at the end."""

RESTING_INTERVALS: Mapping[PlaybackStatus, Sequence[tuple[float, float]]] = {
    # A vanished client can be in an ad for hours.
    "ad": ((180.0, 3.0), (900.0, 10.0)),
    "paused": ((120.0, 5.0), (900.0, 10.0)),
    "idle": ((300.0, 10.0),),
}
"""(age of the status, interval) in seconds: the interval holds up to that age."""

MAX_RESTING_INTERVAL_SECONDS = 15.0
"""The first item after a silence can be noticed this late."""

STATUS_WEIGHTS: Mapping[PlaybackStatus, float] = {"playing": 0.8, "paused": 1.0, "ad": 1.0, "idle": 1.5}
"""A scarce quota is spent where changes are likely.

An interval that grows to 1.5 times 0.8 of the quota's is the quota's on average, given how often people skip.
"""

FREE_RETRY_SECONDS = 1.0
"""Problems that are known without a call are checked this often, so that a fix is noticed at once."""

MAX_RATE_LIMIT_WAIT_SECONDS = 30.0
MAX_BACKOFF_SECONDS = 60.0
MAX_FREE_BACKOFF_SECONDS = 6.0
"""For retries that no quota counts: polling resumes within ten seconds of an outage's end."""

_THROTTLED_CODES: frozenset[ErrorCode] = frozenset({"rate_limited", "quota_exceeded"})
_FREE_CODES: frozenset[ErrorCode] = frozenset({"not_configured", "needs_authorization", *PERMANENT_CODES})


@dataclass(frozen=True, slots=True)
class ScheduleInput:
    """All that the next poll depends on; times in s since the epoch, durations in s.

    ``status_since`` is when the status began, ``elapsed`` the progress, ``pace`` the interval that the quota allows and
    ``tokens`` the polls that it allows now (see :mod:`widget.now_playing.pacing`), ``polls_past_end`` the number of
    responses that only repeated a known end. ``is_free``: retries during the outage are not counted. ``jitter`` is
    a random number from 0 to 1; ``intervals`` is set for sources with a fixed schedule.
    """

    now: float
    status: PlaybackStatus | None = None
    status_since: float = 0.0
    elapsed: float | None = None
    ends_at: float | None = None
    unconfirmed_answers: int = 0
    polls_past_end: int = 0
    failures: int = 0
    problem: ErrorCode | None = None
    is_free: bool = False
    retry_at: float | None = None
    pace: float = 0.0
    tokens: float = inf
    jitter: float = 0.5
    intervals: PollIntervals | None = None


def seconds_until_next_poll(situation: ScheduleInput) -> float:
    """Return the seconds from ``situation.now`` to the next poll."""
    pace = quota_interval(situation)
    affordable = seconds_until_tokens(situation.tokens, pace)
    if situation.problem is not None:
        return _after_failure(situation, affordable)
    if situation.intervals is not None:
        return max(_fixed_interval(situation, situation.intervals), situation.pace, affordable)
    if situation.unconfirmed_answers:
        return max(CONFIRM_DELAY_SECONDS, affordable)
    reserved = seconds_until_tokens(situation.tokens, pace, 1 + TOKENS_RESERVED_FOR_END)
    regular = max(_growing_interval(situation, pace), reserved)
    if situation.status != "playing" or situation.ends_at is None:
        return regular
    retries = max(0, situation.polls_past_end - 1)
    if retries >= len(RETRIES_AFTER_END_SECONDS):
        return regular  # A player that vanished near the end reports it for hours.
    until_end = situation.ends_at - situation.now
    if until_end > 0:
        at_end = max(until_end + DELAY_AFTER_END_SECONDS, affordable)
        return at_end if at_end < regular + SKIP_BEFORE_END_FACTOR * pace else regular
    return max(RETRIES_AFTER_END_SECONDS[retries], affordable)


def quota_interval(situation: ScheduleInput) -> float:
    """Return the seconds between two polls that the quota allows in this status."""
    return situation.pace * STATUS_WEIGHTS[situation.status or "idle"]


def _fixed_interval(situation: ScheduleInput, intervals: PollIntervals) -> float:
    if situation.unconfirmed_answers:
        return intervals.confirm
    is_at_end = situation.polls_past_end <= len(RETRIES_AFTER_END_SECONDS)
    if intervals.at_end and is_at_end and situation.status == "playing" and situation.ends_at is not None:
        until_end = situation.ends_at - situation.now
        at_end = until_end + DELAY_AFTER_END_SECONDS if until_end > 0 else RETRIES_AFTER_END_SECONDS[0]
        return min(intervals.playing, at_end)
    if situation.status == "playing":
        return intervals.playing
    is_patient = situation.now - situation.status_since < intervals.idle_patience
    return intervals.idle if is_patient else intervals.idle_after_patience


def _growing_interval(situation: ScheduleInput, pace: float) -> float:
    lasted = situation.now - situation.status_since
    if situation.status == "playing":
        unit = max(pace, UNLIMITED_INTERVAL_SECONDS)
        elapsed = lasted if situation.elapsed is None else situation.elapsed
        return unit * min(INTERVAL_MAX_FACTOR, INTERVAL_START_FACTOR + max(0.0, elapsed) * INTERVAL_GROWTH)
    steps = RESTING_INTERVALS[situation.status or "idle"]
    return max(pace, next((seconds for until, seconds in steps if lasted < until), MAX_RESTING_INTERVAL_SECONDS))


def _after_failure(situation: ScheduleInput, affordable: float) -> float:
    if situation.problem in _FREE_CODES:
        return FREE_RETRY_SECONDS
    if situation.problem in TRANSIENT_CODES:
        max_backoff = MAX_FREE_BACKOFF_SECONDS if situation.is_free else MAX_BACKOFF_SECONDS
        return max(_backoff(situation, max_backoff), affordable)
    wait = MAX_RATE_LIMIT_WAIT_SECONDS if situation.retry_at is None else situation.retry_at - situation.now
    if situation.problem in _THROTTLED_CODES and situation.failures > 1:
        # A service may say "Retry-After: 0" again and again.
        wait = max(wait, _backoff(situation, MAX_RATE_LIMIT_WAIT_SECONDS))
    # At most 30 s: the block is checked without a call, and may be gone sooner.
    return min(max(wait, 0.05), MAX_RATE_LIMIT_WAIT_SECONDS)


def _backoff(situation: ScheduleInput, max_seconds: float) -> float:
    backoff = min(max_seconds, 2.0 ** (min(situation.failures, 10) - 1))
    # Jitter keeps instances from asking a service that comes back all at once.
    return backoff * (0.75 + situation.jitter / 2)
