"""Looks after the token while nobody watches, so that a dead one is noticed before somebody wants to."""

from __future__ import annotations

import logging

from widget.clock import Clock
from widget.model.errors import SourceError, StoreError
from widget.model.tokens import SECONDS_PER_DAY
from widget.sources.spotify.token_manager import TokenManager

CHECK_INTERVAL_SECONDS = 1800.0

log = logging.getLogger(__name__)


class DailyRefresh:
    """Sees to it that the token is refreshed once a day, by whichever instance comes first."""

    def __init__(self, access: TokenManager, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._said: str | None = None

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            await self._clock.sleep(CHECK_INTERVAL_SECONDS)
            await self.run_once()

    async def run_once(self) -> None:
        """One look; refreshes where that is due. What fails is tried again at the next."""
        try:
            await self._access.refresh_if_older_than(SECONDS_PER_DAY - CHECK_INTERVAL_SECONDS)
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
