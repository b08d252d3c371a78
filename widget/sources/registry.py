"""The source that runs, and its adapter."""

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


async def resolve_source(settings: Settings, store: ValueStore) -> Settings:
    """Return the settings for ``SOURCE``, else for the source of the last bootstrap or Spotify.

    They include the stored values. Raises ConfigurationError for a setting that the source does not support, and
    StoreError if the database cannot be read now.
    """
    name = settings.source or await stored_source_name(store)
    return settings.for_source(name, await stored_values(store, SOURCES[name]))


async def resolve_source_when_available(settings: Settings, store: ValueStore, clock: Clock) -> Settings:
    """Return :func:`resolve_source` as soon as the database can be read."""
    while True:
        try:
            return await resolve_source(settings, store)
        except StoreError:
            await clock.sleep(RETRY_SECONDS)


def settings_while_unavailable(settings: Settings) -> Settings:
    """Return the settings until the database is available.

    ``HIDE`` is checked once the source is known; until then nothing is shown.
    """
    return settings if settings.source is not None else replace(settings, source="spotify", hide=frozenset())


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter of the source in the settings; other sources are not imported."""
    name = context.settings.source or "spotify"
    # Imported by name, since each adapter brings libraries that the others do without.
    return cast("SourceAdapter", import_module(f"widget.sources.{name}.adapter").create_adapter(context))
