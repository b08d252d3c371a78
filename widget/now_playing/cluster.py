"""What instances on one store tell each other. Nobody waits for the store without end."""

from widget.clock import Clock, within
from widget.now_playing.serialization import from_text, to_text
from widget.now_playing.state import Knowledge
from widget.now_playing.timeouts import Limits, Shared

RESIGNING_SECONDS = 1.0
"""The program may be ending, and has little time for it."""


class Instances:
    """All methods may raise StoreError."""

    def __init__(self, shared: Shared, limits: Limits, clock: Clock) -> None:
        self._shared = shared
        self._limits = limits
        self._clock = clock

    async def lead(self) -> bool:
        """Whether this instance is, or becomes, the one that asks."""
        return await self._limits.store(self._shared.lead())

    async def resign(self) -> None:
        """Lets another instance lead. Raises TimeoutError where that takes too long."""
        await within(self._clock, RESIGNING_SECONDS, self._shared.resign())

    async def tell(self, knowledge: Knowledge) -> None:
        """Shares what the leader knows."""
        await self._limits.store(self._shared.share(to_text(knowledge)))

    async def told(self) -> Knowledge:
        """What the leader shared last, as far as it is believed now."""
        return from_text(await self._limits.store(self._shared.shared()), self._clock.now())

    async def news(self, seconds: float) -> None:
        """Returns when something may have been shared, after ``seconds`` at the latest."""
        await self._limits.store(self._shared.news(seconds))
