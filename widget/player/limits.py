"""Waiting for the outside has a limit, whatever hangs there."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from widget.clock import Clock, within
from widget.errors import StoreError

STORE_SECONDS = 12.0
"""Longer than each of the store's own limits, which know more to say."""

QUESTION_SECONDS = 30.0
"""Longer than a question may take with a refresh before it; each part has a limit of its own."""

Result = TypeVar("Result")


class Limits:
    """Waits for the store and for the source, by ``clock``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def store(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the store gives. Raises :class:`StoreError` where it hangs, or what it raises."""
        try:
            return await within(self._clock, STORE_SECONDS, work)
        except TimeoutError as error:
            raise StoreError("the database does not answer in time") from error

    async def source(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What the source gives. Raises TimeoutError where it hangs, or what it raises."""
        return await within(self._clock, QUESTION_SECONDS, work)
