"""Whether everything works, and why not: the token first, then Spotify's last word."""

from widget.errors import ErrorCode, StoreError
from widget.owner.health import Health
from widget.player.watcher import Watcher
from widget.snapshot import Problem
from widget.sources.spotify.gateway import Gateway
from widget.tokens import TokenHealth, TokenState

_OF_THE_TOKEN: frozenset[ErrorCode] = frozenset({"not_configured", "needs_authorization"})


class Readiness:
    """Gives the :class:`Health`; asks the store, never Spotify."""

    def __init__(self, gateway: Gateway, watcher: Watcher) -> None:
        self._gateway = gateway
        self._watcher = watcher
        self._last_token = TokenHealth("missing")

    async def health(self) -> Health:
        """How things stand now; where the database cannot be read, that is the problem."""
        try:
            await self._watcher.catch_up()
            token, standing = await self._gateway.token_health(), await self._gateway.standing_problem()
            calls = await self._gateway.calls_last_24h()
        except StoreError as error:
            problem = Problem.of(error, 0.0)
            return Health(self._last_token, self._watcher.last_success_at, problem, None)
        self._last_token = token
        success = self._watcher.last_success_at
        return Health(token, success, standing or self._of_the_last_question(token.state), calls)

    def _of_the_last_question(self, state: TokenState) -> Problem | None:
        problem = self._watcher.problem
        if problem is not None and problem.code in _OF_THE_TOKEN and state in ("ok", "expires_soon"):
            return None  # A new token came since; nobody has asked with it yet.
        return problem
