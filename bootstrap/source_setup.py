"""The commands for the sources that need no authorization: what they need is asked for, tried once, and stored."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from bootstrap.context import Desk, desk_for
from bootstrap.inlet_setup import hashed, introduce, new_token
from bootstrap.terminal import Terminal
from widget.clock import SystemClock, iso_milliseconds
from widget.config.settings import Settings
from widget.config.source_settings import CHOSEN, chosen, effective, note_of, stored, to_text
from widget.model.errors import (
    BudgetSpent,
    ConfigurationError,
    NowPlayingError,
    SourceError,
    SourceUnreachable,
    Throttled,
)
from widget.model.source_variables import Variable
from widget.model.sources import SOURCES, Source, SourceName
from widget.now_playing.serialization import from_text as knowledge_from_text
from widget.sources.base import Parts
from widget.sources.registry import wing_of

if TYPE_CHECKING:
    import httpx

PASSING = (SourceUnreachable, Throttled, BudgetSpent)
"""What says nothing about a key or a name."""

USER = "_USER"


@dataclass(frozen=True, slots=True)
class Known:
    """``values`` is what counts for the source; ``chosen`` is the source that runs where ``SOURCE`` is not set."""

    values: Mapping[str, str]
    chosen: SourceName


async def source_that_runs(settings: Settings) -> SourceName:
    """``SOURCE``, else what the last bootstrap stored, else Spotify."""
    if settings.source is not None:
        return settings.source
    async with desk_for(settings) as desk:
        return await chosen(desk.store)


async def known(settings: Settings, row: Source) -> Known:
    """What is set and stored for ``row``."""
    async with desk_for(settings) as desk:
        return Known(await effective(desk.store, row, settings.of_source), await chosen(desk.store))


def asked_for(row: Source, settings: Settings, known: Known, terminal: Terminal) -> dict[str, str]:
    """The values: what is set, else what the owner types, else what is stored.

    Raises :class:`ConfigurationError` where something is missing and there is nobody to ask.
    """
    may_ask = sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()
    values = dict(known.values)
    for variable in row.variables:
        if variable.question is None or variable.name in settings.of_source:
            continue
        if may_ask:
            values[variable.name] = _typed(variable, values.get(variable.name), terminal)
        elif not values.get(variable.name):
            raise ConfigurationError(
                f"{variable.name} is not set, and there is no terminal to ask on: set it, as README.md tells"
            )
    return values


def _typed(variable: Variable, before: str | None, terminal: Terminal) -> str:
    shown = None if variable.secret else before
    while True:
        text: str = click.prompt(
            variable.question or variable.name,
            hide_input=variable.secret,
            default=before,
            show_default=shown is not None,
            err=True,
        )
        try:
            return variable.parse(text.strip())
        except ValueError as error:
            terminal.fail(f"That cannot be right: {error}")


async def set_up(
    settings: Settings,
    row: Source,
    values: Mapping[str, str],
    terminal: Terminal,
    http: httpx.AsyncClient | None = None,
) -> None:
    """Tries the values by one real question, stores them in one transaction, and says what comes next."""
    async with desk_for(settings, http) as desk:
        token = None
        if row.is_pushed:
            token, values = new_token(row, settings.of_source, values)
        else:
            terminal.wait(f"Asking {row.label} …")
            await _try(desk, replace(settings, of_source=values), terminal)
        await desk.store.save_notes({CHOSEN: row.name, note_of(row): to_text(_kept(row, values))})
        rows = [("Source", row.label)]
        if (user := user_of(row, values)) is not None:
            rows.append(("User", user))
        terminal.tell_rows([*rows, ("Stored in", desk.store.location), *_NEXT])
    if row.is_pushed:
        introduce(token, settings.public_url, terminal)


_NEXT = (
    ("Next", "python -m widget              shows it here"),
    ("", "python -m bootstrap export    prints the settings for your host"),
)


async def _try(desk: Desk, settings: Settings, terminal: Terminal) -> None:
    gateway = wing_of(Parts(settings, desk.store, desk.http, SystemClock())).gateway
    try:
        await gateway.currently_playing()
    except PASSING as error:
        terminal.warn(f"{error} So it could not be tried now, and is stored all the same.")
    except SourceError as error:
        raise NowPlayingError(f"{error} Nothing was stored.") from error


def _kept(row: Source, values: Mapping[str, str]) -> dict[str, str]:
    """What is stored: all but the defaults."""
    defaults = {variable.name: variable.default for variable in row.variables}
    return {name: value for name, value in values.items() if name in defaults and value != defaults[name]}


def user_of(row: Source, values: Mapping[str, str]) -> str | None:
    """The name of the user at the source; None where it knows none."""
    return values.get(row.prefix.removesuffix("_") + USER)


async def status(settings: Settings, row: Source, terminal: Terminal, *, as_json: bool, check: bool) -> int:
    """Says how it stands; the exit code."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(desk_for(settings))
        values = await effective(desk.store, row, settings.of_source)
        state = "ok" if _is_complete(row, values) else "missing"
        if check and state == "ok" and not row.is_pushed:
            terminal.wait(f"Asking {row.label} …")
            state = await _checked(desk, settings, terminal)
        success = await _last_success_at(desk, settings, row)
        if as_json:
            terminal.tell(json.dumps(status_object(row, values, state, success)))
        else:
            terminal.tell_rows(_status_rows(row, values, state, success, desk.store.location))
    return 0 if state == "ok" else 1


