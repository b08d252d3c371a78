"""``/now-playing``: a snapshot as JSON bytes, encoded once per change, with a gap for the progress."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from widget.artwork.cache import ArtworkCache
from widget.clock import format_rfc3339_ms
from widget.model.playback import Entity, Item, PlayedItem
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.web.caching import progress_step
from widget.web.responses import weak_etag


@dataclass(frozen=True, slots=True)
class EncodedSnapshot:
    """The JSON of one snapshot: ``before`` and ``after`` the digits of the progress.

    ``revision`` changes with everything but plain progress.
    """

    snapshot: Snapshot
    before: bytes
    after: bytes
    revision: str

    def at(self, now: float) -> bytes:
        """Return the whole JSON at ``now`` (s since the epoch)."""
        progress_ms = self.snapshot.progress_at(now)
        return b"%b%b%b" % (self.before, b"null" if progress_ms is None else b"%d" % progress_ms, self.after)

    def etag_at(self, now: float) -> str:
        """Return the header's value at ``now``: the revision and the step of the progress."""
        step = progress_step(self.snapshot, now)
        return f'W/"{self.revision}"' if step is None else f'W/"{self.revision}.{step}"'


def encode_snapshot(snapshot: Snapshot, artwork: ArtworkCache, source: SourceInfo) -> EncodedSnapshot:
    """Return the bytes of ``snapshot``, which ``source`` reported."""
    document = {**_document(snapshot, artwork), "source": source_json(source, snapshot.source_label)}
    keys = list(document)
    # The progress alone changes between two encodings, so it is filled in as digits.
    middle = keys.index("progress_ms")
    before = _json({key: document[key] for key in keys[:middle]})[:-1] + ',"progress_ms":'
    after = "," + _json({key: document[key] for key in keys[middle + 1 :]})[1:]
    # Each poll moves updated_at, which is no change to a viewer; a seek moves the start.
    revised = {**document, "updated_at": None, "started_at": snapshot.started_at, "fixed": _fixed_progress(snapshot)}
    revision = weak_etag(json.dumps(revised)).removeprefix("W/").strip('"')
    return EncodedSnapshot(snapshot, before.encode(), after.encode(), revision)


def item_json(item: Item, artwork: ArtworkCache) -> dict[str, Any]:
    """Return the ``item`` of the JSON (docs/api.md)."""
    return {
        "type": item.type,
        "id": item.id,
        "uri": item.uri,
        "url": item.url,
        "title": item.title,
        "artists": [_entity_json(artist) for artist in item.artists],
        "album": _entity_json(item.album),
        "show": _entity_json(item.show),
        "artwork": [{"url": one.url, "width": one.width, "height": one.height} for one in artwork.public_artwork(item)],
        "artwork_path": artwork.path(item),
        "artwork_color": artwork.color(item),
        "accent_color": artwork.accent_color(item),
        "explicit": item.explicit,
        "is_local": item.is_local,
        "duration_ms": item.duration_ms,
    }


def source_json(source: SourceInfo, label: str | None = None) -> dict[str, str | None]:
    """Return the ``source`` of the JSON; ``label`` is the name that it gives itself, if any."""
    return {"name": source.name, "label": label or source.label, "url": source.url}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _document(snapshot: Snapshot, artwork: ArtworkCache) -> dict[str, Any]:
    problem, playback = snapshot.problem, snapshot.playback
    has_progress = playback is not None and playback.progress_ms is not None and snapshot.status == "playing"
    return {
        "status": snapshot.status,
        "is_playing": snapshot.status == "playing",
        "item": None if snapshot.item is None else item_json(snapshot.item, artwork),
        "progress_ms": None,
        "started_at": _timestamp(snapshot.started_at if has_progress else None),
        "last_played": None if snapshot.last_played is None else _played_json(snapshot.last_played, artwork),
        "recent": [_played_json(played, artwork) for played in snapshot.recent],
        "updated_at": _timestamp(snapshot.updated_at),
        "valid_until": _timestamp(snapshot.valid_until),
        "stale": snapshot.stale,
        "error": None if problem is None else {"code": problem.code, "message": problem.message},
    }


def _played_json(played: PlayedItem, artwork: ArtworkCache) -> dict[str, Any]:
    return {"item": item_json(played.item, artwork), "played_at": format_rfc3339_ms(played.played_at)}


def _timestamp(seconds: float | None) -> str | None:
    return None if seconds is None else format_rfc3339_ms(seconds)


def _entity_json(entity: Entity | None) -> dict[str, Any] | None:
    return None if entity is None else {"name": entity.name, "url": entity.url}


def _fixed_progress(snapshot: Snapshot) -> object:
    """Return the progress of a paused item; of a playing one only whether it is known."""
    playback = snapshot.playback
    if playback is None or playback.progress_ms is None:
        return None
    return True if playback.status == "playing" else playback.progress_ms
