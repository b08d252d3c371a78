"""Calls and staleness for sources without progress, beside a fixed interval, in simulated time.

Staleness is the mean time from a change (another item, or nothing) until it is shown. An item that ends is known only
by its absence.
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
    """``calls`` are per hour, ``staleness`` in seconds."""

    calls: float
    staleness: float


def without_progress(changes: Sequence[Change]) -> list[Change]:
    """Return ``changes`` as a source without progress reports them: a pause is an absence, a seek is nothing."""
    reported: list[Change] = []
    for change in changes:
        known = change.playback.item if change.playback.status == "playing" else None
        item = None if known is None else replace(known, id=None, uri=None)
        playback = Playback("playing" if item else "idle", change.at, item, is_authoritative=item is not None)
        if not reported or reported[-1].playback.item != item:
            reported.append(Change(change.at, playback))
    return reported


def simulate(policy: Policy, source: SourceInfo, changes: Sequence[Change], seconds: float) -> Outcome:
    """Run ``policy`` for ``seconds`` as the poller would, with a viewer all the time."""
    moments = [change.at for change in changes]
    state, now, calls, since, status = NowPlayingState(), BEGIN, 0, BEGIN, ""
    wrong, noticed, seen = 0.0, 0, -1
    while now < BEGIN + seconds:
        calls, now = calls + 1, now + LATENCY
        current = bisect.bisect_right(moments, now - LATENCY / 2) - 1
        reported = changes[max(0, current)].playback
        response = replace(reported, observed_at=now - LATENCY / 2)
        state = state.with_playback(response, now, source.expiry)
        snapshot = state.snapshot_at(now)
        if current > seen and snapshot.item == reported.item:
            wrong, noticed, seen = wrong + now - moments[seen + 1], noticed + current - seen, current
        if snapshot.status != status:
            status, since = snapshot.status, now
        playback = snapshot.playback or Playback("idle", now)
        schedule_input = ScheduleInput(
            now,
            playback.status,
            since,
            ends_at=playback.ends_at,
            unconfirmed_answers=state.unconfirmed_answers,
            intervals=source.poll_intervals,
        )
        now += policy(schedule_input)
    return Outcome(calls / (seconds / 3600), wrong / max(1, noticed))


def report() -> None:
    """Print rows for each listener; below 1 ours is less late than a fixed interval at the same number of calls."""
    for name, changes in (("even", listener(7, DAY)), ("skipping", skipping_listener(7, DAY))):
        reported = without_progress(changes)
        for source in (LASTFM, LISTENBRAINZ):
            ours = simulate(seconds_until_next_poll, source, reported, DAY)
            fixed = simulate(every(3600 / ours.calls), source, reported, DAY)
            beside = f"{ours.staleness:.2f} s stale at {ours.calls:.0f} calls/h; fixed interval {fixed.staleness:.2f} s"
            ratio = f"{ours.staleness / fixed.staleness:.2f}"
            row(f"{name} listener, no progress: {source.label}, ours to fixed", ratio, "", beside)
