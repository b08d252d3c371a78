"""Puts the wing of ListenBrainz together."""

from widget.model.sources import LISTENBRAINZ
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.listenbrainz.account import account_from
from widget.sources.listenbrainz.adapter import ListenbrainzClient
from widget.sources.polling_adapter import create_polling_adapter, history_limit

NOT_CONFIGURED = (
    "There is no user of ListenBrainz yet: run python -m bootstrap --source listenbrainz, or set LISTENBRAINZ_USER."
)


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing: what plays and what was played are two questions."""
    client = ListenbrainzClient(parts.http, parts.clock, history_limit(parts.settings))
    return create_polling_adapter(parts, LISTENBRAINZ, client, account_from, NOT_CONFIGURED)
