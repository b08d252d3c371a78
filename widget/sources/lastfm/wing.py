"""Puts the wing of Last.fm together."""

from widget.model.sources import LASTFM
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.lastfm.account import account_from
from widget.sources.lastfm.adapter import LastfmClient
from widget.sources.polling_adapter import create_polling_adapter, history_limit

NOT_CONFIGURED = (
    "There is no user or no API key of Last.fm yet: run python -m bootstrap --source lastfm, or set LASTFM_USER and "
    "LASTFM_API_KEY."
)


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing: one question tells what plays and what was played."""
    client = LastfmClient(parts.http, parts.clock, history_limit(parts.settings))
    return create_polling_adapter(parts, LASTFM, client, account_from, NOT_CONFIGURED)
