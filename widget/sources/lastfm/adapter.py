"""Last.fm as a source: one request returns the current track and the plays.

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
    """The user, the API key, and the address of the API, which is used as it is."""

    user: str
    key: str = field(repr=False)
    url: str

    @property
    def page(self) -> str:
        """The user's page at Last.fm."""
        return f"https://www.last.fm/user/{quote(self.user, safe='')}"


def account_from(values: Mapping[str, str]) -> LastfmAccount | None:
    """Return the account in ``values``; None without a user or a key."""
    if not values.get(USER) or not values.get(KEY):
        return None
    return LastfmAccount(values[USER], values[KEY], values[URL])


def recent_tracks_query(account: LastfmAccount, limit: int) -> dict[str, str]:
    """Return the query of ``user.getRecentTracks`` for ``limit`` plays and the current track."""
    return {
        "method": "user.getRecentTracks",
        "user": account.user,
        "api_key": account.key,
        "format": "json",
        "limit": str(limit),
    }


class LastfmClient:
    """The requests to Last.fm, for ``limit`` rows. They raise SourceError."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], clock: Clock, limit: int) -> None:
        self._http = http
        self._clock = clock
        self._limit = limit

    async def now_playing(self, account: LastfmAccount) -> FetchResult:
        """Return the current playback and the plays."""
        http = self._http()
        sent_at, started = self._clock.now(), self._clock.monotonic()
        query = recent_tracks_query(account, self._limit)
        response = await send(http, http.build_request("GET", account.url, params=query), "Last.fm")
        observed_at = sent_at + (self._clock.monotonic() - started)
        retry_after = response.headers.get("retry-after")
        return read_recent_tracks(response.status_code, response.content, retry_after, account.user, observed_at)

    async def recently_played(self, account: LastfmAccount) -> FetchResult:
        """Return the same as :meth:`now_playing`, which includes the plays."""
        return await self.now_playing(account)


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter."""
    client = LastfmClient(context.http, context.clock, history_limit(context.settings))
    return create_polling_adapter(context, LASTFM, client, account_from, error_message("not_configured", LASTFM))
