"""What the owner must be told, decided by pure functions of the stored state and the time."""

import json
from dataclasses import dataclass, replace
from typing import Any

from widget.clock import to_utc
from widget.model.error_info import SEED_SPENT, error_info
from widget.model.errors import PERMANENT_CODES, ErrorCode
from widget.model.serialization import optional, require_timestamp
from widget.model.sources import SPOTIFY, SourceInfo
from widget.model.tokens import SECONDS_PER_DAY, STORED_CLOCK_SKEW_SECONDS, Authorization

REMINDER_DAYS = (1, 7, 30)
ALERT_AFTER_SECONDS = 3600.0
"""How long a refusal must last before it is told: Premium and quotas come and go within minutes."""

_ALERTING_CODES: frozenset[ErrorCode] = frozenset({"needs_authorization", "quota_exceeded", *PERMANENT_CODES})


@dataclass(frozen=True, slots=True)
class Alert:
    """One message; ``key`` names the event, so that each is told once. ``logged``: the log says it already."""

    key: str
    title: str
    body: str
    already_logged: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """A refusal by the source, since when, and (once it is over) when it ended; times in s since the epoch.

    ``until`` is when it will answer again, where it said so.
    """

    code: ErrorCode
    opened_at: float
    until: float | None = None
    resolved_at: float | None = None

    @property
    def key(self) -> str:
        return f"{self.code}:{self.opened_at:.0f}"


def update_incident(
    previous: Incident | None,
    code: ErrorCode | None,
    until: float | None,
    last_success_at: float | None,
    now: float,
    *,
    is_authorized: bool = False,
) -> Incident | None:
    """The trouble at ``now``, given the one before, the error code that Spotify is asked with now (None for none)
    and when it last answered. A passing fault neither begins nor ends a trouble; only an answer ends it, or a token
    that is alive (``is_authorized``) where a dead one was the trouble: whoever stored it has asked Spotify."""
    if code in _ALERTING_CODES:
        if previous is not None and previous.code == code and previous.resolved_at is None:
            return replace(previous, until=until)
        return Incident(code, now, until)
    if previous is None or previous.resolved_at is not None:
        return previous
    if previous.code == "needs_authorization" and is_authorized:
        return replace(previous, resolved_at=now)
    if code is not None or last_success_at is None:
        return previous
    return replace(previous, resolved_at=now) if (last_success_at or 0) >= previous.opened_at else previous


def dump_incident(incident: Incident) -> str:
    """Return ``incident`` as JSON for the store, under the field names of version 1.1.0."""
    return json.dumps(
        {
            "code": incident.code,
            "since": incident.opened_at,
            "until": incident.until,
            "over_at": incident.resolved_at,
        }
    )


def _incident_from_dict(value: Any) -> Incident:
    if value["code"] not in _ALERTING_CODES:
        raise ValueError("not a code that alerts")
    return Incident(
        value["code"],
        require_timestamp(value["since"]),
        optional(require_timestamp, value.get("until")),
        optional(require_timestamp, value.get("over_at")),
    )


def load_incident(text: str | None, now: float) -> Incident | None:
    """Return the incident that was stored as JSON; None if it cannot be read or lies ahead of ``now``."""
    try:
        incident = None if text is None else _incident_from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    if incident is None:
        return None
    latest = max(incident.opened_at, incident.resolved_at or 0.0)
    return incident if latest <= now + STORED_CLOCK_SKEW_SECONDS else None


def due_alerts(
    token: Authorization | None,
    trouble: Incident | None,
    told: frozenset[str],
    now: float,
    next_step: str,
    began_empty_at: float | None = None,
    source: SourceInfo = SPOTIFY,
    spent_seed: str | None = None,
) -> tuple[Alert, ...]:
    """The messages that are due at ``now`` (s since the epoch) and not among the keys ``told``, most urgent first.

    ``next_step`` is the sentence that says how to authorize again. ``began_empty_at`` is when the store began that
    remembers what was told, where it began with nothing: then nobody knows what was told before. ``source`` is who is
    asked. ``spent_seed`` is the fingerprint of the seed that was replaced by a token on a disk that does not last.
    """
    due = (
        *_of_trouble(trouble, told, now, next_step, source),
        *_of_a_spent_seed(spent_seed),
        *_of_the_end(token, now, next_step, began_empty_at),
    )
    return tuple(message for message in due if message.key not in told)


def _of_trouble(
    trouble: Incident | None, told: frozenset[str], now: float, next_step: str, source: SourceInfo
) -> tuple[Alert, ...]:
    if trouble is None:
        return ()
    if trouble.resolved_at is not None:
        return (_all_is_well(trouble, source),) if trouble.key in told else ()
    patience = 0.0 if trouble.code == "needs_authorization" else ALERT_AFTER_SECONDS
    if now - trouble.opened_at < patience:
        return ()
    if not source.needs_authorization and trouble.code not in PERMANENT_CODES:
        return ()
    info = error_info(trouble.code, source, next_step)
    lasting = "" if patience == 0.0 else " This has lasted for an hour."
    until = "" if trouble.until is None else f" It resumes at {_moment(trouble.until)}."
    resumes = " Then it resumes by itself." if trouble.code in PERMANENT_CODES else ""
    body = f"{info.explanation}{lasting}{until} {info.action}{resumes}".replace("`", "")
    return (Alert(trouble.key, f"{source.known_as}: {info.headline}", body),)


def _all_is_well(trouble: Incident, source: SourceInfo) -> Alert:
    since = _moment(trouble.resolved_at or trouble.opened_at)
    what = "It is authorized again" if trouble.code == "needs_authorization" else f"{source.known_as} responds again"
    return Alert(f"well:{trouble.key}", f"{source.known_as}: Resolved", f"{what} since {since}. Nothing to do.")


def _of_a_spent_seed(fingerprint: str | None) -> tuple[Alert, ...]:
    if fingerprint is None:
        return ()
    return (
        Alert(f"spent:{fingerprint[:16]}", f"Spotify: {SEED_SPENT.headline}", SEED_SPENT.message, already_logged=True),
    )


def _of_the_end(
    token: Authorization | None, now: float, next_step: str, began_empty_at: float | None
) -> tuple[Alert, ...]:
    if token is None or token.needs_authorization or token.expires_at is None:
        return ()
    days_left = (token.expires_at - now) / SECONDS_PER_DAY
    reached = [days for days in REMINDER_DAYS if days_left <= days]
    if not reached:
        return ()
    due_at = token.expires_at - reached[0] * SECONDS_PER_DAY
    if began_empty_at is not None and began_empty_at > due_at and now >= due_at + SECONDS_PER_DAY:
        return ()  # A host that loses its disk each night would repeat it each day.
    key = f"ends:{reached[0]}:{token.expires_at:.0f}"
    return (Alert(key, f"Spotify access ends {_in_days(days_left)}", _end_body(token.expires_at, next_step)),)


def _in_days(days_left: float) -> str:
    if days_left <= 0:
        return "now"
    days = max(1, round(days_left))
    return "in one day" if days == 1 else f"in {days} days"


def _end_body(expires_at: float, next_step: str) -> str:
    return (
        f"Spotify ends every authorization after six months; this one is valid until {_moment(expires_at)}. {next_step}"
    )


def _moment(timestamp: float) -> str:
    return f"{to_utc(timestamp):%Y-%m-%d %H:%M} UTC"
