"""Work that goes on where the one who waits for it is cancelled, because its end must not be lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class ShieldedTasks:
    """What is under way for one owner."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, Result], seconds: float | None = None) -> Result:
        """What ``work`` gives or raises. TimeoutError where that takes over ``seconds``; it goes on even then."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(consume_exception)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise TimeoutError
        return task.result()

    async def drain(self, seconds: float) -> None:
        """Returns when nothing is under way any more, after ``seconds`` at the latest."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)


def consume_exception(task: asyncio.Future[Any]) -> None:
    """Looks at what ``task`` raised; else asyncio complains of it, where the one who waited is gone."""
    if not task.cancelled():
        task.exception()
