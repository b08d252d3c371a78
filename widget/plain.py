"""Playback values as plain JSON values and back, for what is stored or shared between our own processes."""

from dataclasses import asdict
from typing import Any

from widget.playback import Artwork, Item, LastPlayed, Named, Playback


def plain_item(item: Item) -> dict[str, Any]:
    """``item`` in values that JSON knows."""
    return {**asdict(item), "related": sorted(item.related)}


def item_from_plain(value: dict[str, Any]) -> Item:
    """The item that :func:`plain_item` wrote. Raises KeyError, TypeError or AttributeError for anything else."""
    return Item(
        **{
            **value,
            "artists": tuple(Named(**artist) for artist in value["artists"]),
            "album": value["album"] and Named(**value["album"]),
            "show": value["show"] and Named(**value["show"]),
            "artwork": tuple(Artwork(**artwork) for artwork in value["artwork"]),
            "related": frozenset(value["related"]),
        }
    )


def plain_last_played(last: LastPlayed) -> dict[str, Any]:
    """``last`` in values that JSON knows."""
    return {"item": plain_item(last.item), "played_at": last.played_at}


def last_played_from_plain(value: dict[str, Any]) -> LastPlayed:
    """What :func:`plain_last_played` wrote; raises as :func:`item_from_plain`."""
    return LastPlayed(item_from_plain(value["item"]), value["played_at"])


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


def playback_from_plain(value: dict[str, Any]) -> Playback:
    """What :func:`plain_playback` wrote; raises as :func:`item_from_plain`."""
    return Playback(**{**value, "item": value["item"] and item_from_plain(value["item"])})
