"""The clock that the program asks for the time, so that tests can replace it."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from widget.background import consume_exception

Result = TypeVar("Result")


class Clock(Protocol):
    def now(self) -> float:
        """Return seconds since the Unix epoch; jumps when the machine's clock is set."""
        ...

    def monotonic(self) -> float:
        """Return seconds since a fixed time, without jumps, for intervals and deadlines."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def wait_for(clock: Clock, seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Await ``work``, as asyncio.wait_for does, but by ``clock``.

    Late work is cancelled and not awaited: work that hangs may ignore that too.
    """
    # The timeout is a sleep on our clock, so that a test's advance fires it.
    task, alarm = asyncio.ensure_future(work), asyncio.ensure_future(clock.sleep(seconds))
    task.add_done_callback(consume_exception)
    try:
        await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise TimeoutError
    finally:
        task.cancel()
        alarm.cancel()


def to_utc(timestamp: float) -> datetime:
    """Return the aware UTC datetime of ``timestamp`` (s since the epoch)."""
    return datetime.fromtimestamp(timestamp, UTC)


def format_rfc3339_ms(timestamp: float) -> str:
    """Return ``timestamp`` (s since the epoch) as RFC 3339: ``2026-11-25T10:00:00.000Z``."""
    return to_utc(timestamp).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_rfc3339(timestamp: float) -> str:
    """Return ``timestamp`` (s since the epoch) in RFC 3339, such as ``2026-11-25T10:00:00Z``."""
    # Cut, not rounded: a rounded time may lie in the future.
    return to_utc(int(timestamp)).isoformat(timespec="seconds").replace("+00:00", "Z")
