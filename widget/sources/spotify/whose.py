"""Whose account the running token belongs to: no other may take its place at ``/setup``."""

from widget.clock import Clock
from widget.model.errors import (
    AccessTokenRefused,
    AuthorizationError,
    NeedsAuthorization,
    NotConfigured,
    SourceError,
)
from widget.model.tokens import AccessToken, Account, SeedToken
from widget.sources.rate_limiter import RateLimiter
from widget.sources.spotify.token_manager import TokenManager
from widget.sources.spotify.token_selection import effective_authorization
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
