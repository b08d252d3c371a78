"""What the program is given of the source that it asks, whichever that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.playback import LastPlayed, Playback
from widget.model.reauthorization import Renewal
from widget.model.snapshot import Problem
from widget.model.sources import Source
from widget.model.tokens import TokenHealth
from widget.store.base import Store

if TYPE_CHECKING:
    import httpx
    from starlette.routing import BaseRoute
    from starlette.types import Scope


class Asked(Protocol):
    """The way to a source. Every method makes at most one question, or raises for free where it is known that asking
    is no use; so it may be called as often as one likes."""

    async def currently_playing(self) -> Playback:
        """What plays now. Raises :class:`widget.model.errors.SourceError` or :class:`widget.model.errors.StoreError`."""
        ...

    async def recently_played(self) -> Sequence[LastPlayed]:
        """What was played, newest first; raises alike."""
        ...

    async def token_health(self) -> TokenHealth:
        """How the authorization stands, where there is one. May raise StoreError."""
        ...

    async def standing_problem(self) -> Problem | None:
        """Why asking is no use now, as far as is known; asks nobody. May raise StoreError."""
        ...

    async def calls_of_the_day(self) -> Sequence[tuple[float, int]]:
        """The questions of the last 24 hours: (beginning of the minute, number), oldest first. May raise StoreError."""
        ...

    async def close(self) -> None:
        """Waits for what is under way and must not be lost."""
        ...


class Work(Protocol):
    """Something that goes on beside the questions."""

    async def run(self) -> None:
        """Runs until it is cancelled."""
        ...


class Pushed(Protocol):
    """A source that tells by itself."""

    async def told_at(self) -> float | None:
        """When it told something last (s since the epoch). May raise StoreError."""
        ...

    async def changed(self, seconds: float) -> None:
        """Returns when it has told something, after ``seconds`` at the latest. May raise StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a wing is made of."""

    settings: Settings
    store: Store
    http: Callable[[], httpx.AsyncClient]
    clock: Clock


@dataclass(frozen=True, slots=True)
class Wing:
    """``source`` is its row, with the owner's own label and page; ``renewal`` is None where nothing ever ends; ``work``
    is what goes on beside the questions.

    ``routes`` are its own, ``largest_body`` how many bytes of a request's body these limit themselves (None for other
    requests); ``pushed`` is set where the source tells by itself.
    """

    source: Source
    gateway: Asked
    renewal: Renewal | None = None
    work: Sequence[Work] = ()
    routes: Sequence[BaseRoute] = ()
    largest_body: Callable[[Scope], int | None] = lambda _: None
    pushed: Pushed | None = None
