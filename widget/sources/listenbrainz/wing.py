"""Puts the wing of ListenBrainz together."""

from widget.model.sources import LISTENBRAINZ
from widget.sources.base import Parts, Wing
from widget.sources.listenbrainz.account import account_of
from widget.sources.listenbrainz.adapter import ListenbrainzClient
from widget.sources.polled import plays_needed, polled_wing

NOT_CONFIGURED = (
    "There is no user of ListenBrainz yet: run python -m bootstrap --source listenbrainz, or set LISTENBRAINZ_USER."
)


def wing(parts: Parts) -> Wing:
    """The wing: what plays and what was played are two questions."""
    client = ListenbrainzClient(parts.http, parts.clock, plays_needed(parts.settings))
    return polled_wing(parts, LISTENBRAINZ, client, account_of, NOT_CONFIGURED)
