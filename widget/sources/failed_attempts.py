"""Slows down guessing of keys and tokens, and never keeps the right one out."""

from __future__ import annotations

from widget.clock import Clock

DELAY_SECONDS = 1.0
MAX_PENDING = 10


class FailedAttempts:
    """Delays the response to each wrong key; count one only after the right key was admitted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pending = 0

    async def delay(self) -> bool:
        """Wait before a wrong key is rejected; return False at once if ten are waiting already."""
        if self._pending >= MAX_PENDING:
            return False
        self._pending += 1
        try:
            await self._clock.sleep(DELAY_SECONDS)
        finally:
            self._pending -= 1
        return True
