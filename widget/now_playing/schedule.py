"""When Spotify is asked next. Pure.

While music plays, news is likely just after the item's end, and early in an item: a quarter of all plays are skipped
within 5 s, a third within 30 s (P. Lamere, "The Skip", 2014). So the end is asked for on the dot, and in between the
interval grows with what has been played, at a pace that the day's budget affords.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from widget.model.errors import OUTAGES, ErrorCode
from widget.model.playback import PlaybackStatus
from widget.model.sources import Rhythm
from widget.now_playing.allowance import seconds_until_affordable

AFTER_THE_END = 0.5
AGAIN_AFTER_THE_END = (1.0, 2.0)
"""At most three questions are asked about one and the same end: on the dot, and these after it."""

DOUBT = 1.5

PACE_OF_PLENTY = 6.0
"""The pace, in s, while music plays and nothing is held back."""

AT_THE_BEGINNING, GROWTH, AT_MOST = 1 / 3, 1 / 25, 1.5
"""The interval, in paces: at the beginning of an item, for each second played, and at most. In plenty that is 2 s, a
quarter of a second more for each second played, and 9 s from half a minute on, when people skip little any more."""

NEAR_THE_END = 0.6
"""So many paces before a question at the end none is asked."""

KEPT_FOR_THE_END = 1.0
"""So much of the allowance is not spent in between."""

AD = 3.0
PAUSED = ((120.0, 5.0), (900.0, 10.0))
IDLE = ((300.0, 10.0),)
UNMOVED_FOR_LONG = 15.0
"""So late can the first item be, when somebody begins to listen again, while nothing is held back."""

SHARES_OF_THE_PACE: Mapping[PlaybackStatus, float] = {"playing": 0.8, "paused": 1.0, "ad": 1.0, "idle": 1.5}
"""A scarce budget goes where news is likely: much while music plays, little while nothing does. An
interval that grows to 1.5 paces of 0.8 of the budget's is, on average over who skips, the budget's."""

FREE_RETRY = 1.0
"""Problems that raise without a call to Spotify are looked at this often, so that their cure is noticed at once."""
LONGEST_WAIT_FOR_THE_GATE = 30.0
LONGEST_BACKOFF = 60.0
LONGEST_FREE_BACKOFF = 6.0
"""Where asking in vain costs nothing that is counted: within ten seconds of the end of an outage it goes on."""

_FREE: frozenset[ErrorCode] = frozenset(
    {"not_configured", "needs_authorization", "bad_credentials", "forbidden", "unknown_user", "private"}
)


@dataclass(frozen=True, slots=True)
class Situation:
    """What the next question depends on; times in s since the epoch, durations in s.

    ``since`` is when the present status began, ``played`` how much of the item has been, ``pace`` how often the budget
    affords a question (see ``budget``), ``credit`` how many it affords now (see ``allowance``), ``about_the_end`` how
    many answers told nothing but a known end, ``is_free`` whether asking cost nothing that is counted in an outage,
    ``jitter`` a random number from 0 to 1, ``rhythm`` how often a source is asked that tells no progress.
    """

    now: float
    status: PlaybackStatus | None = None
    since: float = 0.0
    played: float | None = None
    ends_at: float | None = None
    doubts: int = 0
    about_the_end: int = 0
    failures: int = 0
    problem: ErrorCode | None = None
    is_free: bool = False
    retry_at: float | None = None
    pace: float = 0.0
    credit: float = inf
    jitter: float = 0.5
    rhythm: Rhythm | None = None


def seconds_until_next_question(situation: Situation) -> float:
    """How long to wait from ``situation.now``, in s."""
    pace = pace_of(situation)
    affordable = seconds_until_affordable(situation.credit, pace)
    if situation.problem is not None:
        return _after_a_failure(situation, affordable)
    if situation.rhythm is not None:
        return max(_beat(situation, situation.rhythm), situation.pace, affordable)
    if situation.doubts:
        return max(DOUBT, affordable)
    in_between = seconds_until_affordable(situation.credit, pace, 1 + KEPT_FOR_THE_END)
    between = max(_interval(situation, pace), in_between)
    if situation.status != "playing" or situation.ends_at is None:
        return between
    until_end = situation.ends_at - situation.now
    if until_end > 0:
        at_the_end = max(until_end + AFTER_THE_END, affordable)
        return at_the_end if at_the_end < between + NEAR_THE_END * pace else between
    tries = max(0, situation.about_the_end - 1)
    return max(AGAIN_AFTER_THE_END[tries], affordable) if tries < len(AGAIN_AFTER_THE_END) else between


def pace_of(situation: Situation) -> float:
    """The seconds between two questions that the budget affords in this status."""
    return situation.pace * SHARES_OF_THE_PACE[situation.status or "idle"]


def _beat(situation: Situation, rhythm: Rhythm) -> float:
    if situation.doubts:
        return rhythm.doubt
    if situation.status == "playing":
        return rhythm.playing
    return rhythm.idle if situation.now - situation.since < rhythm.idle_patience else rhythm.idle_long


def _interval(situation: Situation, pace: float) -> float:
    for_how_long = situation.now - situation.since
    if situation.status == "playing":
        unit = max(pace, PACE_OF_PLENTY)
        played = for_how_long if situation.played is None else situation.played
        return unit * min(AT_MOST, AT_THE_BEGINNING + max(0.0, played) * GROWTH)
    if situation.status == "ad":
        return max(AD, pace)
    steps = PAUSED if situation.status == "paused" else IDLE
    return max(pace, next((seconds for until, seconds in steps if for_how_long < until), UNMOVED_FOR_LONG))


def _after_a_failure(situation: Situation, affordable: float) -> float:
    if situation.problem in _FREE:
        return FREE_RETRY
    if situation.problem in OUTAGES:
        longest = LONGEST_FREE_BACKOFF if situation.is_free else LONGEST_BACKOFF
        backoff = min(longest, 2.0 ** (min(situation.failures, 10) - 1))
        return max(backoff * (0.75 + situation.jitter / 2), affordable)
    until = LONGEST_WAIT_FOR_THE_GATE if situation.retry_at is None else situation.retry_at - situation.now
    return min(max(until, 0.05), LONGEST_WAIT_FOR_THE_GATE)
