"""Instances of the player on one clock: a watcher each, its source, and the store that they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tests.support.fake_clock import FakeClock, settle
from tests.support.scripted_source import Answer, Notice, ScriptedSource
from tests.support.showing import item
from widget.model.hide_list import EMPTY_HIDE_LIST, HideList
from widget.model.playback import Item, Playback
from widget.model.sources import SPOTIFY, SourceInfo
from widget.now_playing.broadcaster import Broadcaster
from widget.now_playing.poller import Poller

SONG = item(duration_ms=200_000)


class Stage:
    """One instance: a watcher on ``clock`` with a ``source`` of its own, sharing ``notice`` with others."""

    def __init__(
        self,
        source: ScriptedSource,
        notice: Notice,
        clock: FakeClock,
        hiding: HideList = EMPTY_HIDE_LIST,
        row: SourceInfo = SPOTIFY,
        recent: int = 0,
    ) -> None:
        self.source = source
        self.clock = clock
        self.broadcast = Broadcaster(clock)
        self.watcher = Poller(
            source,
            notice.seat(clock),
            self.broadcast,
            clock,
            calls_per_day=100_000,
            hiding=hiding,
            row=row,
            recent=recent,
        )

    async def watched_for(self, seconds: float) -> None:
        """Somebody looks every half minute."""
        passed = 0.0
        while passed < seconds:
            self.broadcast.touch()
            step = min(30.0, seconds - passed)
            await self.clock.advance(step)
            passed += step

    def problem(self) -> str | None:
        """The code of why the last question was not answered."""
        problem = self.watcher.problem
        return None if problem is None else problem.code

    @property
    def status(self) -> str:
        return self.broadcast.current.status

    @property
    def title(self) -> str | None:
        shown = self.broadcast.current.item
        return None if shown is None else shown.title


@asynccontextmanager
async def running(*stages: Stage) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work.run()) for stage in stages for work in (stage.broadcast, stage.watcher)]
    await settle()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await settle()
        if not all(task.done() for task in tasks):
            await stages[0].clock.advance(1.5)  # For what hangs there is a limit, at the end too.
        for task in tasks:
            assert task.done()
            with suppress(asyncio.CancelledError):
                task.result()


def plays(clock: FakeClock, what: Item = SONG, progress_ms: int = 0) -> Playback:
    return Playback("playing", clock.now(), what, progress_ms)


def one(*answers: Answer, clock: FakeClock, **more: object) -> Stage:
    return Stage(ScriptedSource(*answers, **more), Notice(), clock)  # type: ignore[arg-type]
