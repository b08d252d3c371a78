"""The inlet's adapter, which calls no service and has routes."""

from dataclasses import replace

from widget.config.source_settings import effective_values, merge_values
from widget.model.sources import INLET
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.inlet.authentication import TokenAuthenticator
from widget.sources.inlet.receiver import SubmissionReceiver
from widget.sources.inlet.routes import InletRoute, max_body_bytes

TOKEN, LABEL = "INLET_TOKEN", "INLET_LABEL"


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter."""
    settings, store, clock = context.settings, context.store, context.clock

    async def token() -> str | None:
        configured = settings.source_values.get(TOKEN)
        return configured or (await effective_values(store, INLET, settings.source_values)).get(TOKEN)

    async def has_token() -> bool:
        return await token() is not None

    hidden = settings.hide
    receiver = SubmissionReceiver(store, clock, lambda item: bool(hidden & item.hide_keys), settings.recent, has_token)
    route = InletRoute(receiver, TokenAuthenticator(token, clock), clock, frozenset(settings.artwork_hosts))
    known = merge_values(INLET, settings.source_values, settings.stored_source_values)
    source = replace(INLET, label=known.get(LABEL, ""))
    return SourceAdapter(source, receiver, routes=(route,), max_body_bytes=max_body_bytes, push=receiver)
