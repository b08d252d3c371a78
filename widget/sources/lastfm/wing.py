"""Puts the wing of Last.fm together."""

from widget.model.sources import LASTFM
from widget.sources.base import Parts, Wing
from widget.sources.lastfm.account import account_of
from widget.sources.lastfm.adapter import LastfmClient
from widget.sources.polled import plays_needed, polled_wing

NOT_CONFIGURED = (
    "There is no user or no API key of Last.fm yet: run python -m bootstrap --source lastfm, or set LASTFM_USER and "
    "LASTFM_API_KEY."
)


def wing(parts: Parts) -> Wing:
    """The wing: one question tells what plays and what was played."""
    client = LastfmClient(parts.http, parts.clock, plays_needed(parts.settings))
    return polled_wing(parts, LASTFM, client, account_of, NOT_CONFIGURED)
