"""The commands for the sources that need no authorization: what they need is asked for, tried once, and stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from bootstrap.context import CommandContext, command_context
from bootstrap.inlet_setup import create_token, hash_token, print_player_instructions, token_state
from bootstrap.terminal import Terminal
from widget.clock import SystemClock, format_rfc3339_ms
from widget.config.settings import Settings
from widget.config.source_settings import (
    ACTIVE_SOURCE_KEY,
    dump_values,
    effective_values,
    settings_key,
    stored_source_name,
    stored_values,
)
from widget.model.errors import (
    ConfigurationError,
    DailyLimitReached,
    NowPlayingError,
    SourceError,
    SourceUnreachable,
    Throttled,
)
from widget.model.sources import SOURCES, SourceInfo, SourceName, SourceVariable
from widget.now_playing.serialization import load_state as knowledge_from_text
from widget.sources.base import AdapterContext
from widget.sources.registry import create_adapter

if TYPE_CHECKING:
    import httpx

TRANSIENT_ERRORS = (SourceUnreachable, Throttled, DailyLimitReached)
"""What says nothing about a key or a name."""

USER = "_USER"


@dataclass(frozen=True, slots=True)
class SourceValues:
    """``values`` is what counts for the source; ``chosen`` is the source that runs where ``SOURCE`` is not set."""

    values: Mapping[str, str]
    chosen: SourceName


async def active_source(settings: Settings) -> SourceName:
    """``SOURCE``, else what the last bootstrap stored, else Spotify."""
    if settings.source is not None:
        return settings.source
    async with command_context(settings) as desk:
        return await stored_source_name(desk.store)


async def load_source_values(settings: Settings, row: SourceInfo) -> SourceValues:
    """What is set and stored for ``row``."""
    async with command_context(settings) as desk:
        return SourceValues(
            await effective_values(desk.store, row, settings.source_values), await stored_source_name(desk.store)
        )


def prompt_source_values(
    row: SourceInfo, settings: Settings, known: SourceValues, terminal: Terminal
) -> dict[str, str]:
    """The values: what is set, else what the owner types, else what is stored.

    Raises :class:`ConfigurationError` where something is missing and there is nobody to ask.
    """
    may_ask = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    values = dict(known.values)
    for variable in row.variables:
        if variable.prompt is None or variable.name in settings.source_values or _is_replaced(variable, row, values):
            continue
        if may_ask:
            values[variable.name] = _typed(variable, values.get(variable.name), terminal)
        elif not values.get(variable.name):
            raise ConfigurationError(
                f"{variable.name} is not set, and there is no terminal to ask on: set it (docs/configuration.md)"
            )
    return values


def _is_replaced(variable: SourceVariable, row: SourceInfo, values: Mapping[str, str]) -> bool:
    """Return whether a value is there that makes ``variable`` unnecessary."""
    return any(values.get(other.name) for other in row.variables if other.instead_of == variable.name)


def _typed(variable: SourceVariable, before: str | None, terminal: Terminal) -> str:
    shown = None if variable.secret else before
    while True:
        text: str = click.prompt(
            variable.prompt or variable.name,
            hide_input=variable.secret and not variable.typed_openly,
            default=before,
            show_default=shown is not None,
            err=True,
        )
        try:
            return variable.parse(text.strip())
        except ValueError as error:
            terminal.print_error(f"That cannot be right: {error}")


async def set_up(
    settings: Settings,
    row: SourceInfo,
    values: Mapping[str, str],
    terminal: Terminal,
    http: httpx.AsyncClient | None = None,
    *,
    keep_token: bool = False,
) -> None:
    """Try the values by one real call, store them in one transaction, and print the next step."""
    async with command_context(settings, http) as desk:
        token = None
        if row.is_pushed:
            token, values = (None, values) if keep_token else create_token(row, settings.source_values, values)
        else:
            terminal.show_progress(f"Asking {row.label} …")
            await _try(desk, replace(settings, source_values=values), terminal)
        await desk.store.set_values({ACTIVE_SOURCE_KEY: row.name, settings_key(row): dump_values(_kept(row, values))})
        rows = [("Source", row.label)]
        if (user := user_name(row, values)) is not None:
            rows.append(("User", user))
        terminal.print_table([*rows, ("Stored in", desk.store.location), *_NEXT])
    if row.is_pushed:
        print_player_instructions(token, settings.public_url, terminal, is_set=not keep_token)


_NEXT = (
    ("Next", "python -m widget              shows it here"),
    ("", "python -m bootstrap export    prints the settings for your host"),
)


async def _try(desk: CommandContext, settings: Settings, terminal: Terminal) -> None:
    try:
        await _ask_once(desk, settings)
    except TRANSIENT_ERRORS as error:
        terminal.print_warning(f"{error} So it could not be tried now, and is stored all the same.")
    except SourceError as error:
        raise NowPlayingError(f"{error} Nothing was stored.") from error


async def _ask_once(desk: CommandContext, settings: Settings) -> None:
    client = create_adapter(AdapterContext(settings, desk.store, desk.http, SystemClock())).client
    try:
        await client.currently_playing()
    finally:
        await client.close()


def _kept(row: SourceInfo, values: Mapping[str, str]) -> dict[str, str]:
    """What is stored: all but the defaults."""
    defaults = {variable.name: variable.default for variable in row.variables}
    return {name: value for name, value in values.items() if name in defaults and value != defaults[name]}


def user_name(row: SourceInfo, values: Mapping[str, str]) -> str | None:
    """The name of the user at the source; None where it knows none."""
    return values.get(row.prefix.removesuffix("_") + USER)


async def status(settings: Settings, row: SourceInfo, terminal: Terminal, *, as_json: bool, check: bool) -> int:
    """Says how it stands; the exit code."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(command_context(settings))
        values = await effective_values(desk.store, row, settings.source_values)
        state = "ok" if _is_complete(row, values) else "missing"
        if check and state == "ok" and not row.is_pushed:
            terminal.show_progress(f"Asking {row.label} …")
            state = await _checked(desk, settings, terminal)
        success = await _last_success_at(desk, settings, row)
        if as_json:
            terminal.print_result(json.dumps(status_object(row, values, state, success)))
        else:
            rows = _status_rows(row, values, state, success, desk.store.location)
            if row.is_pushed:
                rows = _inlet_rows(row, settings.source_values, values, rows, success)
            terminal.print_table(rows)
    return 0 if state == "ok" else 1


