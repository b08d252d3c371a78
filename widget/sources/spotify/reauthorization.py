"""Authorizing again on the running server.

What waits for its callback stands in the store, so that a restart or another instance changes nothing. That a callback
is ours is told by the browser's cookie alone, so that nobody else reaches the store.
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

ACCOUNT_UNKNOWN_ERROR = (
    "Spotify could not be asked whose the running token is ({error}), so nothing was stored. Try again in a while."
)


class CurrentAccount:
    """Asked for when an authorization is to replace the running one."""

    def __init__(
        self, store: Store, access: TokenManager, api: WebApi, gate: RateLimiter, clock: Clock, seed: SeedToken | None
    ) -> None:
        self._store = store
        self._access = access
        self._api = api
        self._gate = gate
        self._clock = clock
        self._seed = seed

    async def __call__(self) -> Account | None:
        """The account of the token that the server uses now, a seed's included; None where there is none to be known.

        Raises :class:`AuthorizationError` where it has one and Spotify does not say so now.
        """
        token = await effective_authorization(self._store, self._seed, self._clock.now())
        if token is None or token.account is not None:
            return None if token is None else token.account
        if token.needs_authorization:
            return None
        try:
            return await self._asked()
        except (NotConfigured, NeedsAuthorization):
            return None
        except SourceError as error:
            raise AuthorizationError(ACCOUNT_UNKNOWN_ERROR.format(error=error), "unreachable") from error

    async def _asked(self) -> Account:
        access = await self._access.token()
        try:
            return await self._me(access)
        except AccessTokenRefused:
            return await self._me(await self._access.replace_rejected(access))

    async def _me(self, access: AccessToken) -> Account:
        async with self._gate.slot():
            return await self._api.me(access)


REQUEST_TTL_SECONDS = 600.0
MAX_PENDING_REQUESTS = 20
FAILURE_DELAY_SECONDS = 1.0
MAX_PENDING_FAILURES = 10
_NOTE = "renewal"


class SpotifyReauthorization:
    """Implements :class:`widget.model.reauthorization.Renewal`."""

    def __init__(
        self,
        store: Store,
        authorization: AuthorizationFlow,
        whose: ExpectedAccount,
        clock: Clock,
        *,
        key: str | None,
        accounts_url: str,
        credentials: Credentials | None,
    ) -> None:
        self._store = store
        self._authorization = authorization
        self._whose = whose
        self._clock = clock
        self._key = key
        self._accounts_url = accounts_url
        self._configured = credentials
        self._wrong_keys = 0

    async def check_key(self, key: str) -> KeyCheck:
        if self._key is not None and hmac.compare_digest(_digest(key), _digest(self._key)):
            return "admitted"
        if self._wrong_keys >= MAX_PENDING_FAILURES:
            return "too_many"
        self._wrong_keys += 1
        try:
            await self._clock.sleep(FAILURE_DELAY_SECONDS)
        finally:
            self._wrong_keys -= 1
        return "wrong"

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        attempt = start_authorization(self._accounts_url, await self._credentials(), redirect_uri)
        waiting = {
            "state": _digest(attempt.state),
            "code_verifier": attempt.code_verifier,
            "redirect_uri": redirect_uri,
            "begun_at": self._clock.now(),
        }
        async with self._store.refresh_lock():
            await self._write([*await self._read(), waiting][-MAX_PENDING_REQUESTS:])
        nonce = secrets.token_urlsafe(32)
        return ReauthorizationStarted(attempt.url, f"{nonce}.{self._seal(nonce, attempt.state)}")

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        if not self._is_ours(cookie or "", state or ""):
            return None
        waiting = await self._taken(state or "")
        if waiting is None:
            return None
        credentials = await self._credentials()
        attempt = AuthorizationRequest("", state or "", waiting["code_verifier"], waiting["redirect_uri"], credentials)
        granted = await self._authorization.finish(attempt, code, error, whose=self._whose)
        account = granted.account
        name = None if account is None else account.name or account.id
        return ReauthorizationResult(name, granted.token.expires_at, granted.warnings)

    def _is_ours(self, cookie: str, state: str) -> bool:
        """Whether this very ``state`` was begun with the key, by the browser that holds ``cookie``; asks nobody."""
        nonce, _, seal = cookie.partition(".")
        return hmac.compare_digest(_digest(seal), _digest(self._seal(nonce, state)))

    def _seal(self, nonce: str, state: str) -> str:
        key = (self._key or "").encode("utf-8", "replace")
        return hmac.new(key, f"renewal\n{nonce}\n{state}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    async def _taken(self, state: str) -> dict[str, Any] | None:
        """What waits for ``state``; it waits no longer. StoreError, and it goes on waiting, where there is no room."""
        async with self._store.refresh_lock():
            await self._store.reserve_space()
            all_waiting = await self._read()
            for waiting in all_waiting:
                if hmac.compare_digest(waiting["state"], _digest(state)):
                    all_waiting.remove(waiting)
                    await self._write(all_waiting)
                    return waiting
        return None

    async def _credentials(self) -> Credentials:
        credentials = effective_credentials(self._configured, await self._store.credentials())
        if credentials is None:
            raise NotConfigured("There is no client ID: set SPOTIFY_CLIENT_ID on the server.")
        return credentials

    async def _read(self) -> list[dict[str, Any]]:
        """What waits, less what cannot be read or is too old (or, after a jump of the clock, from too far ahead)."""
        try:
            found = json.loads(await self._store.get_value(_NOTE) or "{}")["waiting"]
        except (ValueError, TypeError, KeyError):
            return []
        return [one for one in found if self._waits(one)] if isinstance(found, list) else []

    def _waits(self, one: Any) -> bool:
        texts = ("state", "code_verifier", "redirect_uri")
        if not isinstance(one, dict) or not all(isinstance(one.get(name), str) for name in texts):
            return False
        begun_at = one.get("begun_at")
        return isinstance(begun_at, int | float) and abs(self._clock.now() - begun_at) < REQUEST_TTL_SECONDS

    async def _write(self, waiting: list[dict[str, Any]]) -> None:
        await self._store.set_value(_NOTE, json.dumps({"waiting": waiting}))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
