"""The instances on one store: which of them polls, and the state that the others show."""

from widget.clock import Clock, wait_for
from widget.model.sources import SourceName
from widget.now_playing.serialization import dump_state, load_state
from widget.now_playing.state import NowPlayingState
from widget.now_playing.timeouts import Timeouts
from widget.store.base import Store

RESIGN_TIMEOUT_SECONDS = 1.0
"""Short, as the program may be ending."""


class Cluster:
    """Leader election and shared state through ``store``, for ``source`` alone.

    All methods may raise StoreError.
    """

    def __init__(self, store: Store, source: SourceName, timeouts: Timeouts, clock: Clock) -> None:
        self._store = store
        self._source = source
        self._timeouts = timeouts
        self._clock = clock

    async def try_lead(self) -> bool:
        """Become or stay the one instance that polls; return whether this is it."""
        return await self._timeouts.store(self._store.try_lead())

    async def resign(self) -> None:
        """Let another instance lead. Raises TimeoutError if that takes too long."""
        await wait_for(self._clock, RESIGN_TIMEOUT_SECONDS, self._store.resign())

    async def publish_state(self, state: NowPlayingState) -> None:
        """Share the leader's state."""
        await self._timeouts.store(self._store.publish_state(dump_state(state), self._source))

    async def read_state(self) -> NowPlayingState:
        """Return the state that the leader shared last, as far as it is believed now."""
        return load_state(await self._timeouts.store(self._store.read_state(self._source)), self._clock.now())

    async def wait_for_state(self, seconds: float) -> None:
        """Return when a state may have been shared, after ``seconds`` at the latest."""
        await self._timeouts.store(self._store.wait_for_state(seconds))
