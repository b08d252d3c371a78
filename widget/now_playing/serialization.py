"""What is known, as text for the store: instances share it, and it outlives the process. Pure."""

import json
from dataclasses import asdict
from typing import Any, get_args

from widget.model.errors import ErrorCode
from widget.model.serialization import (
    item_from_plain,
    last_played_from_plain,
    moment,
    optional,
    plain_item,
    plain_last_played,
    plain_playback,
    playback_from_plain,
    text,
    whole,
)
from widget.model.snapshot import Problem
from widget.now_playing.expiry import Announcement
from widget.now_playing.state import Knowledge


def to_text(knowledge: Knowledge) -> str:
    """``knowledge`` for the store, as JSON."""
    return json.dumps(
        {
            "playback": knowledge.playback and plain_playback(knowledge.playback),
            "updated_at": knowledge.updated_at,
            "anchor": knowledge.anchor,
            "doubts": knowledge.doubts,
            "about_the_end": knowledge.about_the_end,
            "told_ms": knowledge.told_ms,
            "failures": knowledge.failures,
            "problem": knowledge.problem and asdict(knowledge.problem),
            "last_played": knowledge.last_played and plain_last_played(knowledge.last_played),
            "next_question_at": knowledge.next_question_at,
            "announced": knowledge.announced and _plain_announcement(knowledge.announced),
            "recent": [plain_last_played(last) for last in knowledge.recent],
        }
    )


def from_text(written: str | None, now: float) -> Knowledge:
    """What :func:`to_text` wrote, as far as it is believed at ``now``; knowing nothing, where it cannot be read."""
    try:
        value = json.loads(written or "{}")
        return Knowledge(
            playback=optional(playback_from_plain, value["playback"]),
            updated_at=optional(moment, value["updated_at"]),
            anchor=optional(moment, value["anchor"]),
            doubts=whole(value["doubts"]),
            about_the_end=whole(value.get("about_the_end", 0)),
            told_ms=optional(whole, value.get("told_ms")),
            failures=whole(value["failures"]),
            problem=optional(_problem, value["problem"]),
            last_played=optional(last_played_from_plain, value["last_played"]),
            next_question_at=optional(moment, value["next_question_at"]),
            announced=optional(_announcement, value.get("announced")),
            recent=tuple(last_played_from_plain(last) for last in value.get("recent", [])),
        ).believed_at(now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Knowledge()


def _plain_announcement(announced: Announcement) -> dict[str, Any]:
    return {
        "item": plain_item(announced.item),
        "since": announced.since,
        "began_after": announced.began_after,
        "newest_played_at": announced.newest_played_at,
    }


def _announcement(value: Any) -> Announcement:
    return Announcement(
        item_from_plain(value["item"]),
        moment(value["since"]),
        moment(value["began_after"]),
        optional(moment, value["newest_played_at"]),
    )


def _problem(value: Any) -> Problem:
    if value["code"] not in get_args(ErrorCode):
        raise ValueError("no code")
    return Problem(value["code"], text(value["message"]), optional(moment, value["retry_at"]))
