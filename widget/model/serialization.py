"""Playback values as plain JSON values and back, for what is stored or shared between our own processes.

What is stored is input like any other: the readers raise KeyError, TypeError, ValueError or AttributeError for
anything that is not of the right shape.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from widget.model.playback import Artwork, Item, LastPlayed, Named, Playback

Value = TypeVar("Value")

LATEST_MOMENT = 32_503_680_000.0  # the year 3000
LARGEST = 10**10


def text(value: Any) -> str:
    """``value``, which must be text."""
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def moment(value: Any) -> float:
    """``value``, which must be seconds since the epoch that a calendar can show."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LATEST_MOMENT:
        raise TypeError("no moment")
    return value


def whole(value: Any) -> int:
    """``value``, which must be a whole number, not larger than the milliseconds of some months."""
    if isinstance(value, bool) or not isinstance(value, int) or not abs(value) <= LARGEST:
        raise TypeError("no whole number")
    return value


def flag(value: Any) -> bool:
    """``value``, which must be true or false."""
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def optional(read: Callable[[Any], Value], value: Any) -> Value | None:
    """None, or what ``read`` makes of ``value``."""
    return None if value is None else read(value)


def plain_item(item: Item) -> dict[str, Any]:
    """``item`` in values that JSON knows."""
    return {**asdict(item), "related": sorted(item.related)}


def item_from_plain(value: Any) -> Item:
    """The item that :func:`plain_item` wrote."""
    if value["type"] not in ("track", "episode"):
        raise ValueError("no item")
    return Item(
        type=value["type"],
        id=optional(text, value["id"]),
        uri=optional(text, value["uri"]),
        url=optional(text, value["url"]),
        title=text(value["title"]),
        artists=tuple(_named(named) for named in value["artists"]),
        album=optional(_named, value["album"]),
        show=optional(_named, value["show"]),
        artwork=tuple(_artwork(artwork) for artwork in value["artwork"]),
        explicit=flag(value["explicit"]),
        is_local=flag(value["is_local"]),
        duration_ms=optional(whole, value["duration_ms"]),
        related=frozenset(text(uri) for uri in value["related"]),
    )


def plain_last_played(last: LastPlayed) -> dict[str, Any]:
    """``last`` in values that JSON knows."""
    return {"item": plain_item(last.item), "played_at": last.played_at}


def last_played_from_plain(value: Any) -> LastPlayed:
    """What :func:`plain_last_played` wrote."""
    return LastPlayed(item_from_plain(value["item"]), moment(value["played_at"]))


def plain_playback(playback: Playback) -> dict[str, Any]:
    """``playback`` in values that JSON knows."""
    return {
        "status": playback.status,
        "observed_at": playback.observed_at,
        "item": None if playback.item is None else plain_item(playback.item),
        "progress_ms": playback.progress_ms,
        "certain": playback.certain,
        "good_until": playback.good_until,
    }


def playback_from_plain(value: Any) -> Playback:
    """What :func:`plain_playback` wrote."""
    status, item = value["status"], optional(item_from_plain, value["item"])
    if status not in ("playing", "paused", "ad", "idle") or (item is not None) != (status in ("playing", "paused")):
        raise ValueError("no playback")
    return Playback(
        status,
        moment(value["observed_at"]),
        item,
        optional(whole, value["progress_ms"]),
        flag(value["certain"]),
        optional(moment, value.get("good_until")),
    )


def _named(value: Any) -> Named:
    return Named(text(value["name"]), optional(text, value["url"]))


def _artwork(value: Any) -> Artwork:
    return Artwork(text(value["url"]), optional(whole, value["width"]), optional(whole, value["height"]))
