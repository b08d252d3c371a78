"""Puts together the wing of a source that is asked and needs no authorization. What is its own it passes in: its row,
whom to ask for, and who asks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from widget.config.settings import Settings
from widget.config.source_settings import combined, effective
from widget.model.sources import Source
from widget.sources.base import Parts, Wing
from widget.sources.polling_adapter import Client, Gateway
from widget.sources.rate_limiter import Gate

LEAST_PLAYS, MOST_PLAYS = 2, 50


class Listener(Protocol):
    """Whom to ask for."""

    @property
    def page(self) -> str | None:
        """The listener's page at the source; None where it has none that we know."""
        ...


Account = TypeVar("Account", bound=Listener)
AccountOf = Callable[[Mapping[str, str]], Account | None]
"""Gives the account that the source's variables name; None where they name none."""


def plays_needed(settings: Settings) -> int:
    """How many plays to ask for; what is hidden is left out before it is counted.

    One more than are listed, for the present play may be among them.
    """
    return MOST_PLAYS if settings.hide else min(MOST_PLAYS, max(LEAST_PLAYS, settings.recent + 1))


def polled_wing(
    parts: Parts, row: Source, client: Client[Account], account_of: AccountOf[Account], not_configured: str
) -> Wing:
    """The wing of ``row``, whose page is that of the listener who is known at the start.

    ``not_configured`` says what to set where ``account_of`` gives None. What is stored while it runs counts at once.
    """
    settings, store = parts.settings, parts.store

    async def account() -> Account | None:
        return account_of(await effective(store, row, settings.of_source))

    known = account_of(combined(row, settings.of_source, settings.stored))
    gate = Gate(store, parts.clock, settings.calls_a_day, row.name)
    gateway = Gateway(client, account, gate, parts.clock, not_configured)
    return Wing(row if known is None else replace(row, url=known.page), gateway)
