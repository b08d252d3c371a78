"""Which source is asked, and its wing."""

from importlib import import_module
from typing import cast

from widget.errors import StoreError
from widget.settings import Settings
from widget.source import SOURCES
from widget.sources.owner_values import Notes, chosen, stored
from widget.sources.wing import Parts, Wing


async def settled(settings: Settings, notes: Notes) -> Settings:
    """The settings for the source that runs: ``SOURCE``, else what the last bootstrap stored, else Spotify.

    What was stored for it is among them. Where the database cannot be read now, what is set alone counts.
    Raises :class:`widget.errors.ConfigurationError` where something is set that this source cannot keep.
    """
    try:
        name = settings.source or await chosen(notes)
        values = await stored(notes, SOURCES[name])
    except StoreError:
        name, values = settings.source or "spotify", {}
    return settings.settled(name, values)


def wing_of(parts: Parts) -> Wing:
    """The wing of the source that the settings name; the others are not even imported."""
    name = parts.settings.source or "spotify"
    return cast("Wing", import_module(f"widget.sources.{name}.wing").wing(parts))
