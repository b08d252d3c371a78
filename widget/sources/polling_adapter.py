"""Asks a source that needs no authorization: through the gate, and without asking again what was just refused."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from widget.clock import Clock
from widget.model.errors import BadCredentials, Forbidden, NotConfigured, Private, SourceError, UnknownUser
from widget.model.playback import LastPlayed, Playback
from widget.model.snapshot import Problem
from widget.model.tokens import TokenHealth
from widget.sources.circuit_breaker import Refused
from widget.sources.rate_limiter import Gate
from widget.sources.told import Told

REFUSED_RETRY_SECONDS = 600.0
REFUSALS = (BadCredentials, Forbidden, UnknownUser, Private)

Account = TypeVar("Account")
AccountOf = TypeVar("AccountOf", contravariant=True)


class Client(Protocol[AccountOf]):
    """Who asks; each method is one question and raises :class:`SourceError`."""

    async def now_playing(self, account: AccountOf) -> Told: ...

    async def played(self, account: AccountOf) -> Told: ...


class Gateway(Generic[Account]):
    """The watcher's way to a source. Every method makes at most one question, or raises for free where it is known
    that asking is no use; so it may be called as often as one likes.

    ``account`` gives whom to ask for, what was stored meanwhile included; None where that is not known.
    """

    def __init__(
        self,
        client: Client[Account],
        account: Callable[[], Awaitable[Account | None]],
        gate: Gate,
        clock: Clock,
        not_configured: str,
    ) -> None:
        self._client = client
        self._account = account
        self._gate = gate
        self._clock = clock
        self._not_configured = not_configured
        self._refused = Refused(clock)
        self._last: Told | None = None

    async def currently_playing(self) -> Playback:
        """What plays now. Raises :class:`SourceError` or :class:`widget.model.errors.StoreError`."""
        told = await self._ask(self._client.now_playing)
        self._last = told
        playback = told.playback or Playback("idle", self._clock.now(), certain=False)
        return replace(playback, newest_played_at=max((last.played_at for last in told.played or ()), default=None))

    async def recently_played(self) -> tuple[LastPlayed, ...]:
        """What was played, newest first: by the last answer where it told that too, else by a question."""
        if self._last is not None and self._last.played is not None:
            return self._last.played
        return (await self._ask(self._client.played)).played or ()

    async def token_health(self) -> TokenHealth:
        """There is no token."""
        return TokenHealth("not_needed")

    async def standing_problem(self) -> Problem | None:
        """Why asking is no use now, as far as is known; asks nobody. May raise StoreError."""
        try:
            self._refused.check(await self._configured())
            await self._gate.check()
        except SourceError as error:
            return Problem.of(error, self._clock.now())
        return None

    async def calls_of_the_day(self) -> Sequence[tuple[float, int]]:
        """The questions of the last 24 hours: (beginning of the minute, number), oldest first."""
        return await self._gate.calls_of_the_day()

    async def close(self) -> None:
        """Nothing is under way that must end first."""

    async def _ask(self, question: Callable[[Account], Awaitable[Told]]) -> Told:
        account = await self._configured()
        self._refused.check(account)
        try:
            async with self._gate.paid():
                told = await question(account)
        except REFUSALS as error:
            raise self._refused.remember(error, REFUSED_RETRY_SECONDS, account) from error
        self._refused.forget()
        return told

    async def _configured(self) -> Account:
        account = await self._account()
        if account is None:
            raise NotConfigured(self._not_configured)
        return account
