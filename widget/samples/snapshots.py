"""Snapshots of invented music in each state, for the builder's preview and ``?sample=``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, get_args

from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem
from widget.model.snapshot import Snapshot
from widget.samples import music
from widget.samples.artwork import WIDTHS, sample_url

Sample = Literal["playing", "paused", "last", "nothing", "ad", "long", "rtl"]

END_SECONDS = 3.0
"""An item is displayed so long after its end, as with real music."""

_PLAYED_BEFORE_SECONDS = 2_400.0
_BETWEEN_ROWS_SECONDS = 260.0


def _item(track: music.Track) -> Item:
    return Item(
        type="track",
        id=None,
        uri=None,
        url=None,
        title=track.title,
        artists=tuple(Entity(name) for name in track.artists),
        album=Entity(track.album),
        artwork=tuple(Artwork(sample_url(track.drawing, width), width, width) for width in WIDTHS),
        explicit=track.explicit,
        duration_ms=round(track.seconds * 1000),
    )


TIDES, RAIN, ORBIT, NOON, GATE = (
    _item(track) for track in (music.TIDES, music.LANTERNS, music.ORBIT, music.NOON, music.JASMINE_NIGHT)
)


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
"""Every item of the samples."""


def parse_sample(name: str | None) -> Sample | None:
    """Return the sample of that name; None if there is none."""
    return next((sample for sample in get_args(Sample) if sample == name), None)


def make_snapshot(sample: Sample, now: float) -> Snapshot:
    """Return the snapshot of ``sample`` at ``now`` (s since the epoch), with a few earlier items."""
    snapshot = _SNAPSHOTS[sample](now)
    if sample == "nothing":
        return snapshot
    latest = now - (_PLAYED_BEFORE_SECONDS if snapshot.last_played else _BETWEEN_ROWS_SECONDS)
    before = [item for item in _BEFORE if item != snapshot.item]
    recent = tuple(PlayedItem(item, latest - place * _BETWEEN_ROWS_SECONDS) for place, item in enumerate(before))
    return replace(snapshot, recent=recent)
