"""The interface of a source: its adapter and the parts of that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from widget.clock import Clock
from widget.config.settings import Settings
from widget.model.playback import Item, Playback, PlayedItem
from widget.model.snapshot import SourceProblem
from widget.model.sources import SourceInfo
from widget.model.tokens import AuthorizationStatus
from widget.store.base import Store

if TYPE_CHECKING:
    import httpx
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from widget.model.reauthorization import Reauthorization


MAX_FUTURE_SECONDS = 86_400.0
"""How far a player's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The playback and the history, newest first; None if the response did not contain it."""

    playback: Playback | None
    history: tuple[PlayedItem, ...] | None = None


def plausible_plays(plays: Iterable[tuple[Item | None, float | None]], now: float) -> tuple[PlayedItem, ...]:
    """Return the plays of a service, newest first; ``now`` is in s since the epoch.

    Rows without an item or a time are dropped, and those that a player with a wrong clock submitted.
    """
    latest = now + MAX_FUTURE_SECONDS
    complete = (PlayedItem(item, at) for item, at in plays if item is not None and at is not None and at <= latest)
    return tuple(sorted(complete, key=lambda play: play.played_at, reverse=True))


class SourceClient(Protocol):
    """Requests to a source.

    Each method may be called at any time: it raises without a request if that would be refused again.
    """

    async def currently_playing(self) -> Playback:
        """Return the current playback. Raises SourceError or StoreError."""
        ...

    async def recently_played(self) -> Sequence[PlayedItem]:
        """Return the plays, newest first. Raises SourceError or StoreError."""
        ...

    async def authorization_status(self) -> AuthorizationStatus:
        """Return the state of the authorization. May raise StoreError."""
        ...

    async def known_problem(self) -> SourceProblem | None:
        """Return why a request would be refused now; makes none. May raise StoreError."""
        ...

    async def calls_last_24h(self) -> Sequence[tuple[float, int]]:
        """Return the calls of the last 24 hours: (start of the minute, number), oldest first.

        May raise StoreError.
        """
        ...

    async def close(self) -> None:
        """Wait for requests whose result must not be lost, and close connections."""
        ...


class BackgroundTask(Protocol):
    """A task of the application's lifespan."""

    async def run(self) -> None:
        """Run until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class PushedState:
    """Everything that a source pushed, as of one moment; times in s since the epoch.

    ``current`` is the play that ``playback`` belongs to, ``history`` the plays that ended, newest first. ``changed_at``
    is the time of the last push of an item that is not hidden, ``pushed_at`` of the last push of any kind.
    """

    playback: Playback
    current: PlayedItem | None
    history: tuple[PlayedItem, ...]
    changed_at: float | None
    pushed_at: float | None


class PushSource(Protocol):
    """A source that pushes its playback."""

    async def pushed_state(self) -> PushedState:
        """Return the state that was pushed last. Raises SourceError or StoreError."""
        ...

    async def last_push_at(self) -> float | None:
        """Return when it pushed last (s since the epoch). May raise StoreError."""
        ...

    async def wait_for_push(self, seconds: float) -> None:
        """Return when it has pushed, after ``seconds`` at the latest. May raise StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """The parts that an adapter is made of."""

    settings: Settings
    store: Store
    http: Callable[[], httpx.AsyncClient]
    clock: Clock


@dataclass(frozen=True, slots=True)
class SourceAdapter:
    """A source, ready to run. ``source`` has the owner's label and page.

    ``background_tasks`` run as long as the application. ``routes`` are added to it; ``max_body_bytes`` returns their
    limit for a request's body, None for other requests. ``push`` is set if the source pushes. ``wait_for_change`` is
    set if it holds a connection: it waits at most that many seconds for a change, and returns whether one came.
    ``load_artwork`` is set if artwork has private addresses: it returns the image at one, None if there is none now.
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