async def _checked(desk: Desk, settings: Settings, terminal: Terminal) -> str:
    try:
        await wing_of(Parts(settings, desk.store, desk.http, SystemClock())).gateway.currently_playing()
    except SourceError as error:
        terminal.fail(str(error))
        return error.code
    return "ok"


async def _last_success_at(desk: Desk, settings: Settings, row: Source) -> float | None:
    pushed = wing_of(Parts(settings, desk.store, desk.http, SystemClock())).pushed
    if pushed is not None:
        return await pushed.told_at()
    return knowledge_from_text(await desk.store.shared(row.name), SystemClock().now()).updated_at


def _is_complete(row: Source, values: Mapping[str, str]) -> bool:
    needed = [one.name for one in row.variables if one.question is not None or (row.is_pushed and one.secret)]
    return all(values.get(name) for name in needed)


def status_object(row: Source, values: Mapping[str, str], state: str, last_success_at: float | None) -> dict[str, Any]:
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
        "user": user_of(row, values),
        "last_success_at": None if last_success_at is None else iso_milliseconds(last_success_at),
    }


def _status_rows(
    row: Source, values: Mapping[str, str], state: str, last_success_at: float | None, place: str
) -> list[tuple[str, str]]:
    told = {"ok": "ok", "missing": f"not set up yet: run python -m bootstrap --source {row.name}"}.get(state, state)
    rows = [("State", told), ("Source", row.label)]
    if (user := user_of(row, values)) is not None:
        rows.append(("User", user))
    rows.append(("Last answer", "never" if last_success_at is None else iso_milliseconds(last_success_at)))
    return [*rows, ("Database", place)]


async def exported(settings: Settings, row: Source) -> dict[str, str]:
    """The variables for a host, ``SOURCE`` first; raises :class:`NowPlayingError` where there are none."""
    values = (await known(settings, row)).values
    if not _is_complete(row, values):
        raise NowPlayingError(f"There is nothing to export yet: run python -m bootstrap --source {row.name} first.")
    kept = _kept(row, values)
    return {"SOURCE": row.name, **(hashed(row, kept) if row.is_pushed else kept)}


async def is_anything_stored(desk: Desk) -> bool:
    """Whether there is something to forget of the sources but Spotify."""
    kept = [await stored(desk.store, row) for row in SOURCES.values()]
    return any(kept)
