"""Asks Last.fm: one request tells what plays, what played last and the list.

See https://www.last.fm/api/show/user.getRecentTracks
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from widget.clock import Clock
from widget.http_client import send
from widget.sources.base import FetchResult
from widget.sources.lastfm.account import LastfmAccount
from widget.sources.lastfm.payloads import read_recent_tracks

if TYPE_CHECKING:
    import httpx


def recent_tracks_query(account: LastfmAccount, limit: int) -> dict[str, str]:
    """The query of ``user.getRecentTracks``; the row of what plays comes in addition to ``limit``."""
    return {
        "method": "user.getRecentTracks",
        "user": account.user,
        "api_key": account.key,
        "format": "json",
        "limit": str(limit),
    }


class LastfmClient:
    """Asks through ``http`` for ``limit`` rows; each question is one request. Raises as the reading does."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], clock: Clock, limit: int) -> None:
        self._http = http
        self._clock = clock
        self._limit = limit

    async def now_playing(self, account: LastfmAccount) -> FetchResult:
        """What plays now, and what was played."""
        http = self._http()
        asked_at, begun = self._clock.now(), self._clock.monotonic()
        response = await send(
            http, http.build_request("GET", account.url, params=recent_tracks_query(account, self._limit)), "Last.fm"
        )
        observed_at = asked_at + (self._clock.monotonic() - begun)
        retry_after = response.headers.get("retry-after")
        return read_recent_tracks(response.status_code, response.content, retry_after, account.user, observed_at)

    async def recently_played(self, account: LastfmAccount) -> FetchResult:
        """The same question: it tells what was played too."""
        return await self.now_playing(account)
