"""Asks ListenBrainz, the public one or one's own.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from widget.clock import Clock
from widget.http_client import send
from widget.model.error_info import error_message
from widget.model.sources import LISTENBRAINZ
from widget.sources.base import AdapterContext, FetchResult, SourceAdapter
from widget.sources.listenbrainz.payloads import raise_for_status, read_listens, read_playing_now
from widget.sources.polling_adapter import create_polling_adapter, history_limit

if TYPE_CHECKING:
    import httpx

USER, URL, TOKEN = "LISTENBRAINZ_USER", "LISTENBRAINZ_URL", "LISTENBRAINZ_TOKEN"
PUBLIC_URL = "https://api.listenbrainz.org"


@dataclass(frozen=True, slots=True)
class ListenbrainzAccount:
    """The user, the address of the server (any path before ``/1``), and the token, which is sent only where set."""

    user: str
    url: str = PUBLIC_URL
    token: str | None = field(default=None, repr=False)

    @property
    def page(self) -> str | None:
        """The user's page; None at a server of one's own, whose pages we do not know."""
        return f"https://listenbrainz.org/user/{quote(self.user, safe='')}/" if self.url == PUBLIC_URL else None


def account_from(values: Mapping[str, str]) -> ListenbrainzAccount | None:
    """The account that the variables in ``values`` name; None without a user."""
    user = values.get(USER)
    return None if not user else ListenbrainzAccount(user, values[URL], values.get(TOKEN))


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


def create_adapter(parts: AdapterContext) -> SourceAdapter:
    """The wing: what plays and what was played are two questions."""
    client = ListenbrainzClient(parts.http, parts.clock, history_limit(parts.settings))
    return create_polling_adapter(
        parts, LISTENBRAINZ, client, account_from, error_message("not_configured", LISTENBRAINZ)
    )
