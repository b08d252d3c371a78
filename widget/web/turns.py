"""Costly answers one after the other, so that many who ask for them at once keep nobody else waiting."""

from __future__ import annotations

import asyncio


class FairQueue:
    """:meth:`take` returns to one caller in each turn of the event loop, in the order in which they came; whatever is
    ready beside them runs in between."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def wait_turn(self) -> None:
        """Returns when it is the caller's turn; what it does until it next waits is that turn."""
        async with self._lock:
            await asyncio.sleep(0)
