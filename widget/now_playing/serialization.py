"""The state as JSON for the store: instances share it, and it outlives the process. Pure.

The field names are stored, so they never change.
"""

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


def dump_state(state: NowPlayingState) -> str:
    """Return ``state`` as JSON."""
    return json.dumps(
        {
            "playback": state.playback and playback_to_dict(state.playback),
            "updated_at": state.updated_at,
            "anchor": state.started_at,
            "doubts": state.unconfirmed_answers,
            "about_the_end": state.polls_past_end,
            "told_ms": state.last_reported_ms,
            "failures": state.failures,
            "problem": state.problem and asdict(state.problem),
            "last_played": state.last_played and played_item_to_dict(state.last_played),
            "next_question_at": state.next_poll_at,
            "announced": state.report and _report_to_dict(state.report),
            "recent": [played_item_to_dict(play) for play in state.recent],
            "current_play": state.current_play and played_item_to_dict(state.current_play),
            "source_label": state.source_label,
        }
    )


def load_state(text: str | None, now: float) -> NowPlayingState:
    """Return the state in ``text`` without future dates; an empty one if it cannot be read."""
    try:
        value = json.loads(text or "{}")
        return NowPlayingState(
            playback=optional(playback_from_dict, value["playback"]),
            updated_at=optional(require_timestamp, value["updated_at"]),
            started_at=optional(require_timestamp, value["anchor"]),
            unconfirmed_answers=require_int(value["doubts"]),
            polls_past_end=require_int(value.get("about_the_end", 0)),
            last_reported_ms=optional(require_int, value.get("told_ms")),
            failures=require_int(value["failures"]),
            problem=optional(_problem_from_dict, value["problem"]),
            last_played=optional(played_item_from_dict, value["last_played"]),
            next_poll_at=optional(require_timestamp, value["next_question_at"]),
            report=optional(_report_from_dict, value.get("announced")),
            recent=tuple(played_item_from_dict(play) for play in value.get("recent", [])),
            current_play=optional(played_item_from_dict, value.get("current_play")),
            source_label=optional(require_str, value.get("source_label")),
        ).without_future_dates(now)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return NowPlayingState()


def _report_to_dict(report: NowPlayingReport) -> dict[str, Any]:
    return {
        "item": item_to_dict(report.item),
        "since": report.reported_at,
        "began_after": report.earliest_start,
        "newest_played_at": report.newest_played_at,
    }


def _report_from_dict(value: Any) -> NowPlayingReport:
    return NowPlayingReport(
        item_from_dict(value["item"]),
        require_timestamp(value["since"]),
        require_timestamp(value["began_after"]),
        optional(require_timestamp, value["newest_played_at"]),
    )


def _problem_from_dict(value: Any) -> SourceProblem:
    if value["code"] not in get_args(ErrorCode):
        # Perhaps written by a newer version.
        raise ValueError("unknown code")
    return SourceProblem(value["code"], require_str(value["message"]), optional(require_timestamp, value["retry_at"]))
