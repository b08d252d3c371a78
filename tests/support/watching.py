"""Instances on one fake clock: a poller each, its source, and the store that they share."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import Answer, ScriptedSource, SharedState
from tests.support.web_harness import item
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.playback import Item, Playback
from widget.model.sources import SPOTIFY, SourceInfo
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.poller import Poller

SONG = item(duration_ms=200_000)


@contextmanager
def open_stream(broadcaster: Broadcaster) -> Iterator[None]:
    """Count as a viewer of ``broadcaster`` while the context lasts."""
    broadcaster.add_stream()
    try:
        yield
    finally:
        broadcaster.remove_stream()


class Instance:
    """A poller on ``clock`` with a ``client`` of its own, sharing ``shared`` with others."""

    def __init__(
        self,
        client: ScriptedSource,
        shared: SharedState,
        clock: FakeClock,
        hide_list: HideList = EMPTY_HIDE_LIST,
        source: SourceInfo = SPOTIFY,
        max_recent: int = 0,
    ) -> None:
        self.client = client
        self.clock = clock
        self.broadcaster = Broadcaster(clock, source, max_recent)
        self.poller = Poller(
            client,
            shared.store(clock),
            self.broadcaster,
            clock,
            calls_per_day=100_000,
            hide_list=hide_list,
            source=source,
            max_recent=max_recent,
        )

    async def watch(self, seconds: float) -> None:
        """Let a viewer look every half minute."""
        passed = 0.0
        while passed < seconds:
            self.broadcaster.touch()
            step = min(30.0, seconds - passed)
            await self.clock.advance(step)
            passed += step

    def problem(self) -> str | None:
        """Return the code of the poller's problem."""
        problem = self.poller.problem
        return None if problem is None else problem.code

    @property
    def status(self) -> str:
        return self.broadcaster.current.status

    @property
    def title(self) -> str | None:
        current = self.broadcaster.current.item
        return None if current is None else current.title


@asynccontextmanager
async def running(*instances: Instance) -> AsyncIterator[None]:
    """Run the pollers and broadcasters of ``instances`` while the context lasts."""
    tasks = [
        asyncio.create_task(task.run()) for instance in instances for task in (instance.broadcaster, instance.poller)
    ]
    await settle()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await settle()
        if not all(task.done() for task in tasks):
            await instances[0].clock.advance(1.5)  # The time limit on an operation that hangs.
        for task in tasks:
            assert task.done()
            with suppress(asyncio.CancelledError):
                task.result()


def plays(clock: FakeClock, playing_item: Item = SONG, progress_ms: int = 0) -> Playback:
    """Return the response that ``playing_item`` plays now."""
    return Playback("playing", clock.now(), playing_item, progress_ms)


def single_instance(*answers: Answer, clock: FakeClock, **options: object) -> Instance:
    """Return an instance that shares its store with no other."""
    return Instance(ScriptedSource(*answers, **options), SharedState(), clock)  # type: ignore[arg-type]
