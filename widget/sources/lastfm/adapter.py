"""Asks Last.fm: one request tells what plays, what played last and the list.

See https://www.last.fm/api/show/user.getRecentTracks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from widget.clock import Clock
from widget.http_client import send
from widget.model.error_info import error_message
from widget.model.sources import LASTFM
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.lastfm.payloads import read_recent_tracks
from widget.sources.polling_adapter import create_polling_adapter, history_limit

if TYPE_CHECKING:
    import httpx

USER, KEY, URL = "LASTFM_USER", "LASTFM_API_KEY", "LASTFM_API_URL"


@dataclass(frozen=True, slots=True)
class LastfmAccount:
    """The user, the API key, and the address of the API, taken as it stands."""

    user: str
    key: str = field(repr=False)
    url: str

    @property
    def page(self) -> str:
        """The user's page."""
        return f"https://www.last.fm/user/{quote(self.user, safe='')}"


def account_from(values: Mapping[str, str]) -> LastfmAccount | None:
    """The account that the variables in ``values`` name; None without a user or a key."""
    if not values.get(USER) or not values.get(KEY):
        return None
    return LastfmAccount(values[USER], values[KEY], values[URL])


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


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing: one question tells what plays and what was played."""
    client = LastfmClient(parts.http, parts.clock, history_limit(parts.settings))
    return create_polling_adapter(parts, LASTFM, client, account_from, error_message("not_configured", LASTFM))
