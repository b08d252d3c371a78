"""The alerts that are due, from the stored state and the time. Pure."""

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
"""A refusal must last this long: Premium and quotas come and go within minutes."""

_ALERTING_CODES: frozenset[ErrorCode] = frozenset({"needs_authorization", "quota_exceeded", *PERMANENT_CODES})


@dataclass(frozen=True, slots=True)
class Alert:
    """One message; ``key`` names the event, so that each is sent once."""

    key: str
    title: str
    body: str
    already_logged: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """A lasting refusal by the source; times in s since the epoch.

    ``until`` is the end that the source announced, ``resolved_at`` the actual end.
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
    """Return the incident that follows from the ``previous`` one and the state at ``now``.

    A passing error neither opens nor resolves an incident. A response resolves it; so does a valid token
    (``is_authorized``) if it was about a revoked one, for a token is only stored after a response.
    """
    if code in _ALERTING_CODES:
        if previous is not None and previous.code == code and previous.resolved_at is None:
            return replace(previous, until=until)
        return Incident(code, now, until)
    if previous is None or previous.resolved_at is not None:
        return previous
    if previous.code == "needs_authorization" and is_authorized:
        return replace(previous, resolved_at=now)
    # A passing error does not show that the refusal has ended.
    if code is not None or last_success_at is None:
        return previous
    return replace(previous, resolved_at=now) if last_success_at >= previous.opened_at else previous


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
    """Return the stored incident; None if it cannot be read or lies in the future."""
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
    incident: Incident | None,
    sent: frozenset[str],
    now: float,
    next_step: str,
    emptied_at: float | None = None,
    source: SourceInfo = SPOTIFY,
    spent_seed: str | None = None,
) -> tuple[Alert, ...]:
    """Return the alerts that are due at ``now`` (s since the epoch), most urgent first.

    Those with a key in ``sent`` are left out.

    ``next_step`` says how to authorize again. ``emptied_at`` is when the store was created, if it was empty then: what
    was sent before is unknown. ``spent_seed`` is the fingerprint of a seed that was replaced on an ephemeral disk.
    """
    due = (
        *_incident_alerts(incident, sent, now, next_step, source),
        *_seed_alerts(spent_seed),
        *_expiry_alerts(token, now, next_step, emptied_at),
    )
    return tuple(alert for alert in due if alert.key not in sent)


def _incident_alerts(
    incident: Incident | None, sent: frozenset[str], now: float, next_step: str, source: SourceInfo
) -> tuple[Alert, ...]:
    if incident is None:
        return ()
    if incident.resolved_at is not None:
        # Only owners who got the alert are interested in its end.
        return (_resolved(incident, source),) if incident.key in sent else ()
    # Waiting does not bring a revoked token back.
    min_seconds = 0.0 if incident.code == "needs_authorization" else ALERT_AFTER_SECONDS
    if now - incident.opened_at < min_seconds:
        return ()
    if not source.needs_authorization and incident.code not in PERMANENT_CODES:
        return ()
    info = error_info(incident.code, source, next_step)
    lasting = "" if min_seconds == 0.0 else " This has lasted for an hour."
    is_refusal = incident.code in PERMANENT_CODES
    # A refusal lasts until the owner acts; only the next attempt has a time.
    event = "The next attempt is" if is_refusal else "It resumes"
    until = "" if incident.until is None else f" {event} at {_format_time(incident.until)}."
    resumes = " Then it resumes by itself." if is_refusal else ""
    body = f"{info.explanation}{lasting}{until} {info.action}{resumes}".replace("`", "")
    return (Alert(incident.key, f"{source.known_as}: {info.headline}", body),)


def _resolved(incident: Incident, source: SourceInfo) -> Alert:
    at = _format_time(incident.resolved_at or incident.opened_at)
    is_renewed = incident.code == "needs_authorization"
    event = "It was authorized again" if is_renewed else f"{source.known_as} started responding again"
    return Alert(f"well:{incident.key}", f"{source.known_as}: Resolved", f"{event} at {at}. Nothing to do.")


def _seed_alerts(fingerprint: str | None) -> tuple[Alert, ...]:
    if fingerprint is None:
        return ()
    return (
        Alert(f"spent:{fingerprint[:16]}", f"Spotify: {SEED_SPENT.headline}", SEED_SPENT.message, already_logged=True),
    )


def _expiry_alerts(
    token: Authorization | None, now: float, next_step: str, emptied_at: float | None
) -> tuple[Alert, ...]:
    if token is None or token.needs_authorization or token.expires_at is None:
        return ()
    days_left = (token.expires_at - now) / SECONDS_PER_DAY
    reached = [days for days in REMINDER_DAYS if days_left <= days]
    if not reached:
        return ()
    due_at = token.expires_at - reached[0] * SECONDS_PER_DAY
    if emptied_at is not None and emptied_at > due_at and now >= due_at + SECONDS_PER_DAY:
        return ()  # Otherwise a host that loses its disk each night would repeat it daily.
    key = f"ends:{reached[0]}:{token.expires_at:.0f}"
    return (Alert(key, f"Spotify access ends {_in_days(days_left)}", _end_body(token.expires_at, next_step)),)


def _in_days(days_left: float) -> str:
    if days_left <= 0:
        return "now"
    days = max(1, round(days_left))
    return "in one day" if days == 1 else f"in {days} days"


def _end_body(expires_at: float, next_step: str) -> str:
    until = _format_time(expires_at)
    return f"Spotify ends every authorization after six months; this one is valid until {until}. {next_step}"


def _format_time(timestamp: float) -> str:
    return f"{to_utc(timestamp):%Y-%m-%d %H:%M} UTC"
