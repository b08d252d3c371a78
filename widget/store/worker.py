"""A thread that runs one job after the other, for calls that would block the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from widget.model.errors import StoreError

Result = TypeVar("Result")


class Worker(threading.Thread):
    """Runs jobs in order. A job that began runs to its end, even if its caller is cancelled.

    As a daemon thread it never keeps the process from ending.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        # Not an executor: its threads are joined when the interpreter ends, and one may hang in SQLite.
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._pending = 0
        self._loop = asyncio.get_running_loop()

    def is_busy_for(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether a caller on ``loop`` is waiting for a job."""
        return self._loop is loop and self._pending > 0

    async def run_job(self, job: Callable[[], Result], seconds: float) -> Result:
        """Return or raise the outcome of ``job``. Raises TimeoutError after ``seconds``.

        A job that has not started by then never starts.
        """
        future: asyncio.Future[Result] = self._loop.create_future()
        self._pending += 1
        self._jobs.put(lambda: self._perform(job, future))
        # A cancelled caller leaves the future alone, so the job still runs.
        await asyncio.wait({future}, timeout=seconds)
        if not future.done():
            future.cancel()
            raise TimeoutError
        return future.result()

    def stop(self, last_job: Callable[[], None]) -> None:
        """End the thread after the jobs in the queue and ``last_job``, however late that is."""
        self._jobs.put(last_job)
        self._jobs.put(None)

    def run(self) -> None:
        while (perform := self._jobs.get()) is not None:
            perform()

    def _perform(self, job: Callable[[], Result], future: asyncio.Future[Result]) -> None:
        deliver: Callable[[], None] | None = None
        if not future.cancelled():
            try:
                deliver = partial(future.set_result, job())
            # Whatever it is belongs to the caller; the thread has to go on.
            except BaseException as error:
                deliver = partial(_set_exception, future, error)
        try:
            self._loop.call_soon_threadsafe(self._finish, future, deliver)
        except RuntimeError:
            return  # The loop is closed; no caller is left.

    def _finish(self, future: asyncio.Future[Any], deliver: Callable[[], None] | None) -> None:
        self._pending -= 1
        if deliver is not None and not future.done():
            deliver()


@asynccontextmanager
async def acquire_within(
    lock: asyncio.Lock, seconds: float, timeout_error: Callable[[], StoreError]
) -> AsyncIterator[None]:
    """Hold ``lock`` while the context lasts.

    Raises ``timeout_error()`` if it is not free within ``seconds``.
    """
    try:
        async with asyncio.timeout(seconds):
            await lock.acquire()
    except TimeoutError as error:
        raise timeout_error() from error
    try:
        yield
    finally:
        lock.release()


def _set_exception(future: asyncio.Future[Any], error: BaseException) -> None:
    future.set_exception(error)
    future.exception()  # Marked as retrieved, for the caller may be gone.