async def _checked(desk: CommandContext, settings: Settings, terminal: Terminal) -> str:
    try:
        await _ask_once(desk, settings)
    except SourceError as error:
        terminal.print_error(str(error))
        return error.code
    return "ok"


async def _last_success_at(desk: CommandContext, settings: Settings, row: SourceInfo) -> float | None:
    pushed = create_adapter(AdapterContext(settings, desk.store, desk.http, SystemClock())).push
    if pushed is not None:
        return await pushed.last_push_at()
    return knowledge_from_text(await desk.store.read_state(row.name), SystemClock().now()).updated_at


def _is_complete(row: SourceInfo, values: Mapping[str, str]) -> bool:
    needed = [one for one in row.variables if one.prompt is not None or (row.is_pushed and one.secret)]
    return all(values.get(one.name) or _is_replaced(one, row, values) for one in needed)


def status_object(
    row: SourceInfo, values: Mapping[str, str], state: str, last_success_at: float | None
) -> dict[str, Any]:
    """The contract's object for ``status --json``; no key in it."""
    return {
        "account": None,
        "scopes": [],
        "authorized_at": None,
        "expires_at": None,
        "days_left": None,
        "last_refreshed_at": None,
        "state": state,
        "source": row.name,
        "user": user_name(row, values),
        "last_success_at": None if last_success_at is None else format_rfc3339_ms(last_success_at),
    }


def _status_rows(
    row: SourceInfo, values: Mapping[str, str], state: str, last_success_at: float | None, place: str
) -> list[tuple[str, str]]:
    told = {"ok": "ok", "missing": f"not set up yet: run python -m bootstrap --source {row.name}"}.get(state, state)
    rows = [("State", told), ("Source", row.label)]
    if (user := user_name(row, values)) is not None:
        rows.append(("User", user))
    rows.append(("Last answer", "never" if last_success_at is None else format_rfc3339_ms(last_success_at)))
    return [*rows, ("Database", place)]


def _inlet_rows(
    row: SourceInfo,
    is_set: Mapping[str, str],
    values: Mapping[str, str],
    rows: list[tuple[str, str]],
    last_push_at: float | None,
) -> list[tuple[str, str]]:
    """Return ``rows`` in the inlet's words: it asks nobody, and players have a token."""
    heard = "no player has sent anything yet" if last_push_at is None else format_rfc3339_ms(last_push_at)
    own = {"Last answer": [("Token for players", token_state(row, is_set, values)), ("Last heard", heard)]}
    return [shown for name, text in rows for shown in own.get(name, [(name, text)])]


async def export_source(settings: Settings, row: SourceInfo) -> dict[str, str]:
    """The variables for a host, ``SOURCE`` first; raises :class:`NowPlayingError` where there are none."""
    values = (await load_source_values(settings, row)).values
    if not _is_complete(row, values):
        raise NowPlayingError(f"There is nothing to export yet: run python -m bootstrap --source {row.name} first.")
    kept = _kept(row, values)
    return {"SOURCE": row.name, **(hash_token(row, kept) if row.is_pushed else kept)}


async def is_anything_stored(desk: CommandContext) -> bool:
    """Whether there is something to forget of the sources but Spotify."""
    kept = [await stored_values(desk.store, row) for row in SOURCES.values()]
    return any(kept)
