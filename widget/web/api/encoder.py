"""``/now-playing``: a snapshot as JSON bytes, made once per change, with a hole for the progress."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil
from typing import Any, Protocol

from widget.clock import format_rfc3339_ms
from widget.model.playback import Artwork, Entity, Item, PlayedItem
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.web.responses import weak_etag


class ArtworkFacts(Protocol):
    """What is told about an item's artwork."""

    def public_artwork(self, item: Item) -> tuple[Artwork, ...]:
        """Its sizes, and where each is found."""
        ...

    def path(self, item: Item) -> str | None:
        """Its address on our own origin."""
        ...

    def colour(self, item: Item) -> str | None:
        """Its main colour."""
        ...


@dataclass(frozen=True, slots=True)
class EncodedSnapshot:
    """One snapshot's JSON: ``before`` and ``after`` the digits of the progress; ``etag`` as it stands in the header."""

    snapshot: Snapshot
    before: bytes
    after: bytes
    etag: str

    def at(self, now: float) -> bytes:
        """The whole JSON at ``now`` (s since the epoch)."""
        progress_ms = self.snapshot.progress_at(now)
        return b"%b%b%b" % (self.before, b"null" if progress_ms is None else b"%d" % progress_ms, self.after)

    @property
    def opaque_tag(self) -> str:
        """The ETag's part between the quotes."""
        return self.etag[3:-1]


def encode_snapshot(snapshot: Snapshot, artwork: ArtworkFacts, source: SourceInfo) -> EncodedSnapshot:
    """The bytes of ``snapshot``, told by ``source``."""
    document = {**_document(snapshot, artwork), "source": source_json(source, snapshot.source_label)}
    names = list(document)
    middle = names.index("progress_ms")
    before = _json({name: document[name] for name in names[:middle]})[:-1] + ',"progress_ms":'
    after = "," + _json({name: document[name] for name in names[middle + 1 :]})[1:]
    identity = json.dumps({**document, "updated_at": None, "anchor": snapshot.started_at, "still": _still(snapshot)})
    return EncodedSnapshot(snapshot, before.encode(), after.encode(), weak_etag(identity))


def max_age(snapshot: Snapshot, now: float) -> int:
    """The whole seconds until we expect news, 1 to 10; 5 at most where the source cannot be asked."""
    until_news = 1.0 if snapshot.next_update_at is None else snapshot.next_update_at - now
    longest = 5 if snapshot.status == "unavailable" else 10
    return min(longest, max(1, int(until_news)))


def retry_after(snapshot: Snapshot, now: float) -> int | None:
    """The whole seconds after which the source may be asked again; None where unknown."""
    problem = snapshot.problem
    return None if problem is None or problem.retry_at is None else max(1, ceil(problem.retry_at - now))


def item_json(item: Item, artwork: ArtworkFacts) -> dict[str, Any]:
    """The contract's ``item``."""
    return {
        "type": item.type,
        "id": item.id,
        "uri": item.uri,
        "url": item.url,
        "title": item.title,
        "artists": [_named(artist) for artist in item.artists],
        "album": _named(item.album),
        "show": _named(item.show),
        "artwork": [{"url": one.url, "width": one.width, "height": one.height} for one in artwork.public_artwork(item)],
        "artwork_path": artwork.path(item),
        "artwork_color": artwork.colour(item),
        "explicit": item.explicit,
        "is_local": item.is_local,
        "duration_ms": item.duration_ms,
    }


def source_json(source: SourceInfo, label: str | None = None) -> dict[str, str | None]:
    """The contract's ``source``; ``label`` is how it calls itself, None if it does not say so."""
    return {"name": source.name, "label": label or source.label, "url": source.url}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))


def _document(snapshot: Snapshot, artwork: ArtworkFacts) -> dict[str, Any]:
    problem = snapshot.problem
    return {
        "status": snapshot.status,
        "is_playing": snapshot.status == "playing",
        "item": None if snapshot.item is None else item_json(snapshot.item, artwork),
        "progress_ms": None,
        "last_played": None if snapshot.last_played is None else _played(snapshot.last_played, artwork),
        "recent": [_played(last, artwork) for last in snapshot.recent],
        "updated_at": _moment(snapshot.updated_at),
        "valid_until": _moment(snapshot.valid_until),
        "stale": snapshot.stale,
        "error": None if problem is None else {"code": problem.code, "message": problem.message},
    }


def _played(last: PlayedItem, artwork: ArtworkFacts) -> dict[str, Any]:
    return {"item": item_json(last.item, artwork), "played_at": format_rfc3339_ms(last.played_at)}


def _moment(timestamp: float | None) -> str | None:
    return None if timestamp is None else format_rfc3339_ms(timestamp)


def _named(named: Entity | None) -> dict[str, Any] | None:
    return None if named is None else {"name": named.name, "url": named.url}


def _still(snapshot: Snapshot) -> object:
    """The progress that stands still, and whether it is known at all."""
    playback = snapshot.playback
    if playback is None or playback.progress_ms is None:
        return None
    return True if playback.status == "playing" else playback.progress_ms
