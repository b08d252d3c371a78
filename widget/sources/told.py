"""What one question to a source brought."""

from dataclasses import dataclass

from widget.model.playback import LastPlayed, Playback


@dataclass(frozen=True, slots=True)
class Told:
    """What plays, and what was played, newest first; None where the answer told nothing of it."""

    playback: Playback | None
    played: tuple[LastPlayed, ...] | None = None
