"""The outside as the player sees it: who is asked, what instances share, and for how long either is waited for."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from widget.clock import Clock, wait_for
from widget.model.errors import StoreError
from widget.model.playback import Playback, PlayedItem

STORE_TIMEOUT_SECONDS = 12.0
"""Longer than each of the store's own limits, which know more to say."""

SOURCE_TIMEOUT_SECONDS = 30.0
"""Longer than a question may take with a refresh before it; each part has a limit of its own."""

Result = TypeVar("Result")


class Source(Protocol):
    """Who is asked; see :class:`widget.sources.base.Asked`."""

    async def currently_playing(self) -> Playback: ...

    async def recently_played(self) -> Sequence[PlayedItem]: ...

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]: ...


class Pushed(Protocol):
    """A source that tells by itself; see :class:`widget.sources.base.Pushed`."""

    async def last_push_at(self) -> float | None: ...

    async def last_change_at(self) -> float | None: ...

    async def wait_for_push(self, seconds: float) -> None: ...


class Shared(Protocol):
    """What instances share; see :class:`widget.now_playing.cluster.Sharing`."""

    async def try_lead(self) -> bool: ...

    async def resign(self) -> None: ...

    async def publish_state(self, knowledge: str) -> None: ...

    async def read_state(self) -> str | None: ...

    async def wait_for_state(self, seconds: float) -> None: ...


class Timeouts:
    """Waits for the store and for the source, by ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def store(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the store gives. Raises :class:`StoreError` where it hangs, or what it raises."""
        try:
            return await wait_for(self._clock, STORE_TIMEOUT_SECONDS, work)
        except TimeoutError as error:
            raise StoreError("the database does not answer in time") from error

    async def source(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the source gives. Raises TimeoutError where it hangs, or what it raises."""
        return await wait_for(self._clock, SOURCE_TIMEOUT_SECONDS, work)
