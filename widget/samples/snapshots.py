"""Moments to look at a face in, with invented music: what the builder shows, whoever plays what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem
from widget.model.snapshot import Snapshot
from widget.samples.artwork import WIDTHS, sample_url

Sample = Literal["playing", "paused", "last", "nothing", "ad", "long", "rtl"]

END_SECONDS = 3.0
"""For this long after its end an item may still be shown, as with music that really plays."""

_PLAYED_BEFORE_SECONDS = 2_400.0
_BETWEEN_ROWS_SECONDS = 260.0


def _track(
    title: str, artists: tuple[str, ...], album: str, drawing: str, duration_ms: int, *, explicit: bool = False
) -> Item:
    return Item(
        type="track",
        id=None,
        uri=None,
        url=None,
        title=title,
        artists=tuple(Entity(name) for name in artists),
        album=Entity(album),
        artwork=tuple(Artwork(sample_url(drawing, width), width, width) for width in WIDTHS),
        explicit=explicit,
        duration_ms=duration_ms,
    )


TIDES = _track("Tides of Glass", ("Mara Lindqvist", "Parallel Weather"), "Low Water", "tides", 214_000)
RAIN = _track("Lanterns in the Rain", ("Ogawa Minato",), "The Library at Night", "lantern", 187_000)
ORBIT = _track("Orbit Song", ("Nova & the Tin Moons",), "Small Planets", "orbit", 198_000, explicit=True)
NOON = _track(
    "Noon over the Viaduct (Live from the Old Customs House, Late Summer Version)",
    ("Parallel Weather", "Ines Okafor", "The Signal Boxes"),
    "Everything We Said on the Platform",
    "viaduct",
    262_000,
    explicit=True,
)
GATE = _track("باب الياسمين في آخر الليل", ("ليلى حداد", "فرقة الظل"), "حديقة الظل", "jasmine", 231_000)


def _playing(item: Item, progress_ms: int) -> Callable[[float], Snapshot]:
    left = ((item.duration_ms or 0) - progress_ms) / 1000
    return lambda now: Snapshot(
        Playback("playing", now, item, progress_ms),
        updated_at=now,
        started_at=now - progress_ms / 1000,
        valid_until=now + left + END_SECONDS,
    )


_SNAPSHOTS: Mapping[Sample, Callable[[float], Snapshot]] = {
    "playing": _playing(TIDES, 92_000),
    "paused": lambda now: Snapshot(Playback("paused", now, ORBIT, 73_000), updated_at=now),
    "last": lambda now: Snapshot(
        Playback("idle", now), last_played=PlayedItem(RAIN, now - _PLAYED_BEFORE_SECONDS), updated_at=now
    ),
    "nothing": lambda now: Snapshot(Playback("idle", now), updated_at=now),
    "ad": lambda now: Snapshot(Playback("ad", now), last_played=PlayedItem(TIDES, now - 20), updated_at=now),
    "long": _playing(NOON, 104_000),
    "rtl": _playing(GATE, 61_000),
}
_BEFORE = (RAIN, NOON, ORBIT, GATE)
SAMPLE_ITEMS: tuple[Item, ...] = (TIDES, RAIN, ORBIT, NOON, GATE)
"""Every item of which a sample shows artwork."""


def parse_sample(name: str | None) -> Sample | None:
    """The sample of that name; None where there is none."""
    return next((sample for sample in get_args(Sample) if sample == name), None)


def make_snapshot(sample: Sample, now: float) -> Snapshot:
    """What the sample ``sample`` shows at ``now`` (s since the epoch), with a few items that were played before."""
    snapshot = _SNAPSHOTS[sample](now)
    if sample == "nothing":
        return snapshot
    latest = now - (_PLAYED_BEFORE_SECONDS if snapshot.last_played else _BETWEEN_ROWS_SECONDS)
    before = [item for item in _BEFORE if item != snapshot.item]
    recent = tuple(PlayedItem(item, latest - place * _BETWEEN_ROWS_SECONDS) for place, item in enumerate(before))
    return replace(snapshot, recent=recent)
