"""A clock that stands still until a test advances it."""

import asyncio
import heapq
import itertools
import threading
import time
from typing import Any

from widget.store.worker import Worker

QUIET_TURNS = 3
BLIND_TURNS = 20
"""For loops other than asyncio's, which hide the ready tasks so that every turn looks quiet."""

MOST_TURNS = 200
LOOK_AGAIN_SECONDS = 0.00002
LONGEST_JOB_SECONDS = 5.0


class FakeClock:
    """A :class:`widget.clock.Clock`; ``advance`` wakes the sleepers in their order."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self._now = now
        self._monotonic = 1_000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + max(0.0, seconds), next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Advance both times by ``seconds`` and let every task run until it sleeps or waits again."""
        await settle()
        end = self._monotonic + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, woken = heapq.heappop(self._sleepers)
            self._move_to(at)
            if not woken.done():
                woken.set_result(None)
                await settle()
        self._move_to(end)
        await settle()

    async def sleep_through(self, seconds: float) -> None:
        """Advance both times as if the machine slept: tasks that were due wake once, at the end."""
        await settle()
        self._move_to(self._monotonic + seconds)
        await self.advance(0.0)

    def jump(self, seconds: float) -> None:
        """Change the wall clock, as an owner or NTP does; ``monotonic`` stays."""
        self._now += seconds

    def _move_to(self, monotonic: float) -> None:
        if monotonic > self._monotonic:
            self._now += monotonic - self._monotonic
            self._monotonic = monotonic


async def settle() -> None:
    """Let every task run until it waits for something outside; the store's own thread is not outside."""
    loop: Any = asyncio.get_running_loop()
    enough = QUIET_TURNS if hasattr(loop, "_ready") else BLIND_TURNS
    turns, quiet, begun = 0, 0, time.monotonic()
    while quiet < enough and turns < MOST_TURNS:
        await asyncio.sleep(0)
        turns += 1
        if getattr(loop, "_ready", ()):
            quiet = 0
            continue
        quiet += 1
        if store_is_busy() and time.monotonic() - begun < LONGEST_JOB_SECONDS:
            time.sleep(LOOK_AGAIN_SECONDS)  # noqa: ASYNC251 - only the store's thread has anything to do.
            turns = quiet = 0


def store_is_busy() -> bool:
    """Return whether a task of this loop waits for the thread of a store."""
    loop = asyncio.get_running_loop()
    return any(isinstance(thread, Worker) and thread.is_busy_for(loop) for thread in threading.enumerate())
