"""What the answers of both of Spotify's services have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from widget import http_client as any_service
from widget.http_client import TIMEOUT_SECONDS, json_object, retry_after_seconds
from widget.model.errors import QuotaExceeded, RateLimited, SpotifyUnreachable, Throttled

if TYPE_CHECKING:
    import httpx


async def send(http: httpx.AsyncClient, request: httpx.Request, seconds: float = TIMEOUT_SECONDS) -> httpx.Response:
    """Spotify's whole answer, given within ``seconds`` in all. Raises :class:`SpotifyUnreachable`."""
    return await any_service.send(http, request, "Spotify", SpotifyUnreachable, seconds)


def throttled_error(response: httpx.Response, now: float) -> Throttled:
    """What a 429 means: the rolling limit, or the developer account's quota, and for how long.

    See https://developer.spotify.com/documentation/web-api/concepts/rate-limits
    """
    seconds = retry_after_seconds(response.headers.get("retry-after"), now)
    error = json_object(response).get("error")
    if isinstance(error, dict) and error.get("reason") == "QUOTA_EXCEEDED":
        return QuotaExceeded("Spotify's quota for your developer account is spent.", retry_after=seconds)
    return RateLimited("Spotify asks us to wait.", retry_after=seconds)
