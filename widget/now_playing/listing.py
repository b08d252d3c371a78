"""When to ask what was played, beside what plays. Pure."""

from dataclasses import dataclass

from widget.model.playback import Item
from widget.model.snapshot import Snapshot

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
