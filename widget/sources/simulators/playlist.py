"""The playlist of the simulated services: invented music in no service's JSON.

Used by the simulators alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from widget.samples import music


@dataclass(frozen=True, slots=True)
class SimulatedTrack:
    """A track that plays for ``seconds`` of its ``length`` (s); without a title, silence.

    ``recording`` and ``release`` are MusicBrainz identifiers, ``drawing`` names its artwork; all may be empty.
    """

    seconds: float
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    length: float = 200.0
    recording: str = ""
    release: str = ""
    drawing: str = ""

    @property
    def credit(self) -> str:
        """All artists in one text."""
        return " feat. ".join(self.artists)


def _playing(seconds: float, track: music.Track) -> SimulatedTrack:
    return SimulatedTrack(
        seconds,
        track.title,
        track.artists,
        track.album,
        length=track.seconds,
        recording=track.recording,
        release=track.release,
        drawing=track.drawing if track.release else "",
    )


PIECES = (
    _playing(24.0, music.HARBOUR),
    _playing(22.0, music.PLATFORM),
    _playing(20.0, music.LANTERNS_IN_JAPANESE),
    SimulatedTrack(16.0),
    _playing(24.0, music.SMALL_PLANETS),
    _playing(24.0, music.JASMINE),
)


@dataclass(slots=True)
class Playlist:
    """Tracks one after the other, repeated, since ``begun_at`` (s since the epoch)."""

    pieces: Sequence[SimulatedTrack] = field(default=PIECES)
    begun_at: float = 0.0

    def at(self, now: float) -> tuple[SimulatedTrack, float]:
        """Return the track at ``now``, and when it began (s since the epoch)."""
        round_seconds = sum(piece.seconds for piece in self.pieces)
        began = now - (now - self.begun_at) % round_seconds
        for piece in self.pieces:
            if now < began + piece.seconds:
                return piece, began
            began += piece.seconds
        return self.pieces[-1], began - self.pieces[-1].seconds

    def played(self, now: float, count: int) -> list[tuple[SimulatedTrack, float]]:
        """Return the last ``count`` tracks that ended and when each began, newest first."""
        _, began = self.at(now)
        ended: list[tuple[SimulatedTrack, float]] = []
        while len(ended) < count:
            # A moment before it began another one played.
            piece, began = self.at(began - 0.001)
            if piece.title:
                ended.append((piece, began))
        return ended
