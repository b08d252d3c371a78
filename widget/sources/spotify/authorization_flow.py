"""The authorization code flow with PKCE, from the authorize URL to the stored token.

``python -m bootstrap`` and ``/setup`` share it.

See RFC 6749, section 4.1, RFC 7636, and
https://developer.spotify.com/documentation/web-api/tutorials/code-pkce-flow
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from widget.clock import Clock
from widget.config.source_settings import ACTIVE_SOURCE_KEY, last_check_key
from widget.model.errors import (
    AuthorizationError,
    Forbidden,
    InvalidCredentials,
    InvalidGrant,
    ScopeMissing,
    SourceError,
    Throttled,
)
from widget.model.sources import SPOTIFY
from widget.model.tokens import AccessToken, Account, Authorization, Credentials, SeedToken
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.accounts_api import SCOPES, AccountsApi, TokenResponse, authorize_url
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store

CURRENTLY_PLAYING, RECENTLY_PLAYED = SCOPES
# Gives 43 characters, the least that RFC 7636 allows a verifier.
_ENTROPY_BYTES = 32

DENIED = "Access was denied, so nothing was stored. To try again, start over and press Agree."
REFUSED_CODE = (
    "Spotify refused the authorization code: it works once, for ten minutes, with one client ID and redirect URI. "
    "Start over."
)
WITHOUT_SCOPE = f"The scope {CURRENTLY_PLAYING} was not granted, so nothing can be shown. Start over and grant it."
WITHOUT_RECENTLY_PLAYED = (
    f"The scope {RECENTLY_PLAYED} was not granted: while nothing plays, only items that this program saw are shown."
)
NO_REFRESH_TOKEN = "Spotify sent no refresh token, so nothing was stored. Start over."  # noqa: S105

Response = TypeVar("Response")
ExpectedAccount = Callable[[], Awaitable[Account | None]]
"""Returns the only account that may authorize; None for any."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A pending authorization. The owner consents at ``url``; the callback needs the others."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    credentials: Credentials

    def matches_state(self, state: str | None) -> bool:
        """Return whether ``state`` is the one sent, in constant time (RFC 6749, section 10.12)."""
        # As bytes, since compare_digest raises TypeError for text beyond ASCII, and the state comes from a URL.
        return hmac.compare_digest(self.state.encode(), (state or "").encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class AuthorizationResult:
    """The stored token, and warnings for the owner. ``account`` is None if Spotify named none."""

    token: Authorization
    warnings: tuple[str, ...] = ()

    @property
    def account(self) -> Account | None:
        return self.token.account


def start_authorization(
    accounts_url: str, credentials: Credentials, redirect_uri: str, extra_scopes: Sequence[str] = ()
) -> AuthorizationRequest:
    """Return a new request with 256 bits of state and a PKCE verifier (RFC 7636, section 4.1)."""
    state, verifier = secrets.token_urlsafe(_ENTROPY_BYTES), secrets.token_urlsafe(_ENTROPY_BYTES)
    scopes = dict.fromkeys((*SCOPES, *extra_scopes))
    url = authorize_url(accounts_url, credentials.client_id, redirect_uri, scopes, state, code_challenge(verifier))
    return AuthorizationRequest(url, state, verifier, redirect_uri, credentials)


def code_challenge(verifier: str) -> str:
    """Return the S256 challenge of ``verifier`` (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    # Without padding (RFC 7636, appendix A).
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class AuthorizationFlow:
    """Completes authorization requests: checks the grant, and stores it in one transaction."""

    def __init__(
        self,
        store: Store,
        accounts: AccountsApi,
        api: WebApi,
        rate_limiter: RateLimiter,
        clock: Clock,
        seed: SeedToken | None = None,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._api = api
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._seed = seed

    async def check_storage(self) -> None:
        """Raise StoreError if an authorization could not be stored now; makes no request."""
        async with self._store.refresh_lock():
            await self._store.reserve_space()

    async def finish(
        self,
        request: AuthorizationRequest,
        code: str | None,
        error: str | None,
        *,
        expected_account: ExpectedAccount | None = None,
    ) -> AuthorizationResult:
        """Exchange the callback's ``code`` (or report its ``error``) and store the token.

        The caller has checked the state. With ``expected_account`` only that account may authorize, and Spotify must
        name it. Raises :class:`AuthorizationError` with the next step, or StoreError; then nothing was stored.
        """
        code = _check_code(code, error)
        # A code works once: it is not spent if the token could not be stored.
        await self.check_storage()
        response = await self._exchange(request, code)
        if response.refresh_token is None:
            raise AuthorizationError(NO_REFRESH_TOKEN, "refused")
        # No scope in the response means that all were granted (RFC 6749, section 5.1).
        scopes = SCOPES if response.scopes is None else response.scopes
        if CURRENTLY_PLAYING not in scopes:
            raise AuthorizationError(WITHOUT_SCOPE, "refused")
        account, warnings = await self._check_access(response.access)
        if expected_account is not None:
            _check_account(account, await expected_account() if account is not None else None)
        # Spotify sends no issue date: the six months count from here.
        now = self._clock.now()
        token = Authorization(response.refresh_token, scopes, account, now, response.access, now)
        # Only the command selects the source, not the running server.
        values: dict[str, str] = {ACTIVE_SOURCE_KEY: SPOTIFY.name} if expected_account is None else {}
        if not warnings:
            values[last_check_key(SPOTIFY)] = repr(now)
        await self._save(token, request.credentials, values)
        if RECENTLY_PLAYED not in scopes:
            warnings = (*warnings, WITHOUT_RECENTLY_PLAYED)
        return AuthorizationResult(token, warnings)

    async def _exchange(self, request: AuthorizationRequest, code: str) -> TokenResponse:
        try:
            async with self._rate_limiter.respecting_429():
                return await self._accounts.exchange_code(
                    request.credentials, code, request.redirect_uri, request.code_verifier
                )
        except InvalidGrant as error:
            raise AuthorizationError(REFUSED_CODE, "refused") from error
        except InvalidCredentials as error:
            message = "Spotify rejects the client ID or the client secret: copy both again from the dashboard."
            raise AuthorizationError(message, "refused") from error
        except Throttled as error:
            message = f"Spotify allows no authorization for {_minutes(error.retry_after)}. Start over after that."
            raise AuthorizationError(message, "unreachable") from error
        except SourceError as error:
            raise AuthorizationError(f"{error} Nothing was stored: start over later.", "unreachable") from error

    async def _check_access(self, access: AccessToken) -> tuple[Account | None, tuple[str, ...]]:
        """Return the account and warnings.

        The two refusals of an account show only in these requests.
        """
        account, warning = await self._try(self._api.me, access)
        # A missing Premium or a missing place on the app's list may show here alone.
        _, second_warning = await self._try(self._api.currently_playing, access)
        return account, tuple(dict.fromkeys(filter(None, (warning, second_warning))))

    async def _try(
        self, call: Callable[[AccessToken], Awaitable[Response]], access: AccessToken
    ) -> tuple[Response | None, str | None]:
        try:
            async with self._rate_limiter.slot():
                return await call(access), None
        except ScopeMissing as error:
            raise AuthorizationError(f"{error} Nothing was stored.", "forbidden") from error
        except Forbidden as error:
            raise AuthorizationError(f"{error} Nothing was stored; start over after that.", "forbidden") from error
        except SourceError as error:
            # An outage: the code is spent, so the token is stored all the same.
            return None, f"The token could not be tested. {error}"

    async def _save(self, token: Authorization, credentials: Credentials, values: Mapping[str, str]) -> None:
        # A running refresh ends first: its token must not replace this one.
        async with self._store.refresh_lock():
            fingerprint = None if self._seed is None else self._seed.fingerprint
            await self._store.save_authorization(token, credentials, fingerprint, values)


def _check_account(account: Account | None, running: Account | None) -> None:
    if account is None:
        message = "Spotify did not say which account this is, so nothing was stored. Try again later."
        raise AuthorizationError(message, "unreachable")
    if running is not None and account.id != running.id:
        name = running.name or running.id
        message = (
            f"This is not the stored account ({name}), so nothing was stored. Log in as {name}, or change the account "
            "with python -m bootstrap."
        )
        raise AuthorizationError(message, "wrong_account")


def _check_code(code: str | None, error: str | None) -> str:
    if error == "access_denied":
        raise AuthorizationError(DENIED, "denied")
    if error or not code:
        raise AuthorizationError("Spotify sent no authorization code, so nothing was stored. Start over.", "denied")
    return code


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"
