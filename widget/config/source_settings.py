"""Settings of a source: from the environment, else from the last bootstrap, else defaults."""

import json
from collections.abc import Mapping
from typing import Protocol

from widget.model.serialization import require_timestamp
from widget.model.sources import SourceInfo, SourceName, parse_source_name

ACTIVE_SOURCE_KEY = "source"
"""The key of the source that the last successful bootstrap set up."""


class ValueStore(Protocol):
    """The part of :class:`widget.store.base.Store` that is read here."""

    async def get_value(self, key: str) -> str | None: ...


def settings_key(info: SourceInfo) -> str:
    """Return the key of the stored values."""
    return f"source:{info.name}"


def last_check_key(info: SourceInfo) -> str:
    """Return the key of the time of bootstrap's last good request."""
    return f"last_check:{info.name}"


def dump_values(values: Mapping[str, str]) -> str:
    """Return the JSON to store."""
    return json.dumps(dict(values))


def load_values(text: str | None, info: SourceInfo) -> dict[str, str]:
    """Return the stored values that are valid, by the same rules as the environment's."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    stored = value if isinstance(value, dict) else {}
    values: dict[str, str] = {}
    for variable in info.variables:
        text = stored.get(variable.name)
        if isinstance(text, str) and text:
            try:
                values[variable.name] = variable.parse(text)
            except ValueError:
                continue
    return values


def merge_values(info: SourceInfo, configured: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """Return the effective values: set, else stored, else default.

    A secret stored for one server is not sent to another.
    """
    defaults = {variable.name: variable.default for variable in info.variables if variable.default is not None}
    before, after = {**defaults, **stored}, {**defaults, **stored, **configured}
    # Otherwise a mistyped address would get the old server's password.
    moved = any(before.get(one.name) != after.get(one.name) for one in info.variables if one.scopes_secrets)
    secrets = {variable.name for variable in info.variables if variable.secret}
    kept = {name: value for name, value in stored.items() if not (moved and name in secrets)}
    return {**defaults, **kept, **{name: value for name, value in configured.items() if value}}


async def stored_source_name(store: ValueStore) -> SourceName:
    """Return the source of the last successful bootstrap, else Spotify. Raises StoreError."""
    try:
        return parse_source_name(await store.get_value(ACTIVE_SOURCE_KEY) or "spotify")
    except ValueError:
        return "spotify"


async def stored_values(store: ValueStore, info: SourceInfo) -> dict[str, str]:
    """Return the stored values. Raises StoreError."""
    if not info.variables:
        return {}
    return load_values(await store.get_value(settings_key(info)), info)


async def effective_values(store: ValueStore, info: SourceInfo, configured: Mapping[str, str]) -> dict[str, str]:
    """Return the effective values now, even if another process stored them. Raises StoreError."""
    return merge_values(info, configured, await stored_values(store, info))


async def last_check_at(store: ValueStore, info: SourceInfo) -> float | None:
    """Return the time of bootstrap's last good request (s since the epoch). Raises StoreError."""
    try:
        return require_timestamp(float(await store.get_value(last_check_key(info)) or "nan"))
    except (TypeError, ValueError):
        return None
