"""What the program is given of the source that it asks, whichever that is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.playback import Playback, PlayedItem
from widget.model.reauthorization import Reauthorization
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.store.base import Store

if TYPE_CHECKING:
    import httpx
    from starlette.routing import BaseRoute
    from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What plays, and what was played, newest first; None where the answer told nothing of it."""

    playback: Playback | None
    history: tuple[PlayedItem, ...] | None = None


class SourceClient(Protocol):
    """The way to a source. Every method makes at most one question, or raises for free where it is known that asking
    is no use; so it may be called as often as one likes."""

    async def currently_playing(self) -> Playback:
        """What plays now. Raises SourceError or StoreError."""
        ...

    async def recently_played(self) -> Sequence[PlayedItem]:
        """What was played, newest first; raises alike."""
        ...

    async def authorization_status(self) -> AuthorizationStatus:
        """How the authorization stands, where there is one. May raise StoreError."""
        ...

    async def known_problem(self) -> SourceProblem | None:
        """Why asking is no use now, as far as is known; asks nobody. May raise StoreError."""
        ...

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """The questions of the last 24 hours: (beginning of the minute, number), oldest first. May raise StoreError."""
        ...

    async def close(self) -> None:
        """Waits for what is under way and must not be lost."""
        ...


class BackgroundTask(Protocol):
    """Something that goes on beside the questions."""

    async def run(self) -> None:
        """Runs until it is cancelled."""
        ...


class PushSource(Protocol):
    """A source that tells by itself."""

    async def last_push_at(self) -> float | None:
        """When it told something last (s since the epoch). May raise StoreError."""
        ...

    async def last_change_at(self) -> float | None:
        """Return when it pushed something last that is not hidden (s since the epoch). May raise StoreError."""
        ...

    async def wait_for_push(self, seconds: float) -> None:
        """Returns when it has told something, after ``seconds`` at the latest. May raise StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """What a wing is made of."""

    settings: Settings
    store: Store
    http: Callable[[], httpx.AsyncClient]
    clock: Clock


@dataclass(frozen=True, slots=True)
class SourceAdapter:
    """``source`` is its row, with the owner's own label and page; ``reauthorization`` is None where nothing ever
    ends; ``work`` is what goes on beside the questions.

    ``routes`` are its own, ``largest_body`` how many bytes of a request's body these limit themselves (None for other
    requests); ``pushed`` is set where the source tells by itself. ``wait_for_change`` is set if it holds a connection:
    it waits at most so many seconds for a change to be announced, and returns whether one was. ``load_artwork`` is set
    if artwork has private addresses: it returns the image at one; None if there is none now.
    """

    source: SourceInfo
    client: SourceClient
    reauthorization: Reauthorization | None = None
    background_tasks: Sequence[BackgroundTask] = ()
    routes: Sequence[BaseRoute] = ()
    max_body_bytes: Callable[[Scope], int | None] = lambda _: None
    push: PushSource | None = None
    wait_for_change: Callable[[float], Awaitable[bool]] | None = None
    load_artwork: Callable[[str], Awaitable[bytes | None]] | None = None
