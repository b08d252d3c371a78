"""ListenBrainz as a source, the public service or a private server.

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
    """The user, the server's address (any path before ``/1``), and an optional token."""

    user: str
    url: str = PUBLIC_URL
    token: str | None = field(default=None, repr=False)

    @property
    def page(self) -> str | None:
        """The user's page; None at a private server, whose pages are unknown."""
        return f"https://listenbrainz.org/user/{quote(self.user, safe='')}/" if self.url == PUBLIC_URL else None


def account_from(values: Mapping[str, str]) -> ListenbrainzAccount | None:
    """Return the account in ``values``; None without a user."""
    user = values.get(USER)
    return None if not user else ListenbrainzAccount(user, values[URL], values.get(TOKEN))


def user_url(account: ListenbrainzAccount, resource: str) -> str:
    """Return the address of one of the user's resources."""
    return f"{account.url}/1/user/{quote(account.user, safe='')}/{resource}"


def auth_headers(account: ListenbrainzAccount) -> dict[str, str]:
    """Return the header for the token; no request needs it."""
    return {} if account.token is None else {"Authorization": f"Token {account.token}"}


class ListenbrainzClient:
    """The requests to ListenBrainz, for ``count`` listens. They raise SourceError."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], clock: Clock, count: int) -> None:
        self._http = http
        self._clock = clock
        self._count = count

    async def now_playing(self, account: ListenbrainzAccount) -> FetchResult:
        """Return the current playback."""
        sent_at, started = self._clock.now(), self._clock.monotonic()
        response = await self._get(account, "playing-now", {})
        return FetchResult(read_playing_now(response.content, sent_at + (self._clock.monotonic() - started)))

    async def recently_played(self, account: ListenbrainzAccount) -> FetchResult:
        """Return the plays, without the playback."""
        response = await self._get(account, "listens", {"count": str(self._count)})
        return FetchResult(None, read_listens(response.content, self._clock.now()))

    async def _get(self, account: ListenbrainzAccount, resource: str, query: dict[str, str]) -> httpx.Response:
        http = self._http()
        url, headers = user_url(account, resource), auth_headers(account)
        request = http.build_request("GET", url, params=query, headers=headers)
        response = await send(http, request, "ListenBrainz")
        # ListenBrainz sends this instead of Retry-After.
        reset_in, has_token = response.headers.get("x-ratelimit-reset-in"), account.token is not None
        raise_for_status(response.status_code, response.content, reset_in, self._clock.now(), has_token=has_token)
        return response


def create_adapter(context: AdapterContext) -> SourceAdapter:
    """Return the adapter."""
    client = ListenbrainzClient(context.http, context.clock, history_limit(context.settings))
    return create_polling_adapter(
        context, LISTENBRAINZ, client, account_from, error_message("not_configured", LISTENBRAINZ)
    )
