"""When Spotify is asked next. Pure.

While music plays, news is likely just after the item's end, and early in an item: a quarter of all plays are skipped
within 5 s, a third within 30 s (P. Lamere, "The Skip", 2014). So the end is asked for on the dot, and in between the
interval grows with what has been played, at a pace that the day's budget affords.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from widget.model.errors import TRANSIENT_CODES, ErrorCode
from widget.model.playback import Item, PlaybackStatus
from widget.model.snapshot import Snapshot
from widget.model.sources import PollIntervals
from widget.now_playing.pacing import seconds_until_tokens

DELAY_AFTER_END = 0.5
RETRIES_AFTER_END = (1.0, 2.0)
"""At most three questions are asked about one and the same end: on the dot, and these after it."""

CONFIRM_DELAY = 1.5

UNLIMITED_INTERVAL = 6.0
"""The pace, in s, while music plays and nothing is held back."""

INTERVAL_START_FACTOR, INTERVAL_GROWTH, INTERVAL_MAX_FACTOR = 1 / 3, 1 / 25, 1.5
"""The interval, in paces: at the beginning of an item, for each second played, and at most. In plenty that is 2 s, a
quarter of a second more for each second played, and 9 s from half a minute on, when people skip little any more."""

SKIP_BEFORE_END_FACTOR = 0.6
"""So many paces before a question at the end none is asked."""

TOKENS_RESERVED_FOR_END = 1.0
"""So much of the allowance is not spent in between."""

AD = 3.0
PAUSED = ((120.0, 5.0), (900.0, 10.0))
IDLE = ((300.0, 10.0),)
IDLE_INTERVAL = 15.0
"""So late can the first item be, when somebody begins to listen again, while nothing is held back."""

STATUS_WEIGHTS: Mapping[PlaybackStatus, float] = {"playing": 0.8, "paused": 1.0, "ad": 1.0, "idle": 1.5}
"""A scarce budget goes where news is likely: much while music plays, little while nothing does. An
interval that grows to 1.5 paces of 0.8 of the budget's is, on average over who skips, the budget's."""

FREE_RETRY_DELAY = 1.0
"""Problems that raise without a call to Spotify are looked at this often, so that their cure is noticed at once."""
MAX_RATE_LIMIT_WAIT = 30.0
MAX_BACKOFF = 60.0
MAX_FREE_BACKOFF = 6.0
"""Where asking in vain costs nothing that is counted: within ten seconds of the end of an outage it goes on."""

_FREE: frozenset[ErrorCode] = frozenset(
    {"not_configured", "needs_authorization", "bad_credentials", "forbidden", "unknown_user", "private"}
)


@dataclass(frozen=True, slots=True)
class ScheduleInput:
    """What the next question depends on; times in s since the epoch, durations in s.

    ``since`` is when the present status began, ``played`` how much of the item has been, ``pace`` how often the budget
    affords a question (see ``budget``), ``credit`` how many it affords now (see ``allowance``), ``about_the_end`` how
    many answers told nothing but a known end, ``is_free`` whether asking cost nothing that is counted in an outage,
    ``jitter`` a random number from 0 to 1, ``rhythm`` how often a source is asked that tells no progress.
    """

    now: float
    status: PlaybackStatus | None = None
    since: float = 0.0
    elapsed: float | None = None
    ends_at: float | None = None
    unconfirmed_answers: int = 0
    polls_past_end: int = 0
    failures: int = 0
    problem: ErrorCode | None = None
    is_free: bool = False
    retry_at: float | None = None
    pace: float = 0.0
    credit: float = inf
    jitter: float = 0.5
    rhythm: PollIntervals | None = None


def seconds_until_next_poll(situation: ScheduleInput) -> float:
    """How long to wait from ``situation.now``, in s."""
    pace = quota_interval(situation)
    affordable = seconds_until_tokens(situation.credit, pace)
    if situation.problem is not None:
        return _after_a_failure(situation, affordable)
    if situation.rhythm is not None:
        return max(_beat(situation, situation.rhythm), situation.pace, affordable)
    if situation.unconfirmed_answers:
        return max(CONFIRM_DELAY, affordable)
    in_between = seconds_until_tokens(situation.credit, pace, 1 + TOKENS_RESERVED_FOR_END)
    between = max(_interval(situation, pace), in_between)
    if situation.status != "playing" or situation.ends_at is None:
        return between
    until_end = situation.ends_at - situation.now
    if until_end > 0:
        at_the_end = max(until_end + DELAY_AFTER_END, affordable)
        return at_the_end if at_the_end < between + SKIP_BEFORE_END_FACTOR * pace else between
    tries = max(0, situation.polls_past_end - 1)
    return max(RETRIES_AFTER_END[tries], affordable) if tries < len(RETRIES_AFTER_END) else between


def quota_interval(situation: ScheduleInput) -> float:
    """The seconds between two questions that the budget affords in this status."""
    return situation.pace * STATUS_WEIGHTS[situation.status or "idle"]


def _beat(situation: ScheduleInput, rhythm: PollIntervals) -> float:
    if situation.unconfirmed_answers:
        return rhythm.confirm
    if rhythm.at_end and situation.status == "playing" and situation.ends_at is not None:
        until_end = situation.ends_at - situation.now
        return min(rhythm.playing, until_end + DELAY_AFTER_END) if until_end > 0 else RETRIES_AFTER_END[0]
    if situation.status == "playing":
        return rhythm.playing
    return rhythm.idle if situation.now - situation.since < rhythm.idle_patience else rhythm.idle_after_patience


def _interval(situation: ScheduleInput, pace: float) -> float:
    for_how_long = situation.now - situation.since
    if situation.status == "playing":
        unit = max(pace, UNLIMITED_INTERVAL)
        played = for_how_long if situation.elapsed is None else situation.elapsed
        return unit * min(INTERVAL_MAX_FACTOR, INTERVAL_START_FACTOR + max(0.0, played) * INTERVAL_GROWTH)
    if situation.status == "ad":
        return max(AD, pace)
    steps = PAUSED if situation.status == "paused" else IDLE
    return max(pace, next((seconds for until, seconds in steps if for_how_long < until), IDLE_INTERVAL))


def _after_a_failure(situation: ScheduleInput, affordable: float) -> float:
    if situation.problem in _FREE:
        return FREE_RETRY_DELAY
    if situation.problem in TRANSIENT_CODES:
        longest = MAX_FREE_BACKOFF if situation.is_free else MAX_BACKOFF
        backoff = min(longest, 2.0 ** (min(situation.failures, 10) - 1))
        return max(backoff * (0.75 + situation.jitter / 2), affordable)
    until = MAX_RATE_LIMIT_WAIT if situation.retry_at is None else situation.retry_at - situation.now
    return min(max(until, 0.05), MAX_RATE_LIMIT_WAIT)


HISTORY_INTERVAL_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class HistorySchedule:
    """``asked_at`` (monotonic s) is when it was asked last, None if it never was; ``during`` is what played then."""

    asked_at: float | None = None
    last_item: Item | None = None

    def is_due(self, now: float, shown: Snapshot, *, is_told: bool, is_published: bool) -> bool:
        """Where it comes with each answer (``is_told``), each time; else once when nothing plays, and again at long
        intervals, for lists lag. Where earlier plays are published, at the end of each item too."""
        wanted = shown.status == "idle" or is_published
        if is_told:
            return True
        if self.asked_at is None:
            return wanted
        if is_published and self.last_item is not None and shown.item != self.last_item:
            return True
        return wanted and now - self.asked_at >= HISTORY_INTERVAL_SECONDS
