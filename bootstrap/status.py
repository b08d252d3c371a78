"""How the authorization stands, for programs and for people."""

from typing import Any

from widget.clock import format_rfc3339_ms, to_utc
from widget.model.tokens import Account, Authorization, authorization_status
from widget.sources.spotify.authorization_flow import AuthorizationResult

_STATES = {
    "ok": "ok",
    "expires_soon": "ends soon: run python -m bootstrap again",
    "needs_authorization": "Spotify no longer accepts it: run python -m bootstrap again",
    "missing": "nothing is stored yet: run python -m bootstrap",
}


def status_object(token: Authorization | None, now: float, last_success_at: float | None = None) -> dict[str, Any]:
    """The contract's object for ``status --json``; no token in it."""
    health = authorization_status(token, now)
    account = None if token is None or token.account is None else token.account
    return {
        "account": None if account is None else {"id": account.id, "name": account.name},
        "scopes": [] if token is None else list(token.scopes),
        "authorized_at": _moment(None if token is None else token.authorized_at),
        "expires_at": _moment(health.expires_at),
        "days_left": health.days_left,
        "last_refreshed_at": _moment(None if token is None else token.last_refreshed_at),
        "state": health.state,
        "source": "spotify",
        "user": None,
        "last_success_at": _moment(last_success_at),
    }


def status_rows(token: Authorization | None, now: float, place: str) -> list[tuple[str, str]]:
    """The same for people: names and values."""
    health = authorization_status(token, now)
    rows = [("State", _STATES[health.state])]
    if token is not None:
        ends = (
            "unknown"
            if health.expires_at is None
            else f"{format_date(health.expires_at)} ({health.days_left} days left)"
        )
        rows += [
            ("Account", _account(token.account)),
            ("Scopes", ", ".join(token.scopes) or "unknown"),
            ("Authorized on", "unknown" if token.authorized_at is None else format_date(token.authorized_at)),
            ("Ends on", ends),
            ("Last refresh", "never" if token.last_refreshed_at is None else _minute(token.last_refreshed_at)),
        ]
    return [*rows, ("Database", place)]


def authorization_rows(granted: AuthorizationResult, place: str | None) -> list[tuple[str, str]]:
    """What was stored in ``place``, until when it works, and what comes next; None for a rehearsal."""
    token = granted.token
    rows = [("Account", _account(granted.account)), ("Scopes", ", ".join(token.scopes))]
    if place is not None:
        rows.append(("Stored in", place))
    if token.expires_at is not None:
        rows.append(
            ("Works until", f"{format_date(token.expires_at)}; Spotify ends every authorization after six months")
        )
    if place is not None:
        rows.append(("Next", "python -m widget              shows it here"))
        rows.append(("", "python -m bootstrap export    prints the settings for a host"))
    return rows


def _account(account: Account | None) -> str:
    return "unknown" if account is None else f"{account.name or account.id} ({account.id})"


def format_date(timestamp: float) -> str:
    """The UTC day of ``timestamp`` (s since the epoch)."""
    return f"{to_utc(timestamp):%Y-%m-%d}"


def _minute(timestamp: float) -> str:
    return f"{to_utc(timestamp):%Y-%m-%d %H:%M} UTC"


def _moment(timestamp: float | None) -> str | None:
    return None if timestamp is None else format_rfc3339_ms(timestamp)
