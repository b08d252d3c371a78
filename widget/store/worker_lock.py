"""Taking turns within one process, which nobody waits for without end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

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
