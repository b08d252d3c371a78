"""What asking a source without a progress costs, and how late it is, against a fixed interval, in simulated time.

Staleness is for how long, after a change (another item, or nothing any more), something else than what plays is shown,
on average over all changes: an item that ends is known by its absence alone.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.benchmarks.polling import BEGIN, DAY, LATENCY, Change, Policy, every, listener, skipping_listener
from tests.benchmarks.table import row
from widget.model.playback import Playback
from widget.model.sources import LASTFM, LISTENBRAINZ, SourceInfo
from widget.now_playing.schedule import ScheduleInput, seconds_until_next_poll
from widget.now_playing.state import NowPlayingState


@dataclass(frozen=True, slots=True)
class Outcome:
    """``calls`` in an hour; ``staleness`` in s on average over all changes."""

    calls: float
    staleness: float


def announced(changes: Sequence[Change]) -> list[Change]:
    """The same listening as a source without a progress tells it: a pause is an absence, a seek is nothing."""
    told: list[Change] = []
    for change in changes:
        known = change.playback.item if change.playback.status == "playing" else None
        item = None if known is None else replace(known, id=None, uri=None)
        playback = Playback("playing" if item else "idle", change.at, item, is_authoritative=item is not None)
        if not told or told[-1].playback.item != item:
            told.append(Change(change.at, playback))
    return told


def simulate(policy: Policy, source: SourceInfo, changes: Sequence[Change], seconds: float) -> Outcome:
    """Runs ``policy`` for ``seconds``, as the watcher would with somebody watching all the time."""
    moments = [change.at for change in changes]
    knowledge, now, calls, since, status = NowPlayingState(), BEGIN, 0, BEGIN, ""
    wrong, noticed, seen = 0.0, 0, -1
    while now < BEGIN + seconds:
        calls, now = calls + 1, now + LATENCY
        current = bisect.bisect_right(moments, now - LATENCY / 2) - 1
        told = changes[max(0, current)].playback
        answer = Playback(told.status, now - LATENCY / 2, told.item, is_authoritative=told.is_authoritative)
        knowledge = knowledge.with_playback(answer, now, source.expiry)
        shown = knowledge.snapshot_at(now)
        if current > seen and shown.item == told.item:
            wrong, noticed, seen = wrong + now - moments[seen + 1], noticed + current - seen, current
        if shown.status != status:
            status, since = shown.status, now
        playback = shown.playback or Playback("idle", now)
        situation = ScheduleInput(
            now,
            playback.status,
            since,
            ends_at=playback.ends_at,
            unconfirmed_answers=knowledge.unconfirmed_answers,
            intervals=source.poll_intervals,
        )
        now += policy(situation)
    return Outcome(calls / (seconds / 3600), wrong / max(1, noticed))


def report() -> None:
    """Prints rows for each listener; with a ratio below 1 ours is the less late at the same number of calls."""
    for name, changes in (("even", listener(7, DAY)), ("skipping", skipping_listener(7, DAY))):
        told = announced(changes)
        for source in (LASTFM, LISTENBRAINZ):
            ours = simulate(seconds_until_next_poll, source, told, DAY)
            fixed = simulate(every(3600 / ours.calls), source, told, DAY)
            beside = f"{ours.staleness:.2f} s stale at {ours.calls:.0f} calls/h; fixed interval {fixed.staleness:.2f} s"
            ratio = f"{ours.staleness / fixed.staleness:.2f}"
            row(f"{name} listener, no progress: {source.label}, ours to fixed", ratio, "", beside)
