"""The playlist of the simulated services: invented music in no service's JSON. Used by the simulators alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field


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


PIECES = (
    SimulatedTrack(
        24.0,
        "Harbour Lights, Slowly",
        ("Elin Sandvik",),
        "The Ferry Timetable",
        length=221.0,
        recording="1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1001",
        release="5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2001",
        drawing="tides",
    ),
    SimulatedTrack(
        22.0,
        "Second Platform (Night Version)",
        ("The Signal Boxes", "Ines Okafor"),
        "Everything We Said on the Platform",
        length=264.0,
        recording="1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1002",
        release="5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2002",
        drawing="viaduct",
    ),
    SimulatedTrack(20.0, "雨の灯り", ("小川ミナト",), "夜の図書館", length=187.0),
    SimulatedTrack(16.0),
    SimulatedTrack(
        24.0,
        "Small Planets 🪐",
        ("Nova & the Tin Moons",),
        "Small Planets",
        length=198.0,
        recording="1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1003",
        release="5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2003",
        drawing="orbit",
    ),
    SimulatedTrack(
        24.0,
        "باب الياسمين",
        ("ليلى حداد",),
        "حديقة الظل",
        length=231.0,
        recording="1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d1004",
        release="5b2f9a04-11c7-4b52-8f6e-3a9c1b7d2004",
        drawing="jasmine",
    ),
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
        """Return the last ``count`` tracks that ended before ``now``, and when each began, newest first."""
        _, began = self.at(now)
        ended: list[tuple[SimulatedTrack, float]] = []
        while len(ended) < count:
            piece, began = self.at(began - 0.001)
            if piece.title:
                ended.append((piece, began))
        return ended
