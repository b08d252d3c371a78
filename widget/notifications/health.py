"""The health check: the token first, then the poller's schedule and the last response."""

import asyncio
from dataclasses import dataclass

from widget.clock import Clock, wait_for
from widget.model.errors import ErrorCode, StoreError
from widget.model.snapshot import SourceProblem
from widget.model.tokens import AuthorizationStatus
from widget.now_playing.poller import Poller
from widget.sources.base import SourceClient

CHECK_TIMEOUT_SECONDS = 1.5
"""``/readyz`` responds within two seconds, whatever hangs."""

_TOKEN_CODES: frozenset[ErrorCode] = frozenset({"not_configured", "needs_authorization"})


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """``problem`` is None while everything works.

    ``last_success_at`` (s since the epoch) is when the source last responded, None if never; ``calls_last_24h`` is None
    if the database cannot be read.
    """

    token: AuthorizationStatus
    last_success_at: float | None
    problem: SourceProblem | None
    calls_last_24h: int | None


class HealthCheck:
    """Reads the store and the poller, never the source. Concurrent checks share one."""

    def __init__(self, client: SourceClient, poller: Poller, clock: Clock) -> None:
        self._client = client
        self._poller = poller
        self._clock = clock
        self._last_token = AuthorizationStatus("missing")
        self._running: asyncio.Task[HealthStatus] | None = None

    async def check(self) -> HealthStatus:
        """Return the health now; a database that does not respond in time is the problem."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._check())
        # A probe that gives up must not cancel the check of the others.
        return await asyncio.shield(self._running)

    async def check_readiness(self) -> HealthStatus:
        """Return the health for ``/readyz``, which lets the poller notice the end of an outage."""
        await self._poller.recheck()
        return await self.check()

    async def _check(self) -> HealthStatus:
        try:
            token, known_problem, calls = await wait_for(self._clock, CHECK_TIMEOUT_SECONDS, self._read_store())
        except TimeoutError:
            return self._without_store(StoreError("the database does not respond in time"))
        except Exception as error:  # Any error means not ready.
            return self._without_store(error)
        self._last_token = token
        problem = known_problem or self._poll_problem(token)
        return HealthStatus(token, self._poller.last_success_at, problem, calls)

    async def _read_store(self) -> tuple[AuthorizationStatus, SourceProblem | None, int]:
        await self._poller.refresh_from_cluster()
        token, known_problem = await self._client.authorization_status(), await self._client.known_problem()
        return token, known_problem, sum(number for _, number in await self._client.calls_last_24h())

    def _without_store(self, error: Exception) -> HealthStatus:
        problem = SourceProblem.of(error, self._clock.now())
        return HealthStatus(self._last_token, self._poller.last_success_at, problem, None)

    def _poll_problem(self, token: AuthorizationStatus) -> SourceProblem | None:
        problem = self._poller.problem
        if problem is not None and problem.code in _TOKEN_CODES and token.is_valid:
            return None  # A newer token is stored, which no poll has used yet.
        return problem
