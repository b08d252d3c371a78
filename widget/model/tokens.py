"""The secrets that keep us authorized, masked in ``repr``, and how long they live."""

import calendar
import hashlib
from dataclasses import dataclass, field, replace
from typing import Literal

from widget.clock import to_utc

TokenState = Literal["ok", "expires_soon", "needs_authorization", "missing", "not_needed"]

EXPIRES_SOON_DAYS = 30
SECONDS_PER_DAY = 86_400
STORED_CLOCK_SKEW_SECONDS = 300.0
"""How far another instance's clock may be ahead of ours; what lies further ahead is of a clock that was wrong."""


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
class Authorization:
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
        return None if self.authorized_at is None else add_six_months(self.authorized_at)

    def without_future_dates(self, latest: float) -> "Authorization":
        """Without the dates after ``latest`` (s since the epoch), which a clock gave that was wrong."""
        authorized_at, refreshed_at = self.authorized_at, self.last_refreshed_at
        return replace(
            self,
            authorized_at=None if authorized_at is not None and authorized_at > latest else authorized_at,
            last_refreshed_at=None if refreshed_at is not None and refreshed_at > latest else refreshed_at,
        )


@dataclass(frozen=True, slots=True)
class SeedToken:
    """A refresh token from the environment, for hosts whose disk starts empty."""

    refresh_token: str = field(repr=False)
    authorized_at: float | None = None

    @property
    def fingerprint(self) -> str:
        """A SHA-256 of the token, stored so that the same seed is used once only."""
        return hashlib.sha256(self.refresh_token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AuthorizationStatus:
    """How the authorization stands: its state, and when it ends.

    ``days_left`` in whole days, ``expires_at`` in s since the epoch; both None where the date is unknown.
    ``is_spent``: the environment's token was replaced by one that the next restart takes with the disk.
    """

    state: TokenState
    days_left: int | None = None
    expires_at: float | None = None
    seed_is_spent: bool = False


def authorization_status(token: Authorization | None, now: float) -> AuthorizationStatus:
    """How ``token`` stands at ``now`` (s since the epoch)."""
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
    """``timestamp`` (s since the epoch) moved on by six calendar months in UTC, to the month's last day at most."""
    moment = to_utc(timestamp)
    years, months = divmod(moment.month - 1 + 6, 12)
    year, month = moment.year + years, months + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day).timestamp()
