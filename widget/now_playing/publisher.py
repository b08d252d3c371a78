"""What this instance knows, less what is hidden, and what the faces and the schedule are given of it."""

from collections.abc import Iterable
from dataclasses import replace

from widget.clock import Clock
from widget.model.errors import REFUSALS, ErrorCode
from widget.model.hiding import Hiding
from widget.model.playback import Item, LastPlayed, Playback
from widget.model.snapshot import Problem, Snapshot, Status, unasked
from widget.model.sources import Source
from widget.now_playing.broadcaster import Broadcast
from widget.now_playing.plausibility import CLOCKS_APART_SECONDS
from widget.now_playing.schedule import Situation
from widget.now_playing.state import Knowledge

FINAL: frozenset[ErrorCode] = frozenset({"not_configured"})
"""After these nothing that was heard before is shown any more; elsewhere a refusal counts among them: it may mean that
the listener does not want to be seen."""


class Board:
    """Publishes to ``broadcast``; of what was played, ``recent`` plays at most.

    ``trouble`` is what keeps this instance from asking or following now, ``troubles`` how many times in a row it did.
    ``since`` is when what is shown began to look as it does (s since the epoch).
    """

    def __init__(self, broadcast: Broadcast, clock: Clock, hiding: Hiding, row: Source, recent: int) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._hiding = hiding
        self._recent = recent
        self._row = row
        self._unasked = unasked(row)
        self._final = FINAL if row.needs_authorization else FINAL | REFUSALS
        self._looks: tuple[Status, Item | None] | None = None
        self.known = Knowledge(unasked=self._unasked)
        self.trouble: Problem | None = None
        self.troubles = 0
        self.since = 0.0
        broadcast.publish(self.known)

    @property
    def shown(self) -> Snapshot:
        """What may be shown now, troubles aside."""
        return self.known.snapshot_at(self._clock.now())

    def know(self, knowledge: Knowledge) -> None:
        """Takes ``knowledge`` in, less what is hidden; nobody sees it before :meth:`publish`."""
        shown = knowledge.shown_under(self._hiding)
        recent = shown.recent[: self._recent]
        self.known = replace(shown, recent=recent, unasked=self._unasked, final=self._final)

    def hear(self, playback: Playback) -> None:
        """Takes in an answer."""
        heard = self._hiding.applied(playback)
        self.know(self.known.heard(heard, self._clock.now(), self._row.endurance))

    def hear_played(self, played: Iterable[LastPlayed]) -> bool:
        """Takes in the list of what was played, but for what lies in the future; whether it was news."""
        before, latest = self.known, self._clock.now() + CLOCKS_APART_SECONDS
        believed = (last for last in played if last.played_at <= latest)
        self.know(self.known.told_of(believed, self._recent, self._hiding))
        return self.known != before

    def hear_all(self, playback: Playback, played: Iterable[LastPlayed], told_at: float | None) -> None:
        """Takes in everything anew, from a source that was told it at ``told_at`` (s since the epoch)."""
        heard = Knowledge().heard(self._hiding.applied(playback), self._clock.now())
        self.know(replace(heard.told_of(played, self._recent, self._hiding), updated_at=told_at))

    def fail(self, problem: Problem) -> None:
        """After a question that was not answered."""
        self.know(self.known.failed(problem, self._clock.now()))

    def met(self, trouble: Problem) -> None:
        """Counts one more ``trouble``, and shows it."""
        self.trouble = trouble
        self.troubles += 1
        self.publish()

    def is_rid_of_trouble(self) -> None:
        """What kept this instance from its work does so no more."""
        self.trouble, self.troubles = None, 0

    def publish(self) -> None:
        """Gives the faces what is known now."""
        shown = self.known
        if self.trouble is not None:
            shown = shown.failed(self.trouble, self._clock.now(), self.troubles)
        self._broadcast.publish(shown)
        looks = (self._broadcast.current.status, self._broadcast.current.item)
        if looks != self._looks:
            self._looks, self.since = looks, self._clock.now()

    def situation(self, pace: float, jitter: float, *, is_free: bool) -> Situation:
        """What the next question depends on now, at a ``pace`` in s; ``is_free``: asking in vain costs nothing."""
        now, known, shown = self._clock.now(), self.known, self.shown
        playback, problem, progress_ms = shown.playback, known.problem, shown.progress_at(now)
        return Situation(
            now=now,
            status=None if playback is None else playback.status,
            since=self.since,
            played=None if progress_ms is None else progress_ms / 1000,
            ends_at=None if playback is None else playback.ends_at,
            doubts=known.doubts,
            about_the_end=known.about_the_end,
            failures=known.failures,
            problem=None if problem is None else problem.code,
            is_free=is_free,
            retry_at=None if problem is None else problem.retry_at,
            pace=pace,
            jitter=jitter,
            rhythm=self._row.rhythm,
        )
