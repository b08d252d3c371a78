"""The Web API calls, and the errors behind their refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from widget.clock import Clock
from widget.http_client import json_object
from widget.model.errors import AccessTokenRefused, Forbidden, ScopeMissing, SourceError, SpotifyUnreachable
from widget.model.playback import Playback, PlayedItem
from widget.model.tokens import AccessToken, Account
from widget.sources.spotify.accounts_api import send, throttled_error
from widget.sources.spotify.payloads import read_account, read_currently_playing, read_recently_played

if TYPE_CHECKING:
    import httpx

# More than the 10 that RECENT can list, since hidden items are dropped before counting.
RECENTLY_PLAYED_LIMIT = 20


class WebApi:
    """The requests to the Web API; each method makes one.

    All raise :class:`AccessTokenRefused` (401), :class:`Forbidden` or :class:`ScopeMissing` (403),
    :class:`widget.model.errors.Throttled` (429), and :class:`SpotifyUnreachable` for any other failure.
    """

    def __init__(
        self,
        http: Callable[[], httpx.AsyncClient],
        api_url: str,
        clock: Clock,
        reauthorize: str = "Run python -m bootstrap again.",
    ) -> None:
        self._http = http
        self._url = api_url
        self._clock = clock
        self._reauthorize = reauthorize

    async def currently_playing(self, access: AccessToken) -> Playback:
        """Return the current playback."""
        sent_at, started = self._clock.now(), self._clock.monotonic()
        # Without additional_types an episode arrives as a null item.
        response = await self._get(access, "/me/player/currently-playing", {"additional_types": "track,episode"})
        round_trip = self._clock.monotonic() - started
        if response.status_code == 400:
            # For some local files Spotify responds with "invalid id": an unknown item plays.
            return Playback("idle", sent_at + round_trip, is_authoritative=False)
        self._raise_for_status(response)
        # Spotify reads the progress somewhere between request and response; half way errs least.
        return read_currently_playing(response.content, sent_at + round_trip / 2)

    async def recently_played(self, access: AccessToken) -> tuple[PlayedItem, ...]:
        """Return the plays, newest first."""
        query = {"limit": str(RECENTLY_PLAYED_LIMIT)}
        response = await self._get(access, "/me/player/recently-played", query)
        self._raise_for_status(response)
        return read_recently_played(response.content)

    async def me(self, access: AccessToken) -> Account:
        """Return the account of the token."""
        response = await self._get(access, "/me", {})
        self._raise_for_status(response)
        return read_account(response.content)

    async def _get(self, access: AccessToken, path: str, query: dict[str, str]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {access.value}"}
        return await send(
            self._http(), self._http().build_request("GET", self._url + path, params=query, headers=headers)
        )

    def _raise_for_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        if status == 429:
            raise throttled_error(response, self._clock.now())
        if status in (401, 403):
            raise self._refusal(status, response)
        raise SpotifyUnreachable(f"Spotify responded with status {status}.")

    def _refusal(self, status: int, response: httpx.Response) -> SourceError:
        message = _message(response).lower()
        # Sent with 401 as well as 403, so it is checked before the status: a refresh would not help.
        if "scope" in message or "permissions missing" in message:
            return ScopeMissing(f"The authorization lacks a scope. {self._reauthorize} Agree to all scopes.")
        if status == 401:
            return AccessTokenRefused("Spotify refused a fresh access token.")
        if "premium" in message:
            return Forbidden(
                "Spotify refuses: the owner of the Spotify app needs an active Premium subscription "
                "(after subscribing it can take a few hours)."
            )
        return Forbidden(
            "Spotify refuses this account: add it to the app's users (Dashboard, User Management); "
            "the owner of the app needs Premium."
        )


def _message(response: httpx.Response) -> str:
    error = json_object(response).get("error")
    if isinstance(error, dict):
        return str(error.get("message", ""))
    # Refusals of the app's mode come as plain text.
    return response.text[:500]
