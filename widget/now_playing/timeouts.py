"""The outside as the player sees it: who is asked, what instances share, and for how long either is waited for."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from widget.clock import Clock, within
from widget.model.errors import StoreError
from widget.model.playback import LastPlayed, Playback

STORE_SECONDS = 12.0
"""Longer than each of the store's own limits, which know more to say."""

QUESTION_SECONDS = 30.0
"""Longer than a question may take with a refresh before it; each part has a limit of its own."""

Result = TypeVar("Result")


class Source(Protocol):
    """Who is asked; see :class:`widget.sources.base.Asked`."""

    async def currently_playing(self) -> Playback: ...

    async def recently_played(self) -> Sequence[LastPlayed]: ...

    async def calls_of_the_day(self) -> Sequence[tuple[float, int]]: ...


class Pushed(Protocol):
    """A source that tells by itself; see :class:`widget.sources.base.Pushed`."""

    async def told_at(self) -> float | None: ...

    async def changed(self, seconds: float) -> None: ...


class Shared(Protocol):
    """What instances share; see :class:`widget.now_playing.sharing.Sharing`."""

    async def lead(self) -> bool: ...

    async def resign(self) -> None: ...

    async def share(self, knowledge: str) -> None: ...

    async def shared(self) -> str | None: ...

    async def news(self, seconds: float) -> None: ...


class Limits:
    """Waits for the store and for the source, by ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def store(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the store gives. Raises :class:`StoreError` where it hangs, or what it raises."""
        try:
            return await within(self._clock, STORE_SECONDS, work)
        except TimeoutError as error:
            raise StoreError("the database does not answer in time") from error

    async def source(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the source gives. Raises TimeoutError where it hangs, or what it raises."""
        return await within(self._clock, QUESTION_SECONDS, work)
