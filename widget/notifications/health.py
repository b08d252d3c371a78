"""Whether everything works, and why not: the token first, then the plan and the source's last word."""

import asyncio
from dataclasses import dataclass

from widget.clock import Clock, wait_for
from widget.model.errors import ErrorCode, StoreError
from widget.model.snapshot import SourceProblem
from widget.model.tokens import AuthorizationStatus, TokenState
from widget.now_playing.poller import Poller
from widget.sources.base import SourceClient


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """``problem`` is None while everything works. ``last_success_at`` (s since the epoch) is when the source last
    answered, None if it never did; ``calls_last_24h`` is None where the database cannot be read."""

    token: AuthorizationStatus
    last_success_at: float | None
    problem: SourceProblem | None
    calls_last_24h: int | None


CHECK_TIMEOUT_SECONDS = 1.5
"""Whatever hangs, who asks how things stand is answered within two seconds."""

_OF_THE_TOKEN: frozenset[ErrorCode] = frozenset({"not_configured", "needs_authorization"})


class HealthCheck:
    """Gives the :class:`Health`; asks the store, never the source. However many ask at a time, it looks once."""

    def __init__(self, gateway: SourceClient, watcher: Poller, clock: Clock) -> None:
        self._gateway = gateway
        self._watcher = watcher
        self._clock = clock
        self._last_token = AuthorizationStatus("missing")
        self._looking: asyncio.Task[HealthStatus] | None = None

    async def check(self) -> HealthStatus:
        """How things stand now; where the database cannot be read in time, that is the problem."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> HealthStatus:
        try:
            token, standing, calls = await wait_for(self._clock, CHECK_TIMEOUT_SECONDS, self._stored())
        except TimeoutError:
            return self._without_the_store(StoreError("the database does not answer in time"))
        except Exception as error:  # Whatever it is, it must be told as not ready.
            return self._without_the_store(error)
        self._last_token = token
        problem = standing or self._of_the_last_question(token.state)
        return HealthStatus(token, self._watcher.last_success_at, problem, calls)

    async def _stored(self) -> tuple[AuthorizationStatus, SourceProblem | None, int]:
        await self._watcher.refresh_from_cluster()
        token, standing = await self._gateway.authorization_status(), await self._gateway.known_problem()
        return token, standing, sum(spent for _, spent in await self._gateway.calls_last_24h())

    def _without_the_store(self, error: Exception) -> HealthStatus:
        problem = SourceProblem.of(error, self._clock.now())
        return HealthStatus(self._last_token, self._watcher.last_success_at, problem, None)

    def _of_the_last_question(self, state: TokenState) -> SourceProblem | None:
        problem = self._watcher.problem
        if problem is not None and problem.code in _OF_THE_TOKEN and state in ("ok", "expires_soon"):
            return None  # A new token came since; nobody has asked with it yet.
        return problem
