"""Looks after the token while nobody watches, so that a dead one is noticed before somebody wants to."""

from __future__ import annotations

import logging

from widget.clock import Clock
from widget.model.errors import SourceError, StoreError
from widget.model.tokens import SECONDS_PER_DAY
from widget.sources.spotify.token_manager import Access

EVERY_SECONDS = 1800.0

log = logging.getLogger(__name__)


class Caretaker:
    """Sees to it that the token is refreshed once a day, by whichever instance comes first."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._said: str | None = None

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            await self._clock.sleep(EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """One look; refreshes where that is due. What fails is tried again at the next."""
        try:
            await self._access.look_after(SECONDS_PER_DAY - EVERY_SECONDS)
        except StoreError:
            return  # The store itself says why.
        except SourceError as error:
            self._say(error.code, str(error))
        except Exception as error:
            # Nothing about the token's care may stop the program; the text may hold anything.
            self._say("internal_error", type(error).__name__)
        else:
            self._said = None

    def _say(self, code: str, told: str) -> None:
        if code != self._said:
            self._said = code
            log.warning("the token's daily refresh waits: %s: %s", code, told)
