"""Time limits on the store and on the source: whatever hangs, the poller goes on."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from widget.clock import Clock, wait_for
from widget.model.errors import StoreError

STORE_TIMEOUT_SECONDS = 12.0
"""Longer than the store's own limits, whose errors say more."""

SOURCE_TIMEOUT_SECONDS = 30.0
"""Longer than a request with a refresh before it; each part has its own limit."""

Result = TypeVar("Result")


class Timeouts:
    """Awaits the store and the source, by ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def store(self, operation: Coroutine[Any, Any, Result]) -> Result:
        """Await ``operation`` of the store. Raises StoreError if it hangs."""
        try:
            return await wait_for(self._clock, STORE_TIMEOUT_SECONDS, operation)
        except TimeoutError as error:
            raise StoreError("the database does not respond in time") from error

    async def source(self, request: Coroutine[Any, Any, Result]) -> Result:
        """Await ``request`` to the source. Raises TimeoutError if it hangs."""
        return await wait_for(self._clock, SOURCE_TIMEOUT_SECONDS, request)
