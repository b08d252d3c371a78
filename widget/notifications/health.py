"""Whether everything works, and why not: the token first, then the plan and the source's last word."""

import asyncio

from widget.clock import Clock, within
from widget.model.errors import ErrorCode, StoreError
from widget.model.snapshot import Problem
from widget.model.tokens import TokenHealth, TokenState
from widget.notifications.health_status import Health
from widget.now_playing.poller import Watcher
from widget.sources.base import Asked

PATIENCE_SECONDS = 1.5
"""Whatever hangs, who asks how things stand is answered within two seconds."""

_OF_THE_TOKEN: frozenset[ErrorCode] = frozenset({"not_configured", "needs_authorization"})


class Readiness:
    """Gives the :class:`Health`; asks the store, never the source. However many ask at a time, it looks once."""

    def __init__(self, gateway: Asked, watcher: Watcher, clock: Clock) -> None:
        self._gateway = gateway
        self._watcher = watcher
        self._clock = clock
        self._last_token = TokenHealth("missing")
        self._looking: asyncio.Task[Health] | None = None

    async def health(self) -> Health:
        """How things stand now; where the database cannot be read in time, that is the problem."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> Health:
        try:
            token, standing, calls = await within(self._clock, PATIENCE_SECONDS, self._stored())
        except TimeoutError:
            return self._without_the_store(StoreError("the database does not answer in time"))
        except Exception as error:  # Whatever it is, it must be told as not ready.
            return self._without_the_store(error)
        self._last_token = token
        problem = standing or self._of_the_last_question(token.state)
        return Health(token, self._watcher.last_success_at, problem, calls)

    async def _stored(self) -> tuple[TokenHealth, Problem | None, int]:
        await self._watcher.catch_up()
        token, standing = await self._gateway.token_health(), await self._gateway.standing_problem()
        return token, standing, sum(spent for _, spent in await self._gateway.calls_of_the_day())

    def _without_the_store(self, error: Exception) -> Health:
        problem = Problem.of(error, self._clock.now())
        return Health(self._last_token, self._watcher.last_success_at, problem, None)

    def _of_the_last_question(self, state: TokenState) -> Problem | None:
        problem = self._watcher.problem
        if problem is not None and problem.code in _OF_THE_TOKEN and state in ("ok", "expires_soon"):
            return None  # A new token came since; nobody has asked with it yet.
        return problem
