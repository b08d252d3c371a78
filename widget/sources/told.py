"""What one question to a source brought."""

from dataclasses import dataclass

from widget.model.playback import Playback, PlayedItem


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What plays, and what was played, newest first; None where the answer told nothing of it."""

    playback: Playback | None
    history: tuple[PlayedItem, ...] | None = None
