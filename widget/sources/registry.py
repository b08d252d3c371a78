"""Which source is asked, and its wing."""

from dataclasses import replace
from importlib import import_module
from typing import cast

from widget.clock import Clock
from widget.config.settings import Settings
from widget.config.source_settings import ValueStore, stored_source_name, stored_values
from widget.model.errors import StoreError
from widget.model.sources import SOURCES
from widget.sources.base import AdapterContext, SourceAdapter

RETRY_SECONDS = 1.0


async def resolve_source(settings: Settings, notes: ValueStore) -> Settings:
    """The settings for the source that runs: ``SOURCE``, else what the last bootstrap stored, else Spotify.

    What was stored for it is among them. Raises ConfigurationError where something is set that
    this source cannot keep, and StoreError where the database must be read for it, and cannot be now.
    """
    name = settings.source or await stored_source_name(notes)
    return settings.for_source(name, await stored_values(notes, SOURCES[name]))


async def resolve_source_when_available(settings: Settings, notes: ValueStore, clock: Clock) -> Settings:
    """The same, as soon as the database can be read."""
    while True:
        try:
            return await resolve_source(settings, notes)
        except StoreError:
            await clock.sleep(RETRY_SECONDS)


def settings_while_unavailable(settings: Settings) -> Settings:
    """The settings to serve with until then, on :class:`widget.store.unavailable.AbsentStore`.

    Nothing can be shown on it, so nothing need be hidden: whether ``HIDE`` can be kept is judged once the source is
    known.
    """
    return settings if settings.source is not None else replace(settings, source="spotify", hide=frozenset())


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing of the source that the settings name; the others are not even imported."""
    name = parts.settings.source or "spotify"
    return cast("SourceAdapter", import_module(f"widget.sources.{name}.adapter").create_adapter(parts))
