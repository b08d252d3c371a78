"""The submitted state to and from the JSON in the store.

The names of the fields are stored and shared with other versions: 1.1.0 wrote ``playing`` (``item``, ``since``,
``until``), ``played`` and ``told_at``, and reads no more than these.
"""

import json
from typing import Any

from widget.model.playback import PlayedItem
from widget.model.serialization import (
    item_from_dict,
    item_to_dict,
    optional,
    played_item_from_dict,
    played_item_to_dict,
    require_bool,
    require_int,
    require_str,
    require_timestamp,
)
from widget.sources.inlet.plays import NowPlaying, Play
from widget.sources.inlet.state import SubmittedState

# The row may come from another version, or have been edited by hand.
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


def dump_submitted(state: SubmittedState) -> str:
    """Return ``state`` as JSON."""
    playing = state.playing
    return json.dumps(
        {
            "playing": None if playing is None else _playing_to_dict(playing),
            "played": [
                {**played_item_to_dict(PlayedItem(play.item, play.played_at)), "scrobbled": play.is_scrobbled}
                for play in state.played
            ],
            "told_at": state.last_push_at,
            "updated_at": state.updated_at,
        }
    )


def load_submitted(text: str | None) -> SubmittedState:
    """Return the state that :func:`dump_submitted` wrote; an empty one if it cannot be read."""
    try:
        value = json.loads(text or "{}")
        json.dumps(value, ensure_ascii=False).encode()  # Half a surrogate pair can be stored, but not served.
        last_push_at = optional(require_timestamp, value["told_at"])
        return SubmittedState(
            optional(_playing_from_dict, value["playing"]),
            tuple(_play_from_dict(play) for play in value["played"]),
            last_push_at,
            optional(require_timestamp, value.get("updated_at", last_push_at)),
        )
    except _DAMAGED:
        return SubmittedState()


def _playing_to_dict(playing: NowPlaying) -> dict[str, Any]:
    return {
        "item": item_to_dict(playing.item),
        "since": playing.since,
        "until": playing.until,
        "played_at": playing.played_at,
        "anchor": playing.anchor,
        "paused_at": playing.paused_at,
        "progress_ms": playing.progress_ms,
        "client": playing.client,
        "scrobbled": playing.is_scrobbled,
        "repeated_at": playing.repeated_at,
        "repeat_seconds": playing.repeat_seconds,
    }


def _playing_from_dict(value: Any) -> NowPlaying:
    since = require_timestamp(value["since"])
    return NowPlaying(
        item_from_dict(value["item"]),
        since,
        require_timestamp(value["until"]),
        require_timestamp(value.get("played_at", since)),
        optional(require_timestamp, value.get("anchor")),
        optional(require_timestamp, value.get("paused_at")),
        optional(require_int, value.get("progress_ms")),
        optional(require_str, value.get("client")),
        require_bool(value.get("scrobbled", False)),
        optional(require_timestamp, value.get("repeated_at")),
        optional(require_timestamp, value.get("repeat_seconds")),
    )


def _play_from_dict(value: Any) -> Play:
    played = played_item_from_dict(value)
    return Play(played.item, played.played_at, require_bool(value.get("scrobbled", False)))
