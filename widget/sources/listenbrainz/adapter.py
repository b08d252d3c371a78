"""Asks ListenBrainz, the public one or one's own.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from widget.clock import Clock
from widget.http_client import send
from widget.sources.base import FetchResult
from widget.sources.listenbrainz.account import ListenbrainzAccount
from widget.sources.listenbrainz.payloads import raise_for_status, read_listens, read_playing_now

if TYPE_CHECKING:
    import httpx


def user_url(account: ListenbrainzAccount, what: str) -> str:
    """Where ``what`` of the user is told."""
    return f"{account.url}/1/user/{quote(account.user, safe='')}/{what}"


def auth_headers(account: ListenbrainzAccount) -> dict[str, str]:
    """The token, where one is set; nothing that we ask needs it."""
    return {} if account.token is None else {"Authorization": f"Token {account.token}"}


class ListenbrainzClient:
    """Asks through ``http``, for ``count`` listens; each method is one request. Raises as the reading does."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], clock: Clock, count: int) -> None:
        self._http = http
        self._clock = clock
        self._count = count

    async def now_playing(self, account: ListenbrainzAccount) -> FetchResult:
        """What plays now."""
        asked_at, begun = self._clock.now(), self._clock.monotonic()
        response = await self._get(account, "playing-now", {})
        return FetchResult(read_playing_now(response.content, asked_at + (self._clock.monotonic() - begun)))

    async def recently_played(self, account: ListenbrainzAccount) -> FetchResult:
        """What was played; what plays is not told with it."""
        response = await self._get(account, "listens", {"count": str(self._count)})
        return FetchResult(None, read_listens(response.content, self._clock.now()))

    async def _get(self, account: ListenbrainzAccount, what: str, query: dict[str, str]) -> httpx.Response:
        http = self._http()
        request = http.build_request("GET", user_url(account, what), params=query, headers=auth_headers(account))
        response = await send(http, request, "ListenBrainz")
        raise_for_status(response.status_code, response.headers.get("x-ratelimit-reset-in"), self._clock.now())
        return response
