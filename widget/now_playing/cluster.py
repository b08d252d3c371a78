"""What instances on one store tell each other. Nobody waits for the store without end."""

from widget.clock import Clock, wait_for
from widget.model.sources import SourceName
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState
from widget.now_playing.timeouts import Shared, Timeouts
from widget.store.base import Store


class Sharing:
    """The store, as the watcher sees it: what was shared about another source is not there."""

    def __init__(self, store: Store, source: SourceName) -> None:
        self._store = store
        self._source = source

    async def try_lead(self) -> bool:
        """Becomes, or stays, the one instance that asks."""
        return await self._store.try_lead()

    async def resign(self) -> None:
        """Lets another instance lead."""
        await self._store.resign()

    async def publish_state(self, knowledge: str) -> None:
        """What the leader knows, for the others to show."""
        await self._store.publish_state(knowledge, self._source)

    async def read_state(self) -> str | None:
        """What the leader shared last."""
        return await self._store.read_state(self._source)

    async def wait_for_state(self, seconds: float) -> None:
        """Returns when something may have been shared, after ``seconds`` at the latest."""
        await self._store.wait_for_state(seconds)


RESIGN_TIMEOUT_SECONDS = 1.0
"""The program may be ending, and has little time for it."""


class Cluster:
    """All methods may raise StoreError."""

    def __init__(self, shared: Shared, limits: Timeouts, clock: Clock) -> None:
        self._shared = shared
        self._limits = limits
        self._clock = clock

    async def try_lead(self) -> bool:
        """Whether this instance is, or becomes, the one that asks."""
        return await self._limits.store(self._shared.try_lead())

    async def resign(self) -> None:
        """Lets another instance lead. Raises TimeoutError where that takes too long."""
        await wait_for(self._clock, RESIGN_TIMEOUT_SECONDS, self._shared.resign())

    async def publish_state(self, knowledge: NowPlayingState) -> None:
        """Shares what the leader knows."""
        await self._limits.store(self._shared.publish_state(dump_state(knowledge)))

    async def read_state(self) -> NowPlayingState:
        """What the leader shared last, as far as it is believed now."""
        return load_state(await self._limits.store(self._shared.read_state()), self._clock.now())

    async def wait_for_state(self, seconds: float) -> None:
        """Returns when something may have been shared, after ``seconds`` at the latest."""
        await self._limits.store(self._shared.wait_for_state(seconds))
