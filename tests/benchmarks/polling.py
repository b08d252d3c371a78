"""What the schedule costs, and how late it is, against a random but seeded listener, in simulated time.

Staleness is the time from a change at Spotify (a new item, a pause, a seek) until we know of it, on average.
"""

import bisect
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.showing import item
from widget.playback import Item, Playback
from widget.player.budget import pace
from widget.player.knowledge import Knowledge
from widget.player.schedule import Situation, seconds_until_next_question

DAY = 86_400.0
LATENCY = 0.08
BEGIN = 1_795_000_000.0

Policy = Callable[[Situation], float]


@dataclass(frozen=True, slots=True)
class Change:
    """From ``at`` on this plays (or stands still), having begun at ``began``."""

    at: float
    playback: Playback


def listener(seed: int, seconds: float) -> list[Change]:
    """Sessions of an hour and a half on average, as much time between them; tracks of 150 to 280 s, a fifth of them
    skipped, every twentieth paused for two minutes on average."""
    chance = random.Random(seed)  # noqa: S311
    changes: list[Change] = []
    now, number = BEGIN, 0
    while now < BEGIN + seconds:
        session_ends = now + chance.expovariate(1 / 5400)
        while now < session_ends:
            number += 1
            song = item(f"Song {number}", id=str(number), duration_ms=round(chance.uniform(150, 280) * 1000))
            now = _listens(chance, changes, now, song)
        changes.append(Change(now, Playback("idle", now)))
        now += chance.expovariate(1 / 5400)
    return changes


def _listens(chance: random.Random, changes: list[Change], now: float, song: Item) -> float:
    """Adds one track; when it ended."""
    length = (song.duration_ms or 0) / 1000
    listened = length * chance.random() if chance.random() < 0.2 else length
    changes.append(Change(now, Playback("playing", now, song, 0)))
    if chance.random() < 0.05:
        at, pause = chance.uniform(0, listened), chance.expovariate(1 / 120)
        progress_ms = round(at * 1000)
        changes.append(Change(now + at, Playback("paused", now + at, song, progress_ms)))
        changes.append(Change(now + at + pause, Playback("playing", now + at + pause, song, progress_ms)))
        now += pause
    return now + listened


@dataclass(slots=True)
class Outcome:
    """``calls`` in an hour; ``staleness`` in s on average over all changes; ``most_in_a_day`` calls in any 24 hours."""

    calls: float
    staleness: float
    most_in_a_day: int


def simulate(
    policy: Policy, changes: Sequence[Change], seconds: float, calls_per_day: int, share: float = 1.0
) -> Outcome:
    """Runs ``policy`` for ``seconds``; somebody watches for ``share`` of each hour, from its beginning on.

    Where the budget is spent a question is refused, and made when calls have come back.
    """
    moments = [change.at for change in changes]
    knowledge, now, since, status = Knowledge(), BEGIN, BEGIN, ""
    calls: list[float] = []
    late: list[float] = []
    seen = -1
    while now < BEGIN + seconds:
        if (now - BEGIN) % 3600 >= 3600 * share:
            now = BEGIN + ((now - BEGIN) // 3600 + 1) * 3600
            seen = bisect.bisect_right(moments, now) - 1  # What happened unwatched was not late.
            continue
        first = bisect.bisect_left(calls, now - DAY)
        if len(calls) - first >= calls_per_day:
            now = calls[first] + DAY + 1
            continue
        calls.append(now)
        now += LATENCY
        current = bisect.bisect_right(moments, now - LATENCY / 2) - 1
        late.extend(now - moments[index] for index in range(seen + 1, current + 1))
        seen = current
        told = changes[current].playback
        answer = Playback(told.status, now - LATENCY / 2, told.item, told.progress_at(now - LATENCY / 2))
        knowledge = knowledge.heard(answer, now)
        if told.status != status:
            status, since = told.status, now
        ends_at = None if knowledge.playback is None else knowledge.playback.ends_at
        affords = pace(by_minute(calls[first:]), now, calls_per_day)
        now += policy(Situation(now, told.status, since, ends_at, pace=affords))
    most = max(index + 1 - bisect.bisect_left(calls, at - DAY) for index, at in enumerate(calls))
    return Outcome(len(calls) / (seconds / 3600), sum(late) / len(late), most)


def by_minute(calls: Sequence[float]) -> list[tuple[float, int]]:
    """The calls as the store counts them."""
    return [(minute * 60.0, count) for minute, count in Counter(int(at // 60) for at in calls).items()]


def every(seconds: float) -> Policy:
    """A plain fixed interval."""
    return lambda _: seconds


def report() -> None:
    """Prints a table."""
    changes = listener(7, 4 * DAY)
    ours, unbounded = seconds_until_next_question, 10**9
    rows = [
        ("fixed interval of 5 s", simulate(every(5.0), changes, DAY, unbounded)),
        ("ours, watched all the time, no budget", simulate(ours, changes, DAY, unbounded)),
        ("ours, watched a quarter, no budget", simulate(ours, changes, DAY, unbounded, 0.25)),
        ("fixed interval of 28.8 s (3,000 a day)", simulate(every(28.8), changes, 3 * DAY, 3000)),
        ("ours, watched all the time, 3,000, day 1", simulate(ours, changes, DAY, 3000)),
        ("ours, watched all the time, 3,000, 4 days", simulate(ours, changes, 4 * DAY, 3000)),
        ("ours, watched a quarter, 3,000, 4 days", simulate(ours, changes, 4 * DAY, 3000, 0.25)),
    ]
    for name, outcome in rows:
        print(
            f"{name:<42}{outcome.calls:6.0f} calls/h{outcome.staleness:7.1f} s stale"
            f"{outcome.most_in_a_day:8} at most in a day"
        )
