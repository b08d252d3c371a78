"""The one HTTP client: its name, its time-outs, and what every answer of Spotify's has in common."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from widget.errors import QuotaExceeded, RateLimited, SpotifyUnreachable, Throttled

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 10.0
UNREADABLE_RETRY_AFTER_SECONDS = 60.0
LONGEST_RETRY_AFTER_SECONDS = 7 * 86_400.0
_DISTRIBUTION = "now-playing-backend"


@lru_cache(maxsize=1)
def user_agent() -> str:
    """What we call ourselves towards Spotify: the program and its version."""
    try:
        return f"{_DISTRIBUTION}/{version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return f"{_DISTRIBUTION}/0"


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client that every request leaves by; ``transport`` replaces the network."""
    import httpx

    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIMEOUT_SECONDS),
        headers={"User-Agent": user_agent(), "Accept": "application/json"},
        follow_redirects=False,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=30.0),
    )


class LateClient:
    """The one client, made at the first use: that takes time, which the start of the program has not."""

    def __init__(self, given: httpx.AsyncClient | None = None) -> None:
        self._given = given
        self._made: httpx.AsyncClient | None = None

    def __call__(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        if self._made is None:
            self._made = http_client()
        return self._made

    async def close(self) -> None:
        """Closes what was made here; a given client is the giver's."""
        if self._made is not None:
            await self._made.aclose()


async def send(http: httpx.AsyncClient, request: httpx.Request, seconds: float = TIMEOUT_SECONDS) -> httpx.Response:
    """Spotify's whole answer, given within ``seconds`` in all. Raises :class:`SpotifyUnreachable`."""
    import httpx

    request.headers["User-Agent"] = user_agent()
    try:
        async with asyncio.timeout(seconds):
            return await http.send(request)
    except (httpx.TimeoutException, TimeoutError) as error:
        raise SpotifyUnreachable("Spotify did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SpotifyUnreachable(f"Spotify cannot be reached ({type(error).__name__}).") from error


def throttled(response: httpx.Response, now: float) -> Throttled:
    """What a 429 means: the rolling limit, or the developer account's quota, and for how long.

    See https://developer.spotify.com/documentation/web-api/concepts/rate-limits
    """
    seconds = retry_after_seconds(response.headers.get("retry-after"), now)
    error = json_object(response).get("error")
    if isinstance(error, dict) and error.get("reason") == "QUOTA_EXCEEDED":
        return QuotaExceeded("Spotify's quota for your developer account is spent.", retry_after=seconds)
    return RateLimited("Spotify asks us to wait.", retry_after=seconds)


def retry_after_seconds(value: str | None, now: float) -> float:
    """The seconds that a ``Retry-After`` header asks for (RFC 9110, section 10.2.3); a minute where unreadable."""
    seconds = _delay(value or "", now)
    if seconds is None:
        return UNREADABLE_RETRY_AFTER_SECONDS
    return min(max(1.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _delay(value: str, now: float) -> float | None:
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - datetime.fromtimestamp(now, UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in the body; empty where there is none."""
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
