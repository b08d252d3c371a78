"""Refreshes the token daily, even without viewers, so that a revoked one is noticed."""

from __future__ import annotations

import logging

from widget.clock import Clock
from widget.model.errors import SourceError, StoreError
from widget.model.tokens import SECONDS_PER_DAY
from widget.sources.spotify.token_manager import TokenManager

# Short, so that a laptop's sleep or a failed refresh delays the daily one by half an hour only.
CHECK_INTERVAL_SECONDS = 1800.0

log = logging.getLogger(__name__)


class DailyRefresh:
    """Refreshes the token once a day, in whichever instance comes first."""

    def __init__(self, token_manager: TokenManager, clock: Clock) -> None:
        self._token_manager = token_manager
        self._clock = clock
        self._logged: str | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await self._clock.sleep(CHECK_INTERVAL_SECONDS)
            await self.run_once()

    async def run_once(self) -> None:
        """Refresh if that is due; a failure is retried the next time."""
        try:
            # One interval early, so that the days do not drift.
            await self._token_manager.refresh_if_older_than(SECONDS_PER_DAY - CHECK_INTERVAL_SECONDS)
        except StoreError:
            return  # The store logs why.
        except SourceError as error:
            self._log(error.code, str(error))
        except Exception as error:
            # The refresh must never stop the program; the text may contain a secret.
            self._log("internal_error", type(error).__name__)
        else:
            self._logged = None

    def _log(self, code: str, text: str) -> None:
        if code != self._logged:
            self._logged = code
            log.warning("the daily token refresh failed: %s: %s", code, text)
