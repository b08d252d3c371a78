"""What the owner said about a source: what is set, and for the rest what the last bootstrap stored."""

import json
from collections.abc import Mapping
from typing import Protocol

from widget.model.sources import Source, SourceName, source_name

CHOSEN = "source"
"""The note that names the source of the last successful bootstrap."""


class Notes(Protocol):
    """Where it is stored; see :class:`widget.store.base.Store`."""

    async def note(self, name: str) -> str | None: ...


def note_of(source: Source) -> str:
    """The name of the note that holds what was stored for ``source``."""
    return f"source:{source.name}"


def to_text(values: Mapping[str, str]) -> str:
    """``values`` for the store, as JSON."""
    return json.dumps(dict(values))


def from_text(text: str | None, source: Source) -> dict[str, str]:
    """What :func:`to_text` wrote, of the variables that ``source`` has; empty where it cannot be read."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    known = value if isinstance(value, dict) else {}
    names = {variable.name for variable in source.variables}
    return {name: text for name, text in known.items() if name in names and isinstance(text, str) and text}


def combined(source: Source, is_set: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """What counts: what is set, else what is stored, else the default.

    A secret that was stored for one server goes to no other.
    """
    defaults = {variable.name: variable.default for variable in source.variables if variable.default is not None}
    before, after = {**defaults, **stored}, {**defaults, **stored, **is_set}
    moved = any(before[one.name] != after[one.name] for one in source.variables if one.binds_secrets)
    secret = {variable.name for variable in source.variables if variable.secret}
    kept = {name: value for name, value in stored.items() if not (moved and name in secret)}
    return {**defaults, **kept, **{name: value for name, value in is_set.items() if value}}


async def chosen(notes: Notes) -> SourceName:
    """The source of the last successful bootstrap, else Spotify. May raise StoreError."""
    try:
        return source_name(await notes.note(CHOSEN) or "spotify")
    except ValueError:
        return "spotify"


async def stored(notes: Notes, source: Source) -> dict[str, str]:
    """What is stored now. May raise StoreError, but where there is nothing to be read."""
    if not source.variables:
        return {}
    return from_text(await notes.note(note_of(source)), source)


async def effective(notes: Notes, source: Source, is_set: Mapping[str, str]) -> dict[str, str]:
    """What counts now; what another process stored meanwhile included. May raise StoreError."""
    return combined(source, is_set, await stored(notes, source))
