"""Playback values as plain JSON values and back, for what is stored or shared between our own processes.

What is stored is input like any other: the readers raise KeyError, TypeError, ValueError or AttributeError for
anything that is not of the right shape.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem

Value = TypeVar("Value")

MAX_TIMESTAMP = 32_503_680_000.0  # the year 3000
MAX_INT = 10**10


def require_str(value: Any) -> str:
    """``value``, which must be text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def require_timestamp(value: Any) -> float:
    """``value``, which must be seconds since the epoch that a calendar can show."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_TIMESTAMP:
        raise TypeError("no moment")
    return value


def require_int(value: Any) -> int:
    """``value``, which must be a whole number, not larger than the milliseconds of some months."""
    if isinstance(value, bool) or not isinstance(value, int) or not abs(value) <= MAX_INT:
        raise TypeError("no whole number")
    return value


def require_bool(value: Any) -> bool:
    """``value``, which must be true or false."""
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def optional(read: Callable[[Any], Value], value: Any) -> Value | None:
    """None, or what ``read`` makes of ``value``."""
    return None if value is None else read(value)


def item_to_dict(item: Item) -> dict[str, Any]:
    """``item`` in values that JSON knows."""
    values = asdict(item)
    values["related"] = sorted(values.pop("hide_keys"))  # The stored name.
    return values


def item_from_dict(value: Any) -> Item:
    """The item that :func:`plain_item` wrote."""
    if value["type"] not in ("track", "episode"):
        raise ValueError("no item")
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


def played_item_to_dict(last: PlayedItem) -> dict[str, Any]:
    """``last`` in values that JSON knows."""
    return {"item": item_to_dict(last.item), "played_at": last.played_at}


def played_item_from_dict(value: Any) -> PlayedItem:
    """What :func:`plain_last_played` wrote."""
    return PlayedItem(item_from_dict(value["item"]), require_timestamp(value["played_at"]))


def playback_to_dict(playback: Playback) -> dict[str, Any]:
    """``playback`` in values that JSON knows."""
    return {
        "status": playback.status,
        "observed_at": playback.observed_at,
        "item": None if playback.item is None else item_to_dict(playback.item),
        "progress_ms": playback.progress_ms,
        "certain": playback.is_authoritative,
        "good_until": playback.expires_at,
    }


def playback_from_dict(value: Any) -> Playback:
    """What :func:`plain_playback` wrote."""
    status, item = value["status"], optional(item_from_dict, value["item"])
    if status not in ("playing", "paused", "ad", "idle") or (item is not None) != (status in ("playing", "paused")):
        raise ValueError("no playback")
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
