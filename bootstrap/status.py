"""The status of every source, as JSON and as a table."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bootstrap.context import CommandContext
from bootstrap.inlet_setup import token_state
from bootstrap.source_setup import NEXT_STEPS, is_complete, user_name
from widget.clock import format_rfc3339_ms, to_utc
from widget.config.source_settings import effective_values, last_check_at
from widget.model.errors import SourceError
from widget.model.sources import SourceInfo
from widget.model.tokens import VALID_STATES, Account, Authorization, authorization_status
from widget.now_playing.serialization import load_state
from widget.server.terminal import Terminal
from widget.sources.spotify.authorization_flow import AuthorizationResult
from widget.sources.spotify.token_selection import effective_authorization

_STATE_TEXTS: Mapping[str, str] = {
    "ok": "ok",
    "expires_soon": "ends soon: run python -m bootstrap again",
    "needs_authorization": "Spotify no longer accepts the authorization: run python -m bootstrap again",
}


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The status of one source.

    ``state`` is that of ``status --json``, ``token_state`` describes the players' token.
    """

    info: SourceInfo
    state: str
    authorization: Authorization | None = None
    user: str | None = None
    token_state: str | None = None
    last_success_at: float | None = None
    check_failed: bool = False

    @property
    def is_good(self) -> bool:
        return self.state in VALID_STATES and not self.check_failed


async def load_status(
    context: CommandContext, info: SourceInfo, terminal: Terminal, *, check_since: float | None
) -> SourceStatus:
    """Return the status; with ``check_since`` (s since the epoch) after one real request.

    A refresh by a server since then counts as the check.
    """
    if info.needs_authorization:
        failed = check_since is not None and not await _refresh(context, check_since, terminal)
        now = time.time()
        authorization = await effective_authorization(context.store, context.settings.seed, now)
        state: str = authorization_status(authorization, now).state
        success = await _last_success_at(context, info, now)
        return SourceStatus(info, state, authorization, last_success_at=success, check_failed=failed)
    values = await effective_values(context.store, info, context.settings.source_values)
    state = "ok" if is_complete(info, values) else "missing"
    if check_since is not None and state == "ok" and not info.is_pushed:
        state = await _ask(context, info, terminal)
    # Read after the check, which may just have been the success.
    success = await _last_success_at(context, info, time.time())
    configured = context.settings.source_values
    return SourceStatus(
        info,
        state,
        user=user_name(info, values),
        token_state=token_state(info, configured, values) if info.is_pushed else None,
        last_success_at=success,
    )


async def _refresh(context: CommandContext, since: float, terminal: Terminal) -> bool:
    """Return whether a refresh worked, ours or a server's since then."""
    manager = context.token_manager
    terminal.show_progress("Asking Spotify …")
    try:
        await manager.refresh_now(since)
    except SourceError as error:
        terminal.print_error(str(error))
        return False
    finally:
        # A token that was rotated must reach the database before the process ends.
        await manager.close()
    return True


async def _ask(context: CommandContext, info: SourceInfo, terminal: Terminal) -> str:
    terminal.show_progress(f"Asking {info.label} …")
    try:
        await context.poll_once(context.settings)
    except SourceError as error:
        terminal.print_error(str(error))
        return error.code
    return "ok"


async def _last_success_at(context: CommandContext, info: SourceInfo, now: float) -> float | None:
    if info.is_pushed:
        push = context.adapter(context.settings).push
        return None if push is None else await push.last_push_at()
    # The server's polls count as well as our own checks.
    polled_at = load_state(await context.store.read_state(info.name), now).updated_at
    checked_at = await last_check_at(context.store, info)
    return max((at for at in (polled_at, checked_at) if at is not None), default=None)


def status_object(status: SourceStatus, now: float) -> dict[str, Any]:
    """Return the object that ``status --json`` prints; it holds no secret."""
    authorization = status.authorization
    lifetime = authorization_status(authorization, now)
    account = None if authorization is None or authorization.account is None else authorization.account
    return {
        "account": None if account is None else {"id": account.id, "name": account.name},
        "scopes": [] if authorization is None else list(authorization.scopes),
        "authorized_at": _format_time(None if authorization is None else authorization.authorized_at),
        "expires_at": _format_time(lifetime.expires_at),
        "days_left": lifetime.days_left,
        "last_refreshed_at": _format_time(None if authorization is None else authorization.last_refreshed_at),
        "state": status.state,
        "source": status.info.name,
        "user": status.user,
        "last_success_at": _format_time(status.last_success_at),
    }


def status_rows(status: SourceStatus, now: float, location: str) -> list[tuple[str, str]]:
    """Return the table for people: names and values."""
    missing = {"missing": f"not set up yet: run {status.info.setup_command}"}
    rows = [("State", {**_STATE_TEXTS, **missing}.get(status.state, status.state))]
    if not status.info.needs_authorization:
        rows.append(("Source", status.info.label))
        if status.user is not None:
            rows.append(("User", status.user))
        last = None if status.last_success_at is None else _format_minute(status.last_success_at)
        if status.token_state is not None:
            rows.append(("Token for players", status.token_state))
            rows.append(("Last submission", last or "no player has sent anything yet"))
        else:
            rows.append(("Last response", last or "never"))
    elif status.authorization is not None:
        rows += _authorization_rows(status.authorization, now)
    return [*rows, ("Database", location)]


def _authorization_rows(authorization: Authorization, now: float) -> list[tuple[str, str]]:
    lifetime = authorization_status(authorization, now)
    end = lifetime.expires_at
    authorized_at, refreshed_at = authorization.authorized_at, authorization.last_refreshed_at
    return [
        ("Account", _format_account(authorization.account)),
        ("Scopes", ", ".join(authorization.scopes) or "unknown"),
        ("Authorized on", "unknown" if authorized_at is None else format_date(authorized_at)),
        ("Valid until", "unknown" if end is None else f"{format_date(end)} ({lifetime.days_left} days left)"),
        ("Last refresh", "never" if refreshed_at is None else _format_minute(refreshed_at)),
    ]


def authorization_rows(result: AuthorizationResult, location: str | None) -> list[tuple[str, str]]:
    """Return the table of a new authorization, with the next steps.

    ``location`` is None for a rehearsal, which stores nothing.
    """
    authorization = result.token
    rows = [("Account", _format_account(result.account)), ("Scopes", ", ".join(authorization.scopes))]
    if location is not None:
        rows.append(("Stored in", location))
    if authorization.expires_at is not None:
        end = format_date(authorization.expires_at)
        rows.append(("Valid until", f"{end}; Spotify ends every authorization after six months"))
    return [*rows, *(NEXT_STEPS if location is not None else ())]


def format_date(timestamp: float) -> str:
    """Return the UTC date of ``timestamp`` (s since the epoch)."""
    return f"{to_utc(timestamp):%Y-%m-%d}"


def _format_account(account: Account | None) -> str:
    return "unknown" if account is None else f"{account.name or account.id} ({account.id})"


def _format_minute(timestamp: float) -> str:
    return f"{to_utc(timestamp):%Y-%m-%d %H:%M} UTC"


def _format_time(timestamp: float | None) -> str | None:
    return None if timestamp is None else format_rfc3339_ms(timestamp)
