"""Says in the log that the database cannot be used, and when it can again: never more than a line a minute."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from widget.model.errors import StoreError

LOG_INTERVAL_SECONDS = 60.0

Heard = TypeVar("Heard")

log = logging.getLogger(__name__)


class OutageLog:
    """``again`` is what is said once it works again. Only here does the log learn which database it is, and why."""

    def __init__(self, again: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._again = again
        self._monotonic = monotonic
        self._said_at: float | None = None
        self._told = False

    async def watch(self, asking: Awaitable[Heard]) -> Heard:
        """What ``asking`` gives; where it raises StoreError that :meth:`failed`, else it :meth:`worked`."""
        try:
            heard = await asking
        except StoreError as error:
            self.record_failure(error)
            raise
        self.record_success()
        return heard

    def record_failure(self, error: StoreError) -> None:
        """``error`` was met."""
        now = self._monotonic()
        if self._said_at is None or now - self._said_at >= LOG_INTERVAL_SECONDS:
            self._said_at, self._told = now, True
            log.warning("%s", error)

    def record_success(self) -> None:
        """It worked."""
        if self._told:
            self._told = False
            log.info("%s", self._again)
