"""What this instance knows, less what is hidden, and what the faces and the schedule are given of it."""

from collections.abc import Iterable
from dataclasses import replace

from widget.clock import Clock
from widget.model.errors import PERMANENT_CODES, ErrorCode
from widget.model.hide_list import HideList
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem, Status, not_polled_yet
from widget.model.sources import SourceInfo
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.plausibility import INSTANCE_CLOCK_SKEW_SECONDS
from widget.now_playing.schedule import ScheduleInput
from widget.now_playing.state import END_GRACE_SECONDS, NowPlayingState

CODES_THAT_HIDE_PLAYBACK: frozenset[ErrorCode] = frozenset({"not_configured"})
"""After these nothing that was heard before is shown any more; elsewhere a refusal counts among them: it may mean that
the listener does not want to be seen."""


class StatePublisher:
    """Publishes to ``broadcast``; of what was played, ``recent`` plays at most.

    ``trouble`` is what keeps this instance from asking or following now, ``troubles`` how many times in a row it did.
    ``since`` is when what is shown began to look as it does (s since the epoch).
    """

    def __init__(self, broadcast: Broadcaster, clock: Clock, hiding: HideList, row: SourceInfo, recent: int) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._hiding = hiding
        self._recent = recent
        self._row = row
        self._unasked = not_polled_yet(row)
        self._final = (
            CODES_THAT_HIDE_PLAYBACK if row.needs_authorization else CODES_THAT_HIDE_PLAYBACK | PERMANENT_CODES
        )
        self._looks: tuple[Status, Item | None] | None = None
        self.state = NowPlayingState(unasked=self._unasked)
        self.fault: SourceProblem | None = None
        self.fault_count = 0
        self.status_since = 0.0
        broadcast.publish(self.state)

    @property
    def current_snapshot(self) -> Snapshot:
        """What may be shown now, troubles aside."""
        return self.state.snapshot_at(self._clock.now())

    def replace_state(self, knowledge: NowPlayingState) -> None:
        """Takes ``knowledge`` in, less what is hidden; nobody sees it before :meth:`publish`."""
        shown = knowledge.filtered(self._hiding)
        recent = shown.recent[: self._recent]
        self.state = replace(shown, recent=recent, unasked=self._unasked, final=self._final)

    def apply_playback(self, playback: Playback) -> None:
        """Takes in an answer."""
        heard = self._hiding.filter_playback(playback)
        state = self.state.with_playback(heard, self._clock.now(), self._row.expiry)
        if self._row.records_history:
            state = state.with_recorded_play(self.state, self._clock.now(), self._recent)
        self.replace_state(state)

    def apply_history(self, played: Iterable[PlayedItem]) -> bool:
        """Takes in the list of what was played, but for what lies in the future; whether it was news."""
        before, latest = self.state, self._clock.now() + INSTANCE_CLOCK_SKEW_SECONDS
        believed = (last for last in played if last.played_at <= latest)
        self.replace_state(self.state.with_history(believed, self._recent, self._hiding))
        return self.state != before

    def apply_pushed(self, playback: Playback, played: Iterable[PlayedItem], told_at: float | None) -> None:
        """Takes in everything anew, from a source that was told it at ``told_at`` (s since the epoch)."""
        heard = NowPlayingState().with_playback(self._hiding.filter_playback(playback), self._clock.now())
        self.replace_state(replace(heard.with_history(played, self._recent, self._hiding), updated_at=told_at))

    def apply_failure(self, problem: SourceProblem) -> None:
        """After a question that was not answered."""
        self.replace_state(self.state.with_failure(problem, self._clock.now()))

    def set_fault(self, trouble: SourceProblem) -> None:
        """Counts one more ``trouble``, and shows it."""
        self.fault = trouble
        self.fault_count += 1
        self.publish()

    def clear_fault(self) -> None:
        """What kept this instance from its work does so no more."""
        self.fault, self.fault_count = None, 0

    def publish(self) -> None:
        """Gives the faces what is known now."""
        shown = self.state
        if self.fault is not None:
            shown = shown.with_failure(self.fault, self._clock.now(), self.fault_count)
        self._broadcast.publish(shown)
        looks = (self._broadcast.current.status, self._broadcast.current.item)
        if looks != self._looks:
            self._looks, self.status_since = looks, self._clock.now()

    def _end_of(self, playback: Playback) -> float | None:
        """Return when the item itself ends, if it is known or believed (s since the epoch)."""
        intervals = self._row.poll_intervals
        if playback.expires_at is not None and intervals is not None and intervals.at_end:
            return playback.expires_at - END_GRACE_SECONDS
        return playback.ends_at

    def schedule_input(self, pace: float, jitter: float, *, is_free: bool) -> ScheduleInput:
        """What the next question depends on now, at a ``pace`` in s; ``is_free``: asking in vain costs nothing."""
        now, known, shown = self._clock.now(), self.state, self.current_snapshot
        playback, problem, progress_ms = shown.playback, known.problem, shown.progress_at(now)
        return ScheduleInput(
            now=now,
            status=None if playback is None else playback.status,
            since=self.status_since,
            elapsed=None if progress_ms is None else progress_ms / 1000,
            ends_at=None if playback is None else self._end_of(playback),
            unconfirmed_answers=known.unconfirmed_answers,
            polls_past_end=known.polls_past_end,
            failures=known.failures,
            problem=None if problem is None else problem.code,
            is_free=is_free,
            retry_at=None if problem is None else problem.retry_at,
            pace=pace,
            jitter=jitter,
            rhythm=self._row.poll_intervals,
        )
