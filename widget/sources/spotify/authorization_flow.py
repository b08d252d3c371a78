"""One authorization, from the authorize URL to the stored token. It knows no terminal, no listener and no page:
``python -m bootstrap`` and ``/setup`` use it alike.

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
_ENTROPY_BYTES = 32

DENIED = "The consent was denied, so nothing was stored. To try again, start over and press Agree."
REFUSED_CODE = (
    "Spotify refused the authorization code (it works once and for ten minutes, and belongs to one client ID and "
    "redirect URI). Start over."
)
WITHOUT_SCOPE = f"The scope {CURRENTLY_PLAYING} was not granted, so nothing can be shown. Start over and agree to it."
WITHOUT_RECENTLY_PLAYED = (
    f"The scope {RECENTLY_PLAYED} was not granted: while nothing plays, only what this program saw itself is shown."
)
NO_REFRESH_TOKEN = "Spotify gave no refresh token, so nothing was stored. Start over."  # noqa: S105

Answer = TypeVar("Answer")
ExpectedAccount = Callable[[], Awaitable[Account | None]]
"""Says whose account alone may come back; None for anybody's."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """An authorization under way. ``url`` is where the owner consents; the rest is needed when the callback comes."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    credentials: Credentials

    def matches_state(self, state: str | None) -> bool:
        """Whether ``state`` is the one that was sent; compared in constant time (RFC 6749, section 10.12)."""
        return hmac.compare_digest(self.state.encode(), (state or "").encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class AuthorizationResult:
    """What was stored, and what the owner should know about it. ``account`` is None where Spotify did not say."""

    token: Authorization
    warnings: tuple[str, ...] = ()

    @property
    def account(self) -> Account | None:
        return self.token.account


def start_authorization(
    accounts_url: str, credentials: Credentials, redirect_uri: str, extra_scopes: Sequence[str] = ()
) -> AuthorizationRequest:
    """A new attempt, with 256 bits of state and a PKCE verifier of its own (RFC 7636, section 4.1)."""
    state, verifier = secrets.token_urlsafe(_ENTROPY_BYTES), secrets.token_urlsafe(_ENTROPY_BYTES)
    scopes = dict.fromkeys((*SCOPES, *extra_scopes))
    url = authorize_url(accounts_url, credentials.client_id, redirect_uri, scopes, state, code_challenge(verifier))
    return AuthorizationRequest(url, state, verifier, redirect_uri, credentials)


def code_challenge(verifier: str) -> str:
    """The S256 challenge of ``verifier`` (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class AuthorizationFlow:
    """Ends attempts: checks what Spotify granted, and stores it in one transaction."""

    def __init__(
        self,
        store: Store,
        accounts: AccountsApi,
        api: WebApi,
        gate: RateLimiter,
        clock: Clock,
        seed: SeedToken | None = None,
    ) -> None:
        self._store = store
        self._accounts = accounts
        self._api = api
        self._gate = gate
        self._clock = clock
        self._seed = seed

    async def check_storage(self) -> None:
        """Raises StoreError where an authorization could not be stored now; asks nobody."""
        async with self._store.refresh_lock():
            await self._store.reserve_space()

    async def finish(
        self,
        attempt: AuthorizationRequest,
        code: str | None,
        error: str | None,
        *,
        whose: ExpectedAccount | None = None,
    ) -> AuthorizationResult:
        """Stores what ``code`` (or Spotify's ``error``) of the callback gives. The state was checked before.

        With ``whose`` only that account may come back, and it must be known which one came.
        Raises :class:`AuthorizationError` with a sentence and the next step, or StoreError; then nothing was stored.
        """
        granted_code = _checked(code, error)
        # It works once: not spent where what it gives could not be kept.
        await self.check_storage()
        answer = await self._exchanged(attempt, granted_code)
        if answer.refresh_token is None:
            raise AuthorizationError(NO_REFRESH_TOKEN, "refused")
        scopes = SCOPES if answer.scopes is None else answer.scopes
        if CURRENTLY_PLAYING not in scopes:
            raise AuthorizationError(WITHOUT_SCOPE, "refused")
        account, warnings = await self._looked_at(answer.access)
        if whose is not None:
            _check_account(account, await whose() if account is not None else None)
        now = self._clock.now()
        token = Authorization(answer.refresh_token, scopes, account, now, answer.access, now)
        # /setup on the running server chooses no source; the command does.
        values: dict[str, str] = {ACTIVE_SOURCE_KEY: SPOTIFY.name} if whose is None else {}
        if not warnings:
            values[last_check_key(SPOTIFY)] = repr(now)
        await self._save(token, attempt.credentials, values)
        if RECENTLY_PLAYED not in scopes:
            warnings = (*warnings, WITHOUT_RECENTLY_PLAYED)
        return AuthorizationResult(token, warnings)

    async def _exchanged(self, attempt: AuthorizationRequest, code: str) -> TokenResponse:
        try:
            async with self._gate.respecting_429():
                return await self._accounts.exchange_code(
                    attempt.credentials, code, attempt.redirect_uri, attempt.code_verifier
                )
        except InvalidGrant as error:
            raise AuthorizationError(REFUSED_CODE, "refused") from error
        except InvalidCredentials as error:
            sentence = "Spotify refuses the client ID or the client secret: copy both again from the dashboard."
            raise AuthorizationError(sentence, "refused") from error
        except Throttled as error:
            sentence = f"Spotify asks to wait {_minutes(error.retry_after)} before an authorization. Start over then."
            raise AuthorizationError(sentence, "unreachable") from error
        except SourceError as error:
            raise AuthorizationError(f"{error} Nothing was stored: start over in a while.", "unreachable") from error

    async def _looked_at(self, access: AccessToken) -> tuple[Account | None, tuple[str, ...]]:
        """Whose token it is, having asked what plays too: both refusals that a login hides show only there."""
        account, warning = await self._asked(self._api.me, access)
        _, second_warning = await self._asked(self._api.currently_playing, access)
        return account, tuple(dict.fromkeys(filter(None, (warning, second_warning))))

    async def _asked(
        self, question: Callable[[AccessToken], Awaitable[Answer]], access: AccessToken
    ) -> tuple[Answer | None, str | None]:
        try:
            async with self._gate.slot():
                return await question(access), None
        except ScopeMissing as error:
            raise AuthorizationError(f"{error} Nothing was stored.", "forbidden") from error
        except Forbidden as error:
            raise AuthorizationError(f"{error} Nothing was stored; start over after that.", "forbidden") from error
        except SourceError as error:
            return None, f"Spotify could not be asked whether the token works ({error})"

    async def _save(self, token: Authorization, credentials: Credentials, notes: Mapping[str, str]) -> None:
        # A refresh under way ends first: its answer must not replace this authorization.
        async with self._store.refresh_lock():
            fingerprint = None if self._seed is None else self._seed.fingerprint
            await self._store.save_authorization(token, credentials, fingerprint, notes)


def _check_account(account: Account | None, running: Account | None) -> None:
    if account is None:
        sentence = "Spotify did not say whose account this is, so nothing was stored. Try again in a while."
        raise AuthorizationError(sentence, "unreachable")
    if running is not None and account.id != running.id:
        name = running.name or running.id
        sentence = (
            f"This is another account than the stored one ({name}), so nothing was stored. Log in as {name}, or "
            "change the account by python -m bootstrap."
        )
        raise AuthorizationError(sentence, "wrong_account")


def _checked(code: str | None, error: str | None) -> str:
    if error == "access_denied":
        raise AuthorizationError(DENIED, "denied")
    if error or not code:
        raise AuthorizationError("Spotify sent no authorization code, so nothing was stored. Start over.", "denied")
    return code


def _minutes(seconds: float) -> str:
    minutes = max(1, round(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"
