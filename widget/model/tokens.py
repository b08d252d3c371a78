"""Tokens and credentials, masked in ``repr``, and how long they are valid."""

import calendar
import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal

from widget.clock import to_utc

TokenState = Literal["ok", "expires_soon", "needs_authorization", "missing", "not_needed"]

EXPIRES_SOON_DAYS = 30
SECONDS_PER_DAY = 86_400
STORED_CLOCK_SKEW_SECONDS = 300.0
"""How far another instance's clock may be ahead of ours; later times come from a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The Spotify app's client ID and secret; without a secret, PKCE is used alone."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """The listener: Spotify's user id, and the display name if there is one."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The token of a Web API call; ``expires_at`` in s since the epoch."""

    value: str = field(repr=False)
    expires_at: float


@dataclass(frozen=True, slots=True)
class Authorization:
    """An authorization as stored. Dates are in s since the epoch, None if unknown.

    ``needs_authorization``: Spotify rejected the refresh token (``invalid_grant``); it is kept but not used.
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
        """The end of the refresh token: six calendar months after the authorization."""
        return None if self.authorized_at is None else add_six_months(self.authorized_at)

    def without_future_dates(self, latest: float) -> "Authorization":
        """Remove dates after ``latest`` (s since the epoch), which come from a clock that was wrong."""
        authorized_at, refreshed_at = self.authorized_at, self.last_refreshed_at
        return replace(
            self,
            authorized_at=None if authorized_at is not None and authorized_at > latest else authorized_at,
            last_refreshed_at=None if refreshed_at is not None and refreshed_at > latest else refreshed_at,
        )


@dataclass(frozen=True, slots=True)
class SeedToken:
    """A refresh token from the environment, for hosts with an ephemeral disk."""

    refresh_token: str = field(repr=False)
    authorized_at: float | None = None

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the token, stored so that a seed is used only once."""
        return hashlib.sha256(self.refresh_token.encode()).hexdigest()


VALID_STATES: tuple[TokenState, ...] = ("ok", "expires_soon")


@dataclass(frozen=True, slots=True)
class AuthorizationStatus:
    """The state of the authorization, and when it ends.

    ``days_left`` in whole days, ``expires_at`` in s since the epoch; both None if the date is unknown.
    ``seed_is_spent``: the seed was replaced by a token that the next restart deletes with the disk.
    """

    state: TokenState
    days_left: int | None = None
    expires_at: float | None = None
    seed_is_spent: bool = False

    @property
    def is_valid(self) -> bool:
        """Whether Spotify accepts the stored authorization."""
        return self.state in VALID_STATES


def authorization_status(token: Authorization | None, now: float) -> AuthorizationStatus:
    """Return the status at ``now`` (s since the epoch)."""
    if token is None:
        return AuthorizationStatus("missing")
    ends = token.expires_at
    days_left = None if ends is None else max(0, int((ends - now) // SECONDS_PER_DAY))
    if token.needs_authorization:
        return AuthorizationStatus("needs_authorization", days_left, ends)
    if days_left is not None and days_left < EXPIRES_SOON_DAYS:
        return AuthorizationStatus("expires_soon", days_left, ends)
    return AuthorizationStatus("ok", days_left, ends)


def add_six_months(timestamp: float) -> float:
    """Add six calendar months in UTC to ``timestamp`` (s since the epoch).

    A day that the month does not have becomes its last day.
    """
    moment = to_utc(timestamp)
    years, months = divmod(moment.month - 1 + 6, 12)
    year, month = moment.year + years, months + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day).timestamp()
