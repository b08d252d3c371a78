"""Spotify's accounts service: the authorize URL, and the two token requests (RFC 6749, RFC 7636).

See https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from widget import http_client as any_service
from widget.clock import Clock
from widget.http_client import TIMEOUT_SECONDS, json_object, retry_after_seconds
from widget.model.error_info import error_message
from widget.model.errors import (
    InvalidCredentials,
    InvalidGrant,
    NeedsAuthorization,
    QuotaExceeded,
    RateLimited,
    RefreshFailed,
    SpotifyUnreachable,
    Throttled,
)
from widget.model.tokens import AccessToken, Credentials

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
        return QuotaExceeded(error_message("quota_exceeded"), retry_after=seconds)
    return RateLimited(error_message("rate_limited"), retry_after=seconds)


SCOPES = ("user-read-currently-playing", "user-read-recently-played")
"""The two that are needed: what plays, and what played last."""

KNOWN_SCOPES = (
    "app-remote-control",
    "playlist-modify-private",
    "playlist-modify-public",
    "playlist-read-collaborative",
    "playlist-read-private",
    "streaming",
    "ugc-image-upload",
    "user-follow-modify",
    "user-follow-read",
    "user-library-modify",
    "user-library-read",
    "user-modify-playback-state",
    "user-personalized",
    "user-read-currently-playing",
    "user-read-email",
    "user-read-playback-position",
    "user-read-playback-state",
    "user-read-private",
    "user-read-recently-played",
    "user-top-read",
)
"""All that Spotify has: https://developer.spotify.com/documentation/web-api/concepts/scopes"""

_DEFAULT_EXPIRES_IN = 3600.0


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What a token request gave. ``refresh_token`` and ``scopes`` are None where Spotify sent none."""

    access: AccessToken
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None


def authorize_url(
    accounts_url: str, client_id: str, redirect_uri: str, scopes: Iterable[str], state: str, code_challenge: str
) -> str:
    """The address of Spotify's consent page (RFC 6749, section 4.1.1, with PKCE S256 of RFC 7636, section 4.3)."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "scope": " ".join(scopes),
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge_method": "S256",
        "code_challenge": code_challenge,
        "show_dialog": "true",
    }
    return f"{accounts_url}/authorize?{urlencode(query, quote_via=quote)}"


def token_request_form(credentials: Credentials, code: str, redirect_uri: str, code_verifier: str) -> dict[str, str]:
    """The form that turns a code into tokens (RFC 6749, section 4.1.3; RFC 7636, section 4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    return form if credentials.client_secret else {**form, "client_id": credentials.client_id}


def refresh_request_form(credentials: Credentials, refresh_token: str) -> dict[str, str]:
    """The form that refreshes (RFC 6749, section 6)."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return form if credentials.client_secret else {**form, "client_id": credentials.client_id}


def basic_auth_header(credentials: Credentials) -> dict[str, str]:
    """The client's own authentication (RFC 7617); none for a client without a secret."""
    if not credentials.client_secret:
        return {}
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def read_tokens(answer: Mapping[str, Any], now: float) -> TokenResponse:
    """The tokens in a 200 answer received at ``now`` (s since the epoch).

    Raises :class:`SpotifyUnreachable` where there is no access token in it. A refresh token that is missing, null,
    empty or none by RFC 6749, appendix A.17, is None: the stored one then stays.
    """
    access_token = _secret(answer.get("access_token"))
    if access_token is None:
        raise SpotifyUnreachable("Spotify's token answer cannot be read.")
    expires_in = answer.get("expires_in")
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or not 0 < expires_in < 1e7:
        expires_in = _DEFAULT_EXPIRES_IN
    scope = answer.get("scope")
    return TokenResponse(
        access=AccessToken(access_token, now + expires_in),
        refresh_token=_secret(answer.get("refresh_token")),
        scopes=tuple(filter(_is_plain, scope.split())) if isinstance(scope, str) else None,
    )


class AccountsApi:
    """The token endpoint, asked through ``http``."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], accounts_url: str, clock: Clock) -> None:
        self._http = http
        self._url = f"{accounts_url}/api/token"
        self._clock = clock

    async def exchange_code(
        self, credentials: Credentials, code: str, redirect_uri: str, code_verifier: str
    ) -> TokenResponse:
        """The tokens for ``code``. Raises :class:`CodeRefused` where Spotify refuses it, else as :meth:`refresh`."""
        form = token_request_form(credentials, code, redirect_uri, code_verifier)
        return await self._post(credentials, form, InvalidGrant("Spotify refused the authorization code."))

    async def refresh(self, credentials: Credentials, refresh_token: str) -> TokenResponse:
        """A new access token.

        Raises :class:`NeedsAuthorization` (``invalid_grant``), :class:`BadCredentials` (``invalid_client``),
        :class:`widget.model.errors.Throttled` (429) or :class:`RefreshUnanswered`.
        """
        form = refresh_request_form(credentials, refresh_token)
        refused = NeedsAuthorization(error_message("needs_authorization"))
        try:
            return await self._post(credentials, form, refused)
        except SpotifyUnreachable as error:
            raise RefreshFailed(str(error), retry_after=error.retry_after) from error

    async def _post(
        self, credentials: Credentials, form: dict[str, str], refused: NeedsAuthorization | InvalidGrant
    ) -> TokenResponse:
        request = self._http().build_request("POST", self._url, data=form, headers=basic_auth_header(credentials))
        response = await send(self._http(), request)
        if response.status_code == 200:
            return read_tokens(json_object(response), self._clock.now())
        if response.status_code == 429:
            raise throttled_error(response, self._clock.now())
        if response.status_code < 500:
            raise _refusal(json_object(response), refused)
        raise SpotifyUnreachable(f"Spotify's accounts service answered {response.status_code}.")


def _refusal(answer: Mapping[str, Any], refused: NeedsAuthorization | InvalidGrant) -> Exception:
    error = answer.get("error")
    if error == "invalid_grant":
        return refused
    description = answer.get("error_description")
    if error in ("invalid_client", "unauthorized_client") or description == "Invalid client secret":
        return InvalidCredentials(error_message("bad_credentials"))
    return SpotifyUnreachable("Spotify's accounts service refused the request.")


def _secret(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and _is_plain(value) else None


def _is_plain(text: str) -> bool:
    """Whether ``text`` can stand in a header and in every database (VSCHAR of RFC 6749, appendix A)."""
    return text.isascii() and text.isprintable()
