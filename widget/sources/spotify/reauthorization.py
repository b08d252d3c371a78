"""Reauthorization on the running server, at ``/setup``.

Pending requests are in the store, so that a restart or another instance changes nothing. A callback is checked by the
browser's cookie first, so that strangers do not reach the store.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any

from widget.clock import Clock
from widget.model.errors import (
    AccessTokenRefused,
    AuthorizationError,
    NeedsAuthorization,
    NotConfigured,
    SourceError,
)
from widget.model.reauthorization import KeyCheck, ReauthorizationResult, ReauthorizationStarted
from widget.model.tokens import AccessToken, Account, Credentials, SeedToken
from widget.sources.failed_attempts import FailedAttempts
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.authorization_flow import (
    AuthorizationFlow,
    AuthorizationRequest,
    ExpectedAccount,
    start_authorization,
)
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.token_selection import effective_authorization, effective_credentials
from widget.sources.spotify.web_api import WebApi
from widget.store.base import Store

# An authorization code lives for about as long.
REQUEST_TTL_SECONDS = 600.0
# Enough for several tabs; the row in the database stays small.
MAX_PENDING_REQUESTS = 20
ACCOUNT_UNKNOWN_ERROR = (
    "The account of the current token could not be checked, so nothing was stored. Try again later. ({error})"
)
_STORE_KEY = "renewal"


class CurrentAccount:
    """Looks up the account of the token that an authorization would replace."""

    def __init__(
        self,
        store: Store,
        token_manager: TokenManager,
        api: WebApi,
        rate_limiter: RateLimiter,
        clock: Clock,
        seed: SeedToken | None,
    ) -> None:
        self._store = store
        self._token_manager = token_manager
        self._api = api
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._seed = seed

    async def __call__(self) -> Account | None:
        """Return the account of the current token, even a seed's; None if there is no valid token.

        Raises :class:`AuthorizationError` if Spotify does not respond.
        """
        token = await effective_authorization(self._store, self._seed, self._clock.now())
        if token is None or token.account is not None:
            return None if token is None else token.account
        # Spotify no longer names its account, and the owner must not be locked out.
        if token.needs_authorization:
            return None
        try:
            return await self._fetch_account()
        except (NotConfigured, NeedsAuthorization):
            return None
        except SourceError as error:
            raise AuthorizationError(ACCOUNT_UNKNOWN_ERROR.format(error=error), "unreachable") from error

    async def _fetch_account(self) -> Account:
        access = await self._token_manager.token()
        try:
            return await self._me(access)
        except AccessTokenRefused:
            return await self._me(await self._token_manager.replace_rejected(access))

    async def _me(self, access: AccessToken) -> Account:
        async with self._rate_limiter.slot():
            return await self._api.me(access)


class SpotifyReauthorization:
    """The :class:`widget.model.reauthorization.Reauthorization` of Spotify."""

    def __init__(
        self,
        store: Store,
        flow: AuthorizationFlow,
        current_account: ExpectedAccount,
        clock: Clock,
        *,
        key: str | None,
        accounts_url: str,
        credentials: Credentials | None,
    ) -> None:
        self._store = store
        self._flow = flow
        self._current_account = current_account
        self._clock = clock
        self._key = key
        self._accounts_url = accounts_url
        self._configured = credentials
        self._failed_attempts = FailedAttempts(clock)

    async def check_key(self, key: str) -> KeyCheck:
        if self._key is not None and hmac.compare_digest(_digest(key), _digest(self._key)):
            return "admitted"
        return "wrong" if await self._failed_attempts.delay() else "too_many"

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        request = start_authorization(self._accounts_url, await self._credentials(), redirect_uri)
        pending = {
            # Only the digest: a copy of the database must not complete a request.
            "state": _digest(request.state),
            "code_verifier": request.code_verifier,
            "redirect_uri": redirect_uri,
            "begun_at": self._clock.now(),
        }
        async with self._store.refresh_lock():
            await self._write([*await self._read(), pending][-MAX_PENDING_REQUESTS:])
        nonce = secrets.token_urlsafe(32)
        return ReauthorizationStarted(request.url, f"{nonce}.{self._seal(nonce, request.state)}")

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        # One result for every mismatch, so that a stranger learns nothing.
        if not self._is_own(cookie or "", state or ""):
            return None
        pending = await self._take(state or "")
        if pending is None:
            return None
        credentials = await self._credentials()
        request = AuthorizationRequest("", state or "", pending["code_verifier"], pending["redirect_uri"], credentials)
        result = await self._flow.finish(request, code, error, expected_account=self._current_account)
        account = result.account
        name = None if account is None else account.name or account.id
        return ReauthorizationResult(name, result.token.expires_at, result.warnings)

    def _is_own(self, cookie: str, state: str) -> bool:
        """Return whether the browser with ``cookie`` started ``state`` with the key; reads no store."""
        nonce, _, seal = cookie.partition(".")
        return hmac.compare_digest(_digest(seal), _digest(self._seal(nonce, state)))

    def _seal(self, nonce: str, state: str) -> str:
        key = (self._key or "").encode("utf-8", "replace")
        # Cookies of other versions carry this label, so it stays.
        return hmac.new(key, f"renewal\n{nonce}\n{state}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    async def _take(self, state: str) -> dict[str, Any] | None:
        """Remove and return the pending request for ``state``.

        Raises StoreError, and keeps it, without space.
        """
        async with self._store.refresh_lock():
            await self._store.reserve_space()
            requests = await self._read()
            for request in requests:
                if hmac.compare_digest(request["state"], _digest(state)):
                    requests.remove(request)
                    await self._write(requests)
                    return request
        return None

    async def _credentials(self) -> Credentials:
        credentials = effective_credentials(self._configured, await self._store.credentials())
        if credentials is None:
            raise NotConfigured("There is no client ID: set SPOTIFY_CLIENT_ID on the server.")
        return credentials

    async def _read(self) -> list[dict[str, Any]]:
        """Return the pending requests, without those that are too old or cannot be read."""
        try:
            stored = json.loads(await self._store.get_value(_STORE_KEY) or "{}")["waiting"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return []
        return [request for request in stored if self._is_pending(request)] if isinstance(stored, list) else []

    def _is_pending(self, request: Any) -> bool:
        names = ("state", "code_verifier", "redirect_uri")
        if not isinstance(request, dict) or not all(isinstance(request.get(name), str) for name in names):
            return False
        begun_at = request.get("begun_at")
        # Both ways: after a clock was set back, a request would live on.
        return isinstance(begun_at, int | float) and abs(self._clock.now() - begun_at) < REQUEST_TTL_SECONDS

    async def _write(self, requests: list[dict[str, Any]]) -> None:
        await self._store.set_value(_STORE_KEY, json.dumps({"waiting": requests}))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
