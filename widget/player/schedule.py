"""When Spotify is asked next. Pure.

While music plays, news is likely just after the item's end; in between only a skip, a seek or a pause can happen.
So the end is asked for on the dot, and the rest at an interval that the day's budget affords.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from widget.errors import OUTAGES, ErrorCode
from widget.playback import PlaybackStatus
from widget.source import Rhythm

AFTER_THE_END = 0.5
AGAIN_AFTER_THE_END = 1.0
END_WINDOW = 6.0
DOUBT = 1.5
PLAYING = 5.0
AD = 3.0
PAUSED = ((120.0, 5.0), (900.0, 10.0))
PAUSED_LONG = 30.0
IDLE = ((300.0, 10.0),)
IDLE_LONG = 30.0

SHARES_OF_THE_PACE: Mapping[PlaybackStatus, float] = {"playing": 0.7, "paused": 1.0, "ad": 1.0, "idle": 2.0}
"""A scarce budget goes where news is likely: much while music plays, little while nothing does."""

FREE_RETRY = 1.0
"""Problems that raise without a call to Spotify are looked at this often, so that their cure is noticed at once."""
LONGEST_WAIT_FOR_THE_GATE = 30.0
LONGEST_BACKOFF = 60.0

_FREE: frozenset[ErrorCode] = frozenset(
    {"not_configured", "needs_authorization", "bad_credentials", "forbidden", "unknown_user", "private"}
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next question depends on; times in s since the epoch, durations in s.

    ``since`` is when the present status began, ``pace`` how often the budget affords a question (see ``budget``),
    ``jitter`` a random number from 0 to 1, ``rhythm`` how often a source is asked that tells no progress.
    """

    now: float
    status: PlaybackStatus | None = None
    since: float = 0.0
    ends_at: float | None = None
    doubts: int = 0
    failures: int = 0
    problem: ErrorCode | None = None
    retry_at: float | None = None
    pace: float = 0.0
    jitter: float = 0.5
    rhythm: Rhythm | None = None


def seconds_until_next_question(situation: Situation) -> float:
    """How long to wait from ``situation.now``, in s."""
    if situation.problem is not None:
        return _after_a_failure(situation)
    if situation.rhythm is not None:
        return max(_beat(situation, situation.rhythm), situation.pace)
    if situation.doubts:
        return DOUBT
    between = max(_interval(situation), situation.pace * SHARES_OF_THE_PACE[situation.status or "idle"])
    if situation.status != "playing" or situation.ends_at is None:
        return between
    until_end = situation.ends_at - situation.now
    if until_end <= 0:
        return AGAIN_AFTER_THE_END if until_end > -END_WINDOW else between
    return min(between, until_end + AFTER_THE_END)


def _beat(situation: Situation, rhythm: Rhythm) -> float:
    if situation.doubts:
        return rhythm.doubt
    if situation.status == "playing":
        return rhythm.playing
    return rhythm.idle if situation.now - situation.since < rhythm.idle_patience else rhythm.idle_long


def _interval(situation: Situation) -> float:
    for_how_long = situation.now - situation.since
    if situation.status == "playing":
        return PLAYING
    if situation.status == "ad":
        return AD
    steps, longest = (PAUSED, PAUSED_LONG) if situation.status == "paused" else (IDLE, IDLE_LONG)
    return next((seconds for until, seconds in steps if for_how_long < until), longest)


def _after_a_failure(situation: Situation) -> float:
    if situation.problem in _FREE:
        return FREE_RETRY
    if situation.problem in OUTAGES:
        backoff = min(LONGEST_BACKOFF, 2.0 ** (min(situation.failures, 10) - 1))
        return max(backoff * (0.75 + situation.jitter / 2), min(situation.pace, LONGEST_BACKOFF))
    until = LONGEST_WAIT_FOR_THE_GATE if situation.retry_at is None else situation.retry_at - situation.now
    return min(max(until, 0.05), LONGEST_WAIT_FOR_THE_GATE)
