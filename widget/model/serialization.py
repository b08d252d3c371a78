"""Playback values to and from the JSON that our own processes store and share.

Stored JSON is input like any other: readers raise KeyError, TypeError, ValueError or AttributeError for a wrong shape.
The stored keys are those of 1.0.0, since several versions may share one database.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem

Value = TypeVar("Value")

MAX_TIMESTAMP = 32_503_680_000.0  # the year 3000
MAX_INT = 10**10


def require_str(value: Any) -> str:
    """Return ``value`` if it is text."""
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def require_timestamp(value: Any) -> float:
    """Return ``value`` if it is seconds since the epoch within the calendar."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_TIMESTAMP:
        raise TypeError("not a timestamp")
    return value


def require_int(value: Any) -> int:
    """Return ``value`` if it is an int of at most some months in milliseconds."""
    if isinstance(value, bool) or not isinstance(value, int) or not abs(value) <= MAX_INT:
        raise TypeError("not an int")
    return value


def require_bool(value: Any) -> bool:
    """Return ``value`` if it is a bool."""
    if not isinstance(value, bool):
        raise TypeError("not a bool")
    return value


def optional(read: Callable[[Any], Value], value: Any) -> Value | None:
    """Return None for None, else ``read(value)``."""
    return None if value is None else read(value)


def item_to_dict(item: Item) -> dict[str, Any]:
    """Return ``item`` as JSON values."""
    values = asdict(item)
    values["related"] = sorted(values.pop("hide_keys"))  # The stored name.
    return values


def item_from_dict(value: Any) -> Item:
    """Return the item that :func:`item_to_dict` wrote."""
    if value["type"] not in ("track", "episode"):
        raise ValueError("not an item")
    return Item(
        type=value["type"],
        id=optional(require_str, value["id"]),
        uri=optional(require_str, value["uri"]),
        url=optional(require_str, value["url"]),
        title=require_str(value["title"]),
        artists=tuple(_named(named) for named in value["artists"]),
        album=optional(_named, value["album"]),
        show=optional(_named, value["show"]),
        artwork=tuple(_artwork(artwork) for artwork in value["artwork"]),
        explicit=require_bool(value["explicit"]),
        is_local=require_bool(value["is_local"]),
        duration_ms=optional(require_int, value["duration_ms"]),
        hide_keys=frozenset(require_str(uri) for uri in value["related"]),
    )


def played_item_to_dict(played: PlayedItem) -> dict[str, Any]:
    """Return ``played`` as JSON values."""
    return {"item": item_to_dict(played.item), "played_at": played.played_at}


def played_item_from_dict(value: Any) -> PlayedItem:
    """Return the play that :func:`played_item_to_dict` wrote."""
    return PlayedItem(item_from_dict(value["item"]), require_timestamp(value["played_at"]))


def playback_to_dict(playback: Playback) -> dict[str, Any]:
    """Return ``playback`` as JSON values."""
    return {
        "status": playback.status,
        "observed_at": playback.observed_at,
        "item": None if playback.item is None else item_to_dict(playback.item),
        "progress_ms": playback.progress_ms,
        "certain": playback.is_authoritative,
        "good_until": playback.expires_at,
    }


def playback_from_dict(value: Any) -> Playback:
    """Return the playback that :func:`playback_to_dict` wrote."""
    status, item = value["status"], optional(item_from_dict, value["item"])
    if status not in ("playing", "paused", "ad", "idle") or (item is not None) != (status in ("playing", "paused")):
        raise ValueError("not a playback")
    return Playback(
        status,
        require_timestamp(value["observed_at"]),
        item,
        optional(require_int, value["progress_ms"]),
        require_bool(value["certain"]),
        optional(require_timestamp, value.get("good_until")),
    )


def _named(value: Any) -> Entity:
    return Entity(require_str(value["name"]), optional(require_str, value["url"]))


def _artwork(value: Any) -> Artwork:
    return Artwork(
        require_str(value["url"]), optional(require_int, value["width"]), optional(require_int, value["height"])
    )
