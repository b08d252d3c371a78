"""The state of this instance, from which snapshots, the schedule and the log are made."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from widget.clock import Clock
from widget.model.errors import ErrorCode, NowPlayingError, StoreError
from widget.model.hide_list import HideList
from widget.model.playback import END_GRACE_SECONDS, Item, Playback, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem, Status
from widget.model.sources import SourceInfo
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.plausibility import INSTANCE_CLOCK_SKEW_SECONDS
from widget.now_playing.schedule import ScheduleInput
from widget.now_playing.state import NowPlayingState
from widget.sources.base import PushedState

log = logging.getLogger(__name__)


class StatePublisher:
    """Keeps the state and publishes it to ``broadcaster``, with at most ``max_recent`` plays.

    Hidden items are dropped on entry. ``fault`` keeps this instance from polling or following, for the
    ``fault_count``-th time in a row. ``status_since`` is when the status or the item changed (s since the epoch).
    """

    def __init__(
        self, broadcaster: Broadcaster, clock: Clock, hide_list: HideList, source: SourceInfo, max_recent: int
    ) -> None:
        self._broadcaster = broadcaster
        self._clock = clock
        self._hide_list = hide_list
        self._max_recent = max_recent
        self._source = source
        self._appearance: tuple[Status, Item | None] | None = None
        self.state = NowPlayingState()
        self.fault: SourceProblem | None = None
        self.fault_count = 0
        self.status_since = 0.0
        broadcaster.publish(self.state)

    @property
    def current_snapshot(self) -> Snapshot:
        """The snapshot now, without the fault."""
        return self.state.snapshot_at(self._clock.now(), self._source, self._max_recent)

    def adopt(self, state: NowPlayingState) -> None:
        """Take over ``state`` from another instance or process, whose hide list may differ."""
        visible = state.filtered(self._hide_list)
        self.state = replace(visible, recent=visible.recent[: self._max_recent])

    def schedule_poll(self, at: float) -> None:
        """Note when the next poll is due (s since the epoch)."""
        self.state = replace(self.state, next_poll_at=at)

    def apply_playback(self, playback: Playback) -> None:
        """Apply a response."""
        before, now = self.state, self._clock.now()
        state = before.with_playback(self._hide_list.filter_playback(playback), now, self._source.expiry)
        if self._source.records_history:
            state = state.with_recorded_play(before, now, self._max_recent)
        self.state = state

    def apply_history(self, plays: Iterable[PlayedItem]) -> bool:
        """Apply the list of plays, without those in the future. Return whether anything changed."""
        before, latest = self.state, self._clock.now() + INSTANCE_CLOCK_SKEW_SECONDS
        # A player's wrong clock would keep its play on top for as long.
        plausible = (play for play in plays if play.played_at <= latest)
        self.state = before.with_history(plausible, self._max_recent, self._hide_list)
        return self.state != before

    def apply_pushed(self, pushed: PushedState) -> None:
        """Replace the state by that of a push source."""
        # From an empty state, as a pushed one is complete.
        state = NowPlayingState().with_playback(self._hide_list.filter_playback(pushed.playback), self._clock.now())
        state = state.with_history(pushed.history, self._max_recent, self._hide_list)
        self.state = replace(state, updated_at=pushed.changed_at, current_play=pushed.current)

    def apply_failure(self, problem: SourceProblem) -> None:
        """Apply a failed poll."""
        self.state = self.state.with_failure(problem, self._clock.now())

    def apply_push_failure(self, problem: SourceProblem) -> None:
        """Replace the state of a push source by ``problem``: nothing it pushed before may be shown."""
        self.state = NowPlayingState().with_failure(problem, self._clock.now())

    def set_fault(self, fault: SourceProblem) -> None:
        """Count one more ``fault``, and publish it."""
        self.fault = fault
        self.fault_count += 1
        self.publish()

    def clear_fault(self) -> None:
        """End the fault."""
        self.fault, self.fault_count = None, 0

    def publish(self) -> None:
        """Publish the state, with the fault as a failed poll."""
        state = self.state
        if self.fault is not None:
            state = state.with_failure(self.fault, self._clock.now(), self.fault_count)
        self._broadcaster.publish(state)
        appearance = (self._broadcaster.current.status, self._broadcaster.current.item)
        if appearance != self._appearance:
            self._appearance, self.status_since = appearance, self._clock.now()

    def schedule_input(self, pace: float, jitter: float, *, is_free: bool) -> ScheduleInput:
        """Return the input for the schedule; ``pace`` is the interval that the quota allows (s)."""
        now, state, snapshot = self._clock.now(), self.state, self.current_snapshot
        playback, problem = snapshot.playback, state.problem
        progress_ms = snapshot.progress_at(now)
        if progress_ms is None and snapshot.status == "playing":
            # It is frozen there, and the longer the less likely to move: at 0 a poll would follow every two seconds.
            progress_ms = max(state.last_reported_ms or 0, round((now - self.status_since) * 1000))
        return ScheduleInput(
            now=now,
            status=None if playback is None else playback.status,
            status_since=self.status_since,
            elapsed=None if progress_ms is None else progress_ms / 1000,
            ends_at=None if playback is None else self._end_of(playback),
            unconfirmed_answers=state.unconfirmed_answers,
            polls_past_end=state.polls_past_end,
            failures=state.failures,
            problem=None if problem is None else problem.code,
            is_free=is_free,
            retry_at=None if problem is None else problem.retry_at,
            pace=pace,
            jitter=jitter,
            intervals=self._source.poll_intervals,
        )

    def _end_of(self, playback: Playback) -> float | None:
        """Return when the item itself ends, if it is known or believed (s since the epoch)."""
        intervals = self._source.poll_intervals
        if playback.expires_at is not None and intervals is not None and intervals.at_end:
            return playback.expires_at - END_GRACE_SECONDS
        return playback.ends_at


class StatusLogger:
    """Logs a change of status once."""

    def __init__(self) -> None:
        self._last_code: ErrorCode | None = None

    def log_change(self, problem: SourceProblem | None, error: Exception | None = None) -> None:
        """Log that ``problem``, caused by ``error``, began, or that the last one ended."""
        code = None if problem is None else problem.code
        if code == self._last_code:
            return
        self._last_code = code
        if problem is None:
            log.info("polling works again")
            return
        level = logging.ERROR if code == "internal_error" else logging.WARNING
        trace = error if log.isEnabledFor(logging.DEBUG) else None
        log.log(level, "%s: %s", code, problem.message if error is None else describe_error(error), exc_info=trace)


def describe_error(error: Exception) -> str:
    """Describe ``error`` for the log, without text that may hold a secret."""
    if isinstance(error, StoreError):
        return "waiting for the database"  # The store logs why, once a minute at most.
    if isinstance(error, NowPlayingError):
        return str(error)
    parts = (type(error).__name__, error.strerror, error.filename) if isinstance(error, OSError) else ()
    return ": ".join(str(part) for part in parts if part) or type(error).__name__
