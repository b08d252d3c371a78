"""The snapshot: the current state as pages, pictures and responses show it."""

from dataclasses import dataclass
from typing import Literal

from widget.model.error_info import error_info, error_message
from widget.model.errors import ErrorCode, SourceError, StoreError
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.sources import SPOTIFY, SourceInfo

Status = Literal["playing", "paused", "ad", "idle", "unavailable"]


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Why the source cannot be polled. ``message`` names the next step and holds no secret.

    ``retry_at`` (s since the epoch) is when polling may work again, None if unknown.
    """

    code: ErrorCode
    message: str
    retry_at: float | None = None

    @classmethod
    def of(cls, error: Exception, now: float) -> "SourceProblem":
        """Return the problem for ``error``, raised at ``now`` (s since the epoch).

        The message is public: it names neither the database's location nor the text of an unexpected error.
        """
        if isinstance(error, StoreError):
            return cls("store_unavailable", error_message("store_unavailable"))
        if isinstance(error, SourceError):
            return cls(error.code, str(error), None if error.retry_after is None else now + error.retry_after)
        return cls("internal_error", error_message("internal_error"))


POLLER_STALLED = SourceProblem(
    "internal_error", f"No poll for longer than planned. {error_info('internal_error').action}"
)
"""The poller hangs, or the leader has fallen silent."""


def not_polled_yet(source: SourceInfo) -> SourceProblem:
    """Return the problem before the first response."""
    return SourceProblem(source.outage_code, f"{source.known_as} has not responded yet.")


NOT_POLLED_YET = not_polled_yet(SPOTIFY)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state to show until the next snapshot is published.

    ``playback`` is None exactly when ``problem`` is set (status ``unavailable``). ``last_played`` is None for
    ``playing`` and ``paused``. Times are in s since the epoch: ``updated_at`` of the last response, None before it;
    ``started_at`` of the playing item, which only a seek moves, so that snapshots with equal ``etag_key`` differ in
    nothing but plain progress; ``next_update_at`` of the next poll or the item's end, None if unknown; ``valid_until``
    of the last moment at which this may be shown, None if nothing ends by itself. ``recent`` is the history, newest
    first, as far as the owner publishes it. ``source_label`` is the source's own name, None if it sent none.
    """

    playback: Playback | None
    problem: SourceProblem | None = None
    last_played: PlayedItem | None = None
    updated_at: float | None = None
    stale: bool = False
    started_at: float | None = None
    next_update_at: float | None = None
    recent: tuple[PlayedItem, ...] = ()
    valid_until: float | None = None
    source_label: str | None = None

    @property
    def status(self) -> Status:
        return "unavailable" if self.playback is None else self.playback.status

    @property
    def item(self) -> Item | None:
        """The playing or paused item."""
        return None if self.playback is None else self.playback.item

    def progress_at(self, now: float) -> int | None:
        """Return the progress in ms at ``now`` (s since the epoch)."""
        return None if self.playback is None else self.playback.progress_at(now)

    @property
    def etag_key(self) -> tuple[object, ...]:
        """The parts that an ETag stands for: everything but the time and plain progress."""
        moving = self.status == "playing"
        still_progress = None if moving or self.playback is None else self.playback.progress_ms
        known_progress = self.playback is not None and self.playback.progress_ms is not None
        problem = None if self.problem is None else (self.problem.code, self.problem.message)
        return (
            self.status,
            self.item,
            still_progress,
            known_progress,
            self.started_at if moving else None,
            self.last_played,
            self.recent,
            self.stale,
            self.valid_until,
            self.source_label,
            problem,
        )
