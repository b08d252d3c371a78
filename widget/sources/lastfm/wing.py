"""Puts the wing of Last.fm together."""

from collections.abc import Mapping
from dataclasses import replace

from widget.source import LASTFM, Source
from widget.sources.gate import Gate
from widget.sources.gateway import Gateway
from widget.sources.lastfm.account import LastfmAccount, account_of
from widget.sources.lastfm.client import LastfmClient, rows_needed
from widget.sources.owner_values import combined, effective
from widget.sources.wing import Parts, Wing

NOT_CONFIGURED = (
    "There is no user or no API key of Last.fm yet: run python -m bootstrap --source lastfm, or set LASTFM_USER and "
    "LASTFM_API_KEY."
)


def source_of(values: Mapping[str, str]) -> Source:
    """The row, with the page of the user that ``values`` name."""
    account = account_of(values)
    return LASTFM if account is None else replace(LASTFM, url=account.page)


def gateway_of(parts: Parts) -> Gateway[LastfmAccount]:
    """The way to Last.fm."""
    settings = parts.settings

    async def account() -> LastfmAccount | None:
        return account_of(await effective(parts.store, LASTFM, settings.of_source))

    client = LastfmClient(parts.http, parts.clock, rows_needed(settings.recent, bool(settings.hide)))
    gate = Gate(parts.store, parts.clock, settings.calls_a_day, "lastfm")
    return Gateway(client, account, gate, parts.clock, NOT_CONFIGURED)


def wing(parts: Parts) -> Wing:
    """The wing, with the page of the user who is known at the start."""
    known = combined(LASTFM, parts.settings.of_source, parts.settings.stored)
    return Wing(source_of(known), gateway_of(parts))
