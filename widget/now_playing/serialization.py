"""What is known, as text for the store: instances share it, and it outlives the process. Pure."""

import json
from dataclasses import asdict
from typing import Any, get_args

from widget.model.errors import ErrorCode
from widget.model.serialization import (
    item_from_dict,
    item_to_dict,
    optional,
    playback_from_dict,
    playback_to_dict,
    played_item_from_dict,
    played_item_to_dict,
    require_int,
    require_str,
    require_timestamp,
)
from widget.model.snapshot import SourceProblem
from widget.now_playing.expiry import NowPlayingReport
from widget.now_playing.state import NowPlayingState


def dump_state(knowledge: NowPlayingState) -> str:
    """``knowledge`` for the store, as JSON."""
    return json.dumps(
        {
            "playback": knowledge.playback and playback_to_dict(knowledge.playback),
            "updated_at": knowledge.updated_at,
            "anchor": knowledge.started_at,
            "doubts": knowledge.unconfirmed_answers,
            "about_the_end": knowledge.polls_past_end,
            "told_ms": knowledge.last_reported_ms,
            "failures": knowledge.failures,
            "problem": knowledge.problem and asdict(knowledge.problem),
            "last_played": knowledge.last_played and played_item_to_dict(knowledge.last_played),
            "next_question_at": knowledge.next_poll_at,
            "announced": knowledge.report and _plain_announcement(knowledge.report),
            "recent": [played_item_to_dict(last) for last in knowledge.recent],
            "current_play": knowledge.current_play and played_item_to_dict(knowledge.current_play),
            "source_label": knowledge.source_label,
        }
    )


def load_state(written: str | None, now: float) -> NowPlayingState:
    """What :func:`to_text` wrote, as far as it is believed at ``now``; knowing nothing, where it cannot be read."""
    try:
        value = json.loads(written or "{}")
        return NowPlayingState(
            playback=optional(playback_from_dict, value["playback"]),
            updated_at=optional(require_timestamp, value["updated_at"]),
            started_at=optional(require_timestamp, value["anchor"]),
            unconfirmed_answers=require_int(value["doubts"]),
            polls_past_end=require_int(value.get("about_the_end", 0)),
            last_reported_ms=optional(require_int, value.get("told_ms")),
            failures=require_int(value["failures"]),
            problem=optional(_problem, value["problem"]),
            last_played=optional(played_item_from_dict, value["last_played"]),
            next_poll_at=optional(require_timestamp, value["next_question_at"]),
            report=optional(_announcement, value.get("announced")),
            recent=tuple(played_item_from_dict(last) for last in value.get("recent", [])),
            current_play=optional(played_item_from_dict, value.get("current_play")),
            source_label=optional(require_str, value.get("source_label")),
        ).without_future_dates(now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return NowPlayingState()


def _plain_announcement(announced: NowPlayingReport) -> dict[str, Any]:
    return {
        "item": item_to_dict(announced.item),
        "since": announced.reported_at,
        "began_after": announced.earliest_start,
        "newest_played_at": announced.newest_played_at,
    }


def _announcement(value: Any) -> NowPlayingReport:
    return NowPlayingReport(
        item_from_dict(value["item"]),
        require_timestamp(value["since"]),
        require_timestamp(value["began_after"]),
        optional(require_timestamp, value["newest_played_at"]),
    )


def _problem(value: Any) -> SourceProblem:
    if value["code"] not in get_args(ErrorCode):
        raise ValueError("no code")
    return SourceProblem(value["code"], require_str(value["message"]), optional(require_timestamp, value["retry_at"]))
