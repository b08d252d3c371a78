"""The secrets that keep us authorized, masked in ``repr``, and the protocol of the stores that hold them."""

import calendar
import hashlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from widget.clock import utc
from widget.errors import ErrorCode
from widget.playback import LastPlayed

TokenState = Literal["ok", "expires_soon", "needs_authorization", "missing"]

EXPIRES_SOON_DAYS = 30
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Spotify app's client ID and secret; without a secret, PKCE alone."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose music it is: Spotify's user id, and the display name where there is one."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a Web API call carries; ``expires_at`` in s since the epoch."""

    value: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True, slots=True)
class Token:
    """An authorization as it is stored. Dates in s since the epoch; None where unknown.

    ``needs_authorization``: Spotify refused the refresh token (``invalid_grant``); it is kept, and left alone.
    """

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...] = ()
    account: Account | None = None
    authorized_at: float | None = None
    access: AccessToken | None = None
    last_refreshed_at: float | None = None
    needs_authorization: bool = False

    @property
    def expires_at(self) -> float | None:
        """When Spotify ends the refresh token: six calendar months after the authorization."""
        return None if self.authorized_at is None else six_months_after(self.authorized_at)


@dataclass(frozen=True, slots=True)
class Seed:
    """A refresh token from the environment, for hosts whose disk starts empty."""

    refresh_token: str = field(repr=False)
    authorized_at: float | None = None

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the token, stored so that the same seed is used once only."""
        return hashlib.sha256(self.refresh_token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Ban:
    """Until when (s since the epoch) nothing may be sent to Spotify, and why."""

    until: float
    code: ErrorCode
    message: str


class Store(Protocol):
    """What outlives the process. Each method is one transaction, safe across processes.

    Every method may raise :class:`widget.errors.StoreError`.
    """

    @property
    def location(self) -> str:
        """Where it is, for people; without a password."""
        ...

    async def open(self) -> None:
        """Connects, makes or migrates the schema, and makes sure that it can be written."""
        ...

    async def close(self) -> None: ...

    async def token(self) -> Token | None: ...

    async def credentials(self) -> Credentials | None: ...

    async def seed_fingerprint(self) -> str | None:
        """The fingerprint of the last seed used."""
        ...

    async def save_authorization(
        self, token: Token, credentials: Credentials | None, seed_fingerprint: str | None
    ) -> None:
        """Replaces the token, whatever its state. None leaves credentials or fingerprint as they are."""
        ...

    async def save_refresh(self, used_refresh_token: str, token: Token) -> bool:
        """Replaces the token where the stored refresh token still is ``used_refresh_token``; False where it is not.

        Durable on disk (or committed) when it returns.
        """
        ...

    async def mark_needs_authorization(self, refresh_token: str) -> None:
        """Marks the stored token as dead, where it still is ``refresh_token``."""
        ...

    async def save_account(self, refresh_token: str, account: Account) -> None:
        """Adds the account's name to the stored token, where it still is ``refresh_token``."""
        ...

    def refreshing(self) -> AbstractAsyncContextManager[None]:
        """Held by at most one task of one process at a time; freed when its process dies."""
        ...

    async def spend_call(self, now: float, calls_per_day: int) -> bool:
        """Counts one Web API call at ``now`` if the last 24 hours still allow it; False, uncounted, if not."""
        ...

    async def calls_since(self, since: float) -> Sequence[tuple[float, int]]:
        """The calls counted since ``since``: (time in s since the epoch, number), oldest first."""
        ...

    async def ban(self) -> Ban | None: ...

    async def save_ban(self, ban: Ban | None) -> None: ...

    async def last_played(self) -> LastPlayed | None: ...

    async def save_last_played(self, last_played: LastPlayed | None) -> None: ...

    async def forget(self) -> None:
        """Deletes all that is stored."""
        ...


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """How the authorization stands: its state, and the whole days left (None where the date is unknown)."""

    state: TokenState
    days_left: int | None = None


def token_health(token: Token | None, now: float) -> TokenHealth:
    """How ``token`` stands at ``now`` (s since the epoch)."""
    if token is None:
        return TokenHealth("missing")
    days_left = None if token.expires_at is None else max(0, int((token.expires_at - now) // SECONDS_PER_DAY))
    if token.needs_authorization:
        return TokenHealth("needs_authorization", days_left)
    if days_left is not None and days_left < EXPIRES_SOON_DAYS:
        return TokenHealth("expires_soon", days_left)
    return TokenHealth("ok", days_left)


def six_months_after(timestamp: float) -> float:
    """``timestamp`` (s since the epoch) moved on by six calendar months in UTC, to the month's last day at most."""
    moment = utc(timestamp)
    years, months = divmod(moment.month - 1 + 6, 12)
    year, month = moment.year + years, months + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day).timestamp()
