"""At most one log line a minute while the database fails, and one when it works again."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from widget.model.errors import StoreError

LOG_INTERVAL_SECONDS = 60.0

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class OutageLog:
    """Logs ``recovered`` when it works again. Only the log names the database and the reason."""

    def __init__(self, recovered: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._recovered = recovered
        self._monotonic = monotonic
        self._logged_at: float | None = None
        self._is_out = False

    async def watch(self, operation: Awaitable[Result]) -> Result:
        """Await ``operation`` and record whether the database worked."""
        try:
            result = await operation
        except StoreError as error:
            self.record_failure(error)
            raise
        self.record_success()
        return result

    def record_failure(self, error: StoreError) -> None:
        now = self._monotonic()
        # A hanging database fails several times a second.
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL_SECONDS:
            self._logged_at, self._is_out = now, True
            log.warning("%s", error)

    def record_success(self) -> None:
        if self._is_out:
            self._is_out = False
            log.info("%s", self._recovered)
