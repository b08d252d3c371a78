"""A thread that does one job after the other, so that what blocks never blocks the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from widget.model.errors import StoreError


@asynccontextmanager
async def acquire_within(lock: asyncio.Lock, seconds: float, too_late: Callable[[], StoreError]) -> AsyncIterator[None]:
    """While the context lasts it is ours. Raises what ``too_late`` makes where it is not had within ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await lock.acquire()
    except TimeoutError as error:
        raise too_late() from error
    try:
        yield
    finally:
        lock.release()


Result = TypeVar("Result")


class Worker(threading.Thread):
    """Jobs run in the order in which they came. It never keeps the process from ending.

    A job that began runs to its end, whether its caller waits or not; so nobody's cancellation can tear it apart.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._under_way = 0
        self._loop = asyncio.get_running_loop()

    def is_busy_for(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether somebody on ``loop`` still waits for a job."""
        return self._loop is loop and self._under_way > 0

    async def run_job(self, job: Callable[[], Result], seconds: float) -> Result:
        """What ``job`` returns or raises. TimeoutError after ``seconds``; what has not begun by then never will."""
        future: asyncio.Future[Result] = self._loop.create_future()
        self._under_way += 1
        self._jobs.put(lambda: self._perform(job, future))
        await asyncio.wait({future}, timeout=seconds)
        if not future.done():
            future.cancel()
            raise TimeoutError
        return future.result()

    def stop(self, last: Callable[[], None]) -> None:
        """Ends the thread after the job that it is at, and after ``last``, however late that is."""
        self._jobs.put(last)
        self._jobs.put(None)

    def run(self) -> None:
        while (perform := self._jobs.get()) is not None:
            perform()

    def _perform(self, job: Callable[[], Result], future: asyncio.Future[Result]) -> None:
        outcome: Callable[[], None] | None = None
        if not future.cancelled():
            try:
                outcome = partial(future.set_result, job())
            except BaseException as error:
                outcome = partial(_fail, future, error)
        try:
            self._loop.call_soon_threadsafe(self._deliver, future, outcome)
        except RuntimeError:
            return  # The loop is closed; nobody waits any more.

    def _deliver(self, future: asyncio.Future[Any], outcome: Callable[[], None] | None) -> None:
        self._under_way -= 1
        if outcome is not None and not future.done():
            outcome()


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    future.set_exception(error)
    future.exception()  # Looked at here, where the caller may be gone.
