"""Background tasks that go on when their caller is cancelled: their result must not be lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class ShieldedTasks:
    """The tasks of one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, Result], seconds: float | None = None) -> Result:
        """Await ``work``, which goes on after a cancellation. Raises TimeoutError after ``seconds``.

        The work goes on after that, too.
        """
        task = asyncio.create_task(work)
        # The event loop keeps weak references only: a task without another one may vanish in the middle.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(consume_exception)
        # Not wait_for: it would cancel the task, and with it a token on its way to the database.
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def drain(self, seconds: float) -> None:
        """Wait for all tasks, ``seconds`` at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


def consume_exception(task: asyncio.Future[Any]) -> None:
    """Retrieve the exception of ``task``, which asyncio would log when the caller is gone."""
    if not task.cancelled():
        task.exception()
