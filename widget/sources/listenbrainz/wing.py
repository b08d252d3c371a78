"""Puts the wing of ListenBrainz together."""

from collections.abc import Mapping
from dataclasses import replace

from widget.source import LISTENBRAINZ, Source
from widget.sources.gate import Gate
from widget.sources.gateway import Gateway
from widget.sources.listenbrainz.account import ListenbrainzAccount, account_of
from widget.sources.listenbrainz.client import ListenbrainzClient, listens_needed
from widget.sources.owner_values import combined, effective
from widget.sources.wing import Parts, Wing

NOT_CONFIGURED = (
    "There is no user of ListenBrainz yet: run python -m bootstrap --source listenbrainz, or set LISTENBRAINZ_USER."
)


def source_of(values: Mapping[str, str]) -> Source:
    """The row, with the page of the user that ``values`` name."""
    account = account_of(values)
    return LISTENBRAINZ if account is None else replace(LISTENBRAINZ, url=account.page)


def gateway_of(parts: Parts) -> Gateway[ListenbrainzAccount]:
    """The way to ListenBrainz."""
    settings = parts.settings

    async def account() -> ListenbrainzAccount | None:
        return account_of(await effective(parts.store, LISTENBRAINZ, settings.of_source))

    client = ListenbrainzClient(parts.http, parts.clock, listens_needed(settings.recent, bool(settings.hide)))
    gate = Gate(parts.store, parts.clock, settings.calls_a_day, "listenbrainz")
    return Gateway(client, account, gate, parts.clock, NOT_CONFIGURED)


def wing(parts: Parts) -> Wing:
    """The wing, with the page of the user who is known at the start."""
    known = combined(LISTENBRAINZ, parts.settings.of_source, parts.settings.stored)
    return Wing(source_of(known), gateway_of(parts))
