"""What the owner must be told, decided by pure functions of the stored state and the time."""

import json
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from widget.clock import to_utc
from widget.model.errors import ErrorCode
from widget.model.sources import SPOTIFY, SourceInfo
from widget.model.tokens import SECONDS_PER_DAY, STORED_CLOCK_SKEW_SECONDS, Authorization

REMINDER_DAYS = (1, 7, 30)
ALERT_AFTER_SECONDS = 3600.0
"""How long a refusal must last before it is told: Premium and quotas come and go within minutes."""

_WORDS: dict[ErrorCode, tuple[str, str]] = {
    "needs_authorization": (
        "Spotify asks for a new authorization",
        "Spotify no longer accepts the stored token, so the widget shows nothing new.",
    ),
    "forbidden": (
        "Spotify refuses to answer",
        "Spotify has been refusing for an hour: the app's owner needs Premium, and the account must be on the "
        "app's user list.",
    ),
    "bad_credentials": (
        "Spotify refuses the client ID or secret",
        "Spotify has been refusing SPOTIFY_CLIENT_ID or SPOTIFY_CLIENT_SECRET for an hour. The token is kept.",
    ),
    "quota_exceeded": (
        "Spotify's daily quota is spent",
        "Spotify has shut the app out for more than an hour, for all apps of the developer account together.",
    ),
}

_WORDS_OF_OTHERS: dict[ErrorCode, tuple[str, str]] = {
    "bad_credentials": (
        "{label} refuses the key",
        "{label} has been refusing the key or token for an hour. Mend {prefix}… on the server, or run "
        "python -m bootstrap --source {name}.",
    ),
    "forbidden": (
        "{label} refuses to answer",
        "{label} has been refusing for an hour: the key is suspended. Ask {label}, or make another one.",
    ),
    "unknown_user": (
        "{label} knows no such user",
        "{label} has been saying for an hour that there is no user of the name in {prefix}USER.",
    ),
    "private": (
        "{label} keeps what plays private",
        "{label} has been refusing for an hour, because the user hides what plays. Switch that off there.",
    ),
}
"""Where nothing is authorized; the names are those of the table of sources."""

SEED_SPENT = (
    "Spotify replaced the token of SPOTIFY_REFRESH_TOKEN, which is spent now, and this host's disk does not last. Set "
    "DATABASE_URL to a Postgres database or a mounted disk, then authorize again."
)

_TROUBLES = frozenset({*_WORDS, *_WORDS_OF_OTHERS})


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
    if code in _TROUBLES:
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
    return Incident(value["code"], value["since"], value.get("until"), value.get("over_at"))


def load_incident(text: str | None, now: float) -> Incident | None:
    """The trouble that was stored as JSON; None for whatever cannot be one, or lies ahead of ``now``."""
    try:
        trouble = None if text is None else _incident_from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if trouble is None or trouble.code not in _TROUBLES:
        return None
    times = (trouble.opened_at, trouble.until or 0.0, trouble.resolved_at or 0.0)
    if not all(isinstance(at, int | float) and isfinite(at) for at in times):
        return None
    return trouble if max(trouble.opened_at, trouble.resolved_at or 0.0) <= now + STORED_CLOCK_SKEW_SECONDS else None


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
    if not source.needs_authorization:
        names = {"label": source.label, "prefix": source.prefix, "name": source.name}
        title, body = (text.format(**names) for text in _WORDS_OF_OTHERS.get(trouble.code, ("", "")))
        return (Alert(trouble.key, title, f"{body} Asking goes on by itself."),) if title else ()
    if trouble.code not in _WORDS:
        return ()
    title, body = _WORDS[trouble.code]
    until = "" if trouble.until is None else f" It will answer again from {_moment(trouble.until)} on."
    return (Alert(trouble.key, title, f"{body}{until} {_help(trouble.code, next_step)}"),)


def _all_is_well(trouble: Incident, source: SourceInfo) -> Alert:
    since = _moment(trouble.resolved_at or trouble.opened_at)
    told = "There is a new authorization" if trouble.code == "needs_authorization" else f"{source.label} answers again"
    return Alert(f"well:{trouble.key}", "All is well again", f"{told} since {since}. Nothing to do.")


def _help(code: ErrorCode, next_step: str) -> str:
    if code == "needs_authorization":
        return next_step
    if code == "quota_exceeded":
        return "Lower CALLS_PER_DAY, or stop other apps of the same developer account."
    return "See https://developer.spotify.com/dashboard; asking goes on by itself once that is mended."


def _of_a_spent_seed(fingerprint: str | None) -> tuple[Alert, ...]:
    if fingerprint is None:
        return ()
    return (
        Alert(f"spent:{fingerprint[:16]}", "Spotify access ends at the next restart", SEED_SPENT, already_logged=True),
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
    return f"Spotify ends every authorization after six months; this one works until {_moment(expires_at)}. {next_step}"


def _moment(timestamp: float) -> str:
    return f"{to_utc(timestamp):%Y-%m-%d %H:%M} UTC"
