"""Puts the wing of the inlet together."""

from dataclasses import replace

from widget.config.source_settings import effective_values, merge_values
from widget.model.sources import INLET
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.inlet.authentication import TokenAuthenticator
from widget.sources.inlet.receiver import SubmissionReceiver
from widget.sources.inlet.routes import InletRoutes, max_body_bytes

TOKEN, LABEL = "INLET_TOKEN", "INLET_LABEL"


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing: it asks nobody, and has routes of its own."""
    settings, store, clock = parts.settings, parts.store, parts.clock

    async def token() -> str | None:
        return settings.source_values.get(TOKEN) or (await effective_values(store, INLET, settings.source_values)).get(
            TOKEN
        )

    async def has_token() -> bool:
        return await token() is not None

    hidden = settings.hide
    inlet = SubmissionReceiver(store, clock, lambda item: bool(hidden & item.hide_keys), settings.recent, has_token)
    routes = InletRoutes(inlet, TokenAuthenticator(token, clock), clock).routes
    known = merge_values(INLET, settings.source_values, settings.stored_source_values)
    source = replace(INLET, label=known[LABEL])
    return SourceAdapter(source, inlet, routes=tuple(routes), max_body_bytes=max_body_bytes, push=inlet)
