"""Spotify's accounts service: authorize URL and token requests (RFC 6749, RFC 7636).

See https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from widget import http_client
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
    """Return Spotify's whole response within ``seconds``. Raises :class:`SpotifyUnreachable`."""
    return await http_client.send(http, request, "Spotify", SpotifyUnreachable, seconds)


def throttled_error(response: httpx.Response, now: float) -> Throttled:
    """Return the error of a 429: the rolling limit, or the developer account's quota.

    See https://developer.spotify.com/documentation/web-api/concepts/rate-limits
    """
    seconds = retry_after_seconds(response.headers.get("retry-after"), now)
    error = json_object(response).get("error")
    # Since July 2026; counted per developer, over all of their apps in development mode.
    if isinstance(error, dict) and error.get("reason") == "QUOTA_EXCEEDED":
        return QuotaExceeded(error_message("quota_exceeded"), retry_after=seconds)
    return RateLimited(error_message("rate_limited"), retry_after=seconds)


SCOPES = ("user-read-currently-playing", "user-read-recently-played")
"""The two required scopes: for the playback and for the plays."""

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
"""All of Spotify's scopes: https://developer.spotify.com/documentation/web-api/concepts/scopes"""

_DEFAULT_EXPIRES_IN = 3600.0


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """The tokens of a response. ``refresh_token`` and ``scopes`` are None if Spotify sent none."""

    access: AccessToken
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None


def authorize_url(
    accounts_url: str, client_id: str, redirect_uri: str, scopes: Iterable[str], state: str, code_challenge: str
) -> str:
    """Return the consent page's address (RFC 6749, section 4.1.1; RFC 7636, section 4.3)."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "scope": " ".join(scopes),
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge_method": "S256",
        "code_challenge": code_challenge,
        # Forces consent, which surely restarts the six months of the refresh token.
        "show_dialog": "true",
    }
    # With quote, as Spotify documents spaces between scopes as %20, not as +.
    return f"{accounts_url}/authorize?{urlencode(query, quote_via=quote)}"


def token_request_form(credentials: Credentials, code: str, redirect_uri: str, code_verifier: str) -> dict[str, str]:
    """Return the form that exchanges a code (RFC 6749, section 4.1.3; RFC 7636, section 4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
    }
    return form if credentials.client_secret else {**form, "client_id": credentials.client_id}


def refresh_request_form(credentials: Credentials, refresh_token: str) -> dict[str, str]:
    """Return the form of a refresh (RFC 6749, section 6)."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return form if credentials.client_secret else {**form, "client_id": credentials.client_id}


def basic_auth_header(credentials: Credentials) -> dict[str, str]:
    """Return the client's authentication (RFC 7617); none for a client without a secret."""
    if not credentials.client_secret:
        return {}
    pair = f"{credentials.client_id}:{credentials.client_secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def read_tokens(response: Mapping[str, Any], now: float) -> TokenResponse:
    """Return the tokens in a 200 response received at ``now`` (s since the epoch).

    Raises :class:`SpotifyUnreachable` without an access token. A refresh token that is missing, empty or invalid (RFC
    6749, appendix A.17) is None: the stored one stays.
    """
    access_token = _secret(response.get("access_token"))
    if access_token is None:
        raise SpotifyUnreachable("Spotify's token response cannot be read.")
    expires_in = response.get("expires_in")
    # The bound keeps infinity and NaN out of the database.
    if isinstance(expires_in, bool) or not isinstance(expires_in, int | float) or not 0 < expires_in < 1e7:
        expires_in = _DEFAULT_EXPIRES_IN
    scope = response.get("scope")
    return TokenResponse(
        access=AccessToken(access_token, now + expires_in),
        refresh_token=_secret(response.get("refresh_token")),
        scopes=tuple(filter(_is_plain, scope.split())) if isinstance(scope, str) else None,
    )


class AccountsApi:
    """The requests to the token endpoint."""

    def __init__(self, http: Callable[[], httpx.AsyncClient], accounts_url: str, clock: Clock) -> None:
        self._http = http
        self._url = f"{accounts_url}/api/token"
        self._clock = clock

    async def exchange_code(
        self, credentials: Credentials, code: str, redirect_uri: str, code_verifier: str
    ) -> TokenResponse:
        """Exchange ``code`` for tokens.

        Raises :class:`InvalidGrant` if Spotify refuses it, else as :meth:`refresh`.
        """
        form = token_request_form(credentials, code, redirect_uri, code_verifier)
        return await self._post(credentials, form, InvalidGrant("Spotify refused the authorization code."))

    async def refresh(self, credentials: Credentials, refresh_token: str) -> TokenResponse:
        """Return a new access token.

        Raises :class:`NeedsAuthorization` (``invalid_grant``), :class:`InvalidCredentials` (``invalid_client``),
        :class:`widget.model.errors.Throttled` (429) or :class:`RefreshFailed`.
        """
        form = refresh_request_form(credentials, refresh_token)
        invalid_grant = NeedsAuthorization(error_message("needs_authorization"))
        try:
            return await self._post(credentials, form, invalid_grant)
        # A separate kind: no Web API call was spent, so a retry may come soon.
        except SpotifyUnreachable as error:
            raise RefreshFailed(str(error), retry_after=error.retry_after) from error

    async def _post(
        self, credentials: Credentials, form: dict[str, str], invalid_grant: NeedsAuthorization | InvalidGrant
    ) -> TokenResponse:
        request = self._http().build_request("POST", self._url, data=form, headers=basic_auth_header(credentials))
        response = await send(self._http(), request)
        if response.status_code == 200:
            return read_tokens(json_object(response), self._clock.now())
        if response.status_code == 429:
            raise throttled_error(response, self._clock.now())
        # A 5xx never counts as a verdict on the token, whatever its body says.
        if response.status_code < 500:
            raise _token_error(json_object(response), invalid_grant)
        raise SpotifyUnreachable(f"Spotify's accounts service responded with status {response.status_code}.")


def _token_error(response: Mapping[str, Any], invalid_grant: NeedsAuthorization | InvalidGrant) -> Exception:
    error = response.get("error")
    if error == "invalid_grant":
        return invalid_grant
    # A wrong secret also comes as invalid_request.
    description = response.get("error_description")
    if error in ("invalid_client", "unauthorized_client") or description == "Invalid client secret":
        return InvalidCredentials(error_message("bad_credentials"))
    return SpotifyUnreachable("Spotify's accounts service refused the request.")


def _secret(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and _is_plain(value) else None


def _is_plain(text: str) -> bool:
    """Return whether ``text`` fits a header and any database (VSCHAR, RFC 6749, appendix A)."""
    return text.isascii() and text.isprintable()
