"""Puts together the wing of a source that is asked and needs no authorization. What is its own it passes in: its row,
whom to ask for, and who asks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from widget.config.settings import Settings
from widget.config.source_settings import effective_values, merge_values
from widget.model.sources import SourceInfo
from widget.sources.base import AdapterContext, SourceAdapter
from widget.sources.polling_adapter import PollingAdapter, ServiceClient
from widget.sources.rate_limiter import RateLimiter

MIN_HISTORY, MAX_HISTORY = 2, 50


class ServiceAccount(Protocol):
    """Whom to ask for."""

    @property
    def page(self) -> str | None:
        """The listener's page at the source; None where it has none that we know."""
        ...


OwnAccount = TypeVar("OwnAccount", bound=ServiceAccount)
AccountReader = Callable[[Mapping[str, str]], OwnAccount | None]
"""Gives the account that the source's variables name; None where they name none."""


def history_limit(settings: Settings) -> int:
    """How many plays to ask for; what is hidden is left out before it is counted.

    One more than are listed, for the present play may be among them.
    """
    return MAX_HISTORY if settings.hide else min(MAX_HISTORY, max(MIN_HISTORY, settings.recent + 1))


def create_polling_adapter(
    parts: AdapterContext,
    row: SourceInfo,
    client: ServiceClient[OwnAccount],
    account_of: AccountReader[OwnAccount],
    not_configured: str,
) -> SourceAdapter:
    """The wing of ``row``, whose page is that of the listener who is known at the start.

    ``not_configured`` says what to set where ``account_of`` gives None. What is stored while it runs counts at once.
    """
    settings, store = parts.settings, parts.store

    async def account() -> OwnAccount | None:
        return account_of(await effective_values(store, row, settings.source_values))

    known = account_of(merge_values(row, settings.source_values, settings.stored_source_values))
    gate = RateLimiter(store, parts.clock, settings.daily_call_limit, row.name)
    gateway = PollingAdapter(client, account, gate, parts.clock, not_configured)
    return SourceAdapter(row if known is None else replace(row, url=known.page), gateway)
