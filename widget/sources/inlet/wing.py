"""Puts the wing of the inlet together."""

from dataclasses import replace

from widget.config.source_settings import combined, effective
from widget.model.sources import INLET
from widget.sources.base import Parts, Wing
from widget.sources.inlet.authentication import Doorkeeper
from widget.sources.inlet.receiver import Inlet
from widget.sources.inlet.routes import InletRoutes, largest_body

TOKEN, LABEL = "INLET_TOKEN", "INLET_LABEL"


def wing(parts: Parts) -> Wing:
    """The wing: it asks nobody, and has routes of its own."""
    settings, store, clock = parts.settings, parts.store, parts.clock

    async def token() -> str | None:
        return settings.of_source.get(TOKEN) or (await effective(store, INLET, settings.of_source)).get(TOKEN)

    async def has_token() -> bool:
        return await token() is not None

    hidden = settings.hide
    inlet = Inlet(store, clock, lambda item: bool(hidden & item.related), settings.recent, has_token)
    routes = InletRoutes(inlet, Doorkeeper(token, clock), clock).routes
    known = combined(INLET, settings.of_source, settings.stored)
    source = replace(INLET, label=known[LABEL])
    return Wing(source, inlet, routes=tuple(routes), largest_body=largest_body, pushed=inlet)
