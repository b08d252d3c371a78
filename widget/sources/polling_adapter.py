"""Asks a source that needs no authorization: through the gate, and without asking again what was just refused."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from widget.clock import Clock
from widget.config.settings import Settings
from widget.config.source_settings import effective_values, merge_values
from widget.model.errors import Forbidden, InvalidCredentials, NotConfigured, ProfilePrivate, SourceError, UnknownUser
from widget.model.playback import Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.circuit_breaker import CircuitBreaker
from widget.sources.rate_limiter import RateLimiter

REFUSED_RETRY_SECONDS = 600.0
PERMANENT_ERRORS = (InvalidCredentials, Forbidden, UnknownUser, ProfilePrivate)

Account = TypeVar("Account")
AccountOf = TypeVar("AccountOf", contravariant=True)


class ServiceClient(Protocol[AccountOf]):
    """Who asks; each method is one question and raises :class:`SourceError`."""

    async def now_playing(self, account: AccountOf) -> FetchResult: ...

    async def recently_played(self, account: AccountOf) -> FetchResult: ...


class PollingAdapter(Generic[Account]):
    """The watcher's way to a source. Every method makes at most one question, or raises for free where it is known
    that asking is no use; so it may be called as often as one likes.

    ``account`` gives whom to ask for, what was stored meanwhile included; None where that is not known.
    """

    def __init__(
        self,
        client: ServiceClient[Account],
        account: Callable[[], Awaitable[Account | None]],
        gate: RateLimiter,
        clock: Clock,
        not_configured: str,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._account = account
        self._gate = gate
        self._clock = clock
        self._not_configured = not_configured
        self._close = close
        self._refused = CircuitBreaker(clock)
        self._last: FetchResult | None = None

    async def currently_playing(self) -> Playback:
        """What plays now. Raises :class:`SourceError` or :class:`widget.model.errors.StoreError`."""
        told = await self._ask(self._client.now_playing)
        self._last = told
        playback = told.playback or Playback("idle", self._clock.now(), is_authoritative=False)
        return replace(playback, newest_played_at=max((last.played_at for last in told.history or ()), default=None))

    async def recently_played(self) -> tuple[PlayedItem, ...]:
        """What was played, newest first: by the last answer where it told that too, else by a question."""
        if self._last is not None and self._last.history is not None:
            return self._last.history
        return (await self._ask(self._client.recently_played)).history or ()

    async def authorization_status(self) -> AuthorizationStatus:
        """There is no token."""
        return AuthorizationStatus("not_needed")

    async def known_problem(self) -> SourceProblem | None:
        """Why asking is no use now, as far as is known; asks nobody. May raise StoreError."""
        try:
            self._refused.check(await self._configured())
            await self._gate.check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """The questions of the last 24 hours: (beginning of the minute, number), oldest first."""
        return await self._gate.calls_last_24h()

    async def close(self) -> None:
        """Close what the client holds open."""
        if self._close is not None:
            await self._close()

    async def _ask(self, question: Callable[[Account], Awaitable[FetchResult]]) -> FetchResult:
        account = await self._configured()
        self._refused.check(account)
        try:
            async with self._gate.slot():
                told = await question(account)
        except PERMANENT_ERRORS as error:
            raise self._refused.trip(error, REFUSED_RETRY_SECONDS, account) from error
        self._refused.reset()
        return told

    async def _configured(self) -> Account:
        account = await self._account()
        if account is None:
            raise NotConfigured(self._not_configured)
        return account


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
    close: Callable[[], Awaitable[None]] | None = None,
) -> SourceAdapter:
    """The wing of ``row``, whose page is that of the listener who is known at the start.

    ``not_configured`` says what to set where ``account_of`` gives None. What is stored while it runs counts at once.
    ``close`` ends what the client holds open.
    """
    settings, store = parts.settings, parts.store

    async def account() -> OwnAccount | None:
        return account_of(await effective_values(store, row, settings.source_values))

    known = account_of(merge_values(row, settings.source_values, settings.stored_source_values))
    gate = RateLimiter(store, parts.clock, settings.daily_call_limit, row.name)
    gateway = PollingAdapter(client, account, gate, parts.clock, not_configured, close)
    return SourceAdapter(row if known is None else replace(row, url=known.page), gateway)
