"""The one thing that every face shows: what plays, as far as we know it now."""

from dataclasses import dataclass, replace
from typing import Literal

from widget.model.errors import ErrorCode, SourceError, StoreError
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.sources import SourceInfo

Status = Literal["playing", "paused", "ad", "idle", "unavailable"]


@dataclass(frozen=True, slots=True)
class SourceProblem:
    """Why the source cannot be asked. ``message`` tells the owner what to do and holds no secret.

    ``retry_at`` (s since the epoch) is when asking may work again, None where unknown.
    """

    code: ErrorCode
    message: str
    retry_at: float | None = None

    @classmethod
    def of(cls, error: Exception, now: float) -> "SourceProblem":
        """The problem that ``error``, raised at ``now`` (s since the epoch), means for what is shown."""
        if isinstance(error, StoreError):
            return cls("store_unavailable", STORE_UNAVAILABLE)
        if isinstance(error, SourceError):
            return cls(error.code, str(error), None if error.retry_after is None else now + error.retry_after)
        return cls("internal_error", INTERNAL_ERROR)


STORE_UNAVAILABLE = "The database cannot be used now; the log says why."
"""Public, so without the database's place."""

INTERNAL_ERROR = "Something unforeseen went wrong; the log says what."
"""Public too: what an unforeseen error says may hold anything."""

POLLER_STALLED = SourceProblem("internal_error", "Nothing has been heard for longer than planned; the log may say why.")
"""Where the loop that asks is stuck, or the instance that asks has fallen silent."""

NOT_POLLED_YET = SourceProblem("spotify_unreachable", "Spotify has not answered yet.")
"""Before the first answer."""


def not_polled_yet(source: SourceInfo) -> SourceProblem:
    """The same, for ``source``."""
    return replace(NOT_POLLED_YET, code=source.outage_code, message=f"{source.label} has not answered yet.")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the faces show until the next one is published.

    ``playback`` is None exactly when ``problem`` is set (status ``unavailable``). ``last_played`` is None for
    ``playing`` and ``paused``. ``updated_at`` (s since the epoch): when the source last told us, None if never.
    ``anchor`` (s since the epoch): when the playing item would have begun, kept while it just plays on, renewed
    by a seek; so two snapshots with equal ``identity`` look the same but for plain progress. ``news_at`` (s since
    the epoch): when the next question, or the end of the item, may bring something else; None where unknown.
    ``recent`` is what was played before, newest first, where the owner lets it be shown.
    ``valid_until`` (s since the epoch): until when this may be shown if nothing newer comes, None where nothing ends
    by itself; the same while the item just plays on. ``source_label`` is how the source calls itself, None if it does
    not say so.
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
        """The progress in ms at ``now`` (s since the epoch)."""
        return None if self.playback is None else self.playback.progress_at(now)

    @property
    def etag_key(self) -> tuple[object, ...]:
        """What an ETag stands for: everything that is shown, less the time and the plain progress of playing."""
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
