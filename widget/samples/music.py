"""The catalogue of invented music, in no service's JSON: for demo, samples and simulators alike."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Track:
    """A track of ``seconds``; ``drawing`` names its artwork in ``drawings/``, "" if it has none.

    ``recording`` and ``release`` are MusicBrainz identifiers of the form, but of nothing real.
    """

    title: str
    artists: tuple[str, ...]
    album: str
    seconds: float
    drawing: str = ""
    explicit: bool = False
    recording: str = ""
    release: str = ""


def _identified(track: Track, number: int) -> Track:
    return replace(
        track,
        recording=f"1d0c5a52-6f3b-4f0e-9c55-0a2f5a5d{number}",
        release=f"5b2f9a04-11c7-4b52-8f6e-3a9c1b7d{1000 + number}",
    )


TIDES_SOLO = Track("Tides of Glass", ("Mara Lindqvist",), "Low Water", 214.0, "tides")
TIDES = replace(TIDES_SOLO, artists=("Mara Lindqvist", "Parallel Weather"))
NOON = Track(
    "Noon over the Viaduct (Live from the Old Customs House, Late Summer Version)",
    ("Parallel Weather", "Ines Okafor", "The Signal Boxes"),
    "Everything We Said on the Platform",
    262.0,
    "viaduct",
    explicit=True,
)
LANTERNS = Track("Lanterns in the Rain", ("Ogawa Minato",), "The Library at Night", 187.0, "lantern")
LANTERNS_IN_JAPANESE = replace(LANTERNS, title="雨の灯り", artists=("小川ミナト",), album="夜の図書館")
JASMINE = _identified(Track("باب الياسمين", ("ليلى حداد",), "حديقة الظل", 231.0, "jasmine"), 1004)
JASMINE_NIGHT = replace(JASMINE, title="باب الياسمين في آخر الليل", artists=("ليلى حداد", "فرقة الظل"))
ORBIT = Track("Orbit Song", ("Nova & the Tin Moons",), "Small Planets", 198.0, "orbit", explicit=True)
ORBIT_WITH_EMOJI = replace(ORBIT, title="Orbit Song 🪐", explicit=False)
SMALL_PLANETS = _identified(replace(ORBIT_WITH_EMOJI, title="Small Planets 🪐"), 1003)
HARBOUR = _identified(Track("Harbour Lights, Slowly", ("Elin Sandvik",), "The Ferry Timetable", 221.0, "tides"), 1001)
PLATFORM = _identified(
    Track(
        "Second Platform (Night Version)",
        ("The Signal Boxes", "Ines Okafor"),
        "Everything We Said on the Platform",
        264.0,
        "viaduct",
    ),
    1002,
)
KITCHEN_DEMO = Track("Kitchen Demo 3", ("Mara Lindqvist",), "", 143.0)
SLOW_MAPS = Track("Slow Maps: Why We Still Draw Coastlines by Hand", (), "The Long Way Round", 2_540.0, "maps")
"""An episode: its album is the show."""
