"""Client and adapter of sources that are polled with a key or a user name."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from widget.clock import Clock
from widget.config.settings import Settings
from widget.config.source_settings import effective_values, merge_values
from widget.model.errors import PERMANENT_CODES, NotConfigured, SourceError
from widget.model.playback import Playback, PlayedItem, is_same_track
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.circuit_breaker import CircuitBreaker
from widget.sources.rate_limiter import RateLimiter

# Only the owner can change these, and each try costs a call.
REFUSED_RETRY_SECONDS = 600.0

# Two, as one row may be the scrobble of the present play.
MIN_HISTORY, MAX_HISTORY = 2, 50
UNKNOWN_DURATION_SECONDS = 90.0
"""Shorter than nearly every track, and longer than two scrobblers differ."""

Account = TypeVar("Account")
AccountContra = TypeVar("AccountContra", contravariant=True)


class ServiceClient(Protocol[AccountContra]):
    """The requests of one service; each method makes one, and raises SourceError."""

    async def now_playing(self, account: AccountContra) -> FetchResult: ...

    async def recently_played(self, account: AccountContra) -> FetchResult: ...


class PollingAdapter(Generic[Account]):
    """A source's client that respects the quota, and repeats no request that was refused.

    ``account`` returns the account that is set or stored now, None if there is none.
    """

    def __init__(
        self,
        client: ServiceClient[Account],
        account: Callable[[], Awaitable[Account | None]],
        rate_limiter: RateLimiter,
        clock: Clock,
        not_configured: str,
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._account = account
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._not_configured = not_configured
        self._close = close
        self._breaker = CircuitBreaker(clock)
        self._last: FetchResult | None = None

    async def currently_playing(self) -> Playback:
        """Return the current playback. Raises SourceError or StoreError."""
        result = await self._fetch(self._client.now_playing)
        self._last = result
        playback = result.playback or Playback("idle", self._clock.now(), is_authoritative=False)
        return replace(playback, newest_played_at=max((play.played_at for play in result.history or ()), default=None))

    async def recently_played(self) -> tuple[PlayedItem, ...]:
        """Return the plays, newest first, from the last response if it held them, else by a request."""
        # Last.fm returns both in one response: a second call would be spent for nothing.
        if self._last is not None and self._last.history is not None:
            return self._last.history
        return (await self._fetch(self._client.recently_played)).history or ()

    async def authorization_status(self) -> AuthorizationStatus:
        """Return that there is no authorization."""
        return AuthorizationStatus("not_needed")

    async def known_problem(self) -> SourceProblem | None:
        """Return why a request would be refused now; makes none. May raise StoreError."""
        try:
            self._breaker.check(await self._configured_account())
            await self._rate_limiter.check()
        except SourceError as error:
            return SourceProblem.of(error, self._clock.now())
        return None

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Return the calls of the last 24 hours: (start of the minute, number), oldest first."""
        return await self._rate_limiter.calls_last_24h()

    async def close(self) -> None:
        """Close the client's connections."""
        if self._close is not None:
            await self._close()

    async def _fetch(self, request: Callable[[Account], Awaitable[FetchResult]]) -> FetchResult:
        account = await self._configured_account()
        self._breaker.check(account)
        try:
            async with self._rate_limiter.slot():
                result = await request(account)
        except SourceError as error:
            if error.code not in PERMANENT_CODES:
                raise
            raise self._breaker.trip(error, REFUSED_RETRY_SECONDS, account) from error
        # Only here: an outage in between must not clear a refusal.
        self._breaker.reset()
        return result if result.history is None else replace(result, history=merge_scrobbles(result.history))

    async def _configured_account(self) -> Account:
        account = await self._account()
        if account is None:
            raise NotConfigured(self._not_configured)
        return account


def merge_scrobbles(plays: Sequence[PlayedItem]) -> tuple[PlayedItem, ...]:
    """Return ``plays``, newest first, with one row for a play that two scrobblers submitted.

    Two rows of a track are one play if their times are nearer than the track is long. The earlier one is kept: a new
    row with a later time would look like a repeat.
    """
    merged: list[PlayedItem] = []
    # Oldest first, so that the earlier row of two is the one kept.
    for play in sorted(plays, key=lambda play: play.played_at):
        if merged and is_same_track(merged[-1].item, play.item):
            duration_ms = merged[-1].item.duration_ms
            seconds = UNKNOWN_DURATION_SECONDS if duration_ms is None else duration_ms / 1000
            if play.played_at - merged[-1].played_at < seconds:
                continue
        merged.append(play)
    return tuple(reversed(merged))


class ServiceAccount(Protocol):
    """An account at a service."""

    @property
    def page(self) -> str | None:
        """The listener's page at the service, if it is known."""
        ...


OwnAccount = TypeVar("OwnAccount", bound=ServiceAccount)
AccountReader = Callable[[Mapping[str, str]], OwnAccount | None]
"""Returns the account that the source's variables name; None if they name none."""


def history_limit(settings: Settings) -> int:
    """Return how many plays to request.

    Many if some may be hidden, else one more than are published, for the current play.
    """
    return MAX_HISTORY if settings.hide else min(MAX_HISTORY, max(MIN_HISTORY, settings.recent + 1))


def create_polling_adapter(
    context: AdapterContext,
    source: SourceInfo,
    client: ServiceClient[OwnAccount],
    account_from: AccountReader[OwnAccount],
    not_configured: str,
    close: Callable[[], Awaitable[None]] | None = None,
) -> SourceAdapter:
    """Return the adapter of ``source``, with the page of the listener who is known at startup.

    ``not_configured`` is the message if ``account_from`` returns None. ``close`` closes the client's connections.
    """
    settings, store = context.settings, context.store

    async def account() -> OwnAccount | None:
        return account_from(await effective_values(store, source, settings.source_values))

    known = account_from(merge_values(source, settings.source_values, settings.stored_source_values))
    rate_limiter = RateLimiter(store, context.clock, settings.daily_call_limit, source.name)
    adapter = PollingAdapter(client, account, rate_limiter, context.clock, not_configured, close)
    return SourceAdapter(source if known is None else replace(source, url=known.page), adapter)
