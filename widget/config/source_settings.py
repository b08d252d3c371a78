"""What the owner said about a source: what is set, and for the rest what the last bootstrap stored."""

import json
from collections.abc import Mapping
from typing import Protocol

from widget.model.sources import SourceInfo, SourceName, SourceVariable, parse_source_name

ACTIVE_SOURCE_KEY = "source"
"""The note that names the source of the last successful bootstrap."""


class Notes(Protocol):
    """Where it is stored; see :class:`widget.store.base.Store`."""

    async def get_value(self, name: str) -> str | None: ...


def settings_key(source: SourceInfo) -> str:
    """The name of the note that holds what was stored for ``source``."""
    return f"source:{source.name}"


def dump_values(values: Mapping[str, str]) -> str:
    """``values`` for the store, as JSON."""
    return json.dumps(dict(values))


def load_values(text: str | None, source: SourceInfo) -> dict[str, str]:
    """Return the values that :func:`dump_values` wrote, without what ``source`` would not take from the environment."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    known = value if isinstance(value, dict) else {}
    values = ((variable, known.get(variable.name)) for variable in source.variables)
    parsed = {variable.name: _parsed(variable, value) for variable, value in values}
    return {name: value for name, value in parsed.items() if value}


def _parsed(variable: SourceVariable, value: object) -> str | None:
    try:
        return variable.parse(value) if isinstance(value, str) and value else None
    except ValueError:
        return None


def merge_values(source: SourceInfo, is_set: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """What counts: what is set, else what is stored, else the default.

    A secret that was stored for one server goes to no other.
    """
    defaults = {variable.name: variable.default for variable in source.variables if variable.default is not None}
    before, after = {**defaults, **stored}, {**defaults, **stored, **is_set}
    moved = any(before.get(one.name) != after.get(one.name) for one in source.variables if one.scopes_secrets)
    secret = {variable.name for variable in source.variables if variable.secret}
    kept = {name: value for name, value in stored.items() if not (moved and name in secret)}
    return {**defaults, **kept, **{name: value for name, value in is_set.items() if value}}


async def stored_source_name(notes: Notes) -> SourceName:
    """The source of the last successful bootstrap, else Spotify. May raise StoreError."""
    try:
        return parse_source_name(await notes.get_value(ACTIVE_SOURCE_KEY) or "spotify")
    except ValueError:
        return "spotify"


async def stored_values(notes: Notes, source: SourceInfo) -> dict[str, str]:
    """What is stored now. May raise StoreError, but where there is nothing to be read."""
    if not source.variables:
        return {}
    return load_values(await notes.get_value(settings_key(source)), source)


async def effective_values(notes: Notes, source: SourceInfo, is_set: Mapping[str, str]) -> dict[str, str]:
    """What counts now; what another process stored meanwhile included. May raise StoreError."""
    return merge_values(source, is_set, await stored_values(notes, source))
