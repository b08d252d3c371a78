"""Set-up of the sources that need no authorization: their values are tried once and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bootstrap.context import CommandContext, command_context
from bootstrap.inlet_setup import create_token, print_player_instructions
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.config.source_settings import (
    ACTIVE_SOURCE_KEY,
    dump_values,
    effective_values,
    last_check_key,
    settings_key,
    stored_source_name,
    stored_values,
)
from widget.model.errors import (
    DailyLimitReached,
    NowPlayingError,
    SourceError,
    SourceUnreachable,
    Throttled,
    UnsupportedServer,
)
from widget.model.sources import SOURCES, SourceInfo, SourceName
from widget.server.terminal import Terminal

if TYPE_CHECKING:
    import httpx

TRANSIENT_ERRORS = (SourceUnreachable, Throttled, DailyLimitReached)
"""Errors that say nothing about a key or a name."""

NEXT_STEPS = (
    ("Next", "python -m widget              shows it here"),
    ("", "python -m bootstrap export    prints the settings for a host"),
)


@dataclass(frozen=True, slots=True)
class SourceValues:
    """The effective ``values`` of a source, and the source that runs if ``SOURCE`` is not set."""

    values: Mapping[str, str]
    stored_source: SourceName


async def active_source(settings: Settings) -> SourceName:
    """Return ``SOURCE``, else the source of the last bootstrap, else Spotify."""
    if settings.source is not None:
        return settings.source
    async with command_context(settings, read_only=True) as context:
        return await stored_source_name(context.store)


async def load_source_values(settings: Settings, info: SourceInfo) -> SourceValues:
    async with command_context(settings) as context:
        values = await effective_values(context.store, info, settings.source_values)
        return SourceValues(values, await stored_source_name(context.store))


async def set_up(
    settings: Settings,
    info: SourceInfo,
    values: Mapping[str, str],
    terminal: Terminal,
    http: httpx.AsyncClient | None = None,
    *,
    keep_token: bool = False,
) -> None:
    """Try the values with one real request, store them and print the next steps."""
    async with command_context(settings, http) as context:
        token, checked_at = None, None
        if info.is_pushed:
            token, values = (None, values) if keep_token else create_token(info, settings.source_values, values)
        else:
            terminal.show_progress(f"Asking {info.label} …")
            checked_at = await _try(context, replace(settings, source_values=values), terminal)
        stored = {ACTIVE_SOURCE_KEY: info.name, settings_key(info): dump_values(non_default_values(info, values))}
        if checked_at is not None:
            stored[last_check_key(info)] = repr(checked_at)
        # One transaction: a source must not become active without its values.
        await context.store.set_values(stored)
        rows = [("Source", info.label)]
        if (user := user_name(info, values)) is not None:
            rows.append(("User", user))
        terminal.print_table([*rows, ("Stored in", context.store.location), *NEXT_STEPS])
    if info.is_pushed:
        print_player_instructions(token, settings.public_url, terminal, is_set=not keep_token)


async def _try(context: CommandContext, settings: Settings, terminal: Terminal) -> float | None:
    """Return the time of a good response; None if the service is unavailable now."""
    try:
        await context.poll_once(settings)
    # It is a SourceUnreachable too, but no waiting helps.
    except UnsupportedServer as error:
        raise NowPlayingError(f"{error} Nothing was stored.") from error
    except TRANSIENT_ERRORS as error:
        terminal.print_warning(f"{error} The values could not be tried now; they are stored anyway.")
        return None
    except SourceError as error:
        raise NowPlayingError(f"{error} Nothing was stored.") from error
    return SystemClock().now()


def non_default_values(info: SourceInfo, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values to store or export: all but the defaults."""
    defaults = {variable.name: variable.default for variable in info.variables}
    return {name: value for name, value in values.items() if name in defaults and value != defaults[name]}


def is_complete(info: SourceInfo, values: Mapping[str, str]) -> bool:
    """Return whether everything that the source needs is known."""
    needed = [one for one in info.variables if one.prompt is not None or (info.is_pushed and one.secret)]
    return all(values.get(one.name) or info.is_replaced(one, values) for one in needed)


def user_name(info: SourceInfo, values: Mapping[str, str]) -> str | None:
    """Return the user's name at the source, None if it has no users."""
    return values.get(f"{info.prefix}USER")


async def has_source_values(context: CommandContext) -> bool:
    """Return whether anything is stored for a source other than Spotify."""
    stored = [await stored_values(context.store, info) for info in SOURCES.values()]
    return any(stored)
