"""The error tree, by the reaction that each error needs from the caller.

::

    NowPlayingError               one line for people: the problem, then the next step
    ├── ConfigurationError        wrong use or configuration: correct it, start again (exit code 2)
    ├── StoreError                the database cannot be used now
    ├── AuthorizationError        an authorization ended without a token: start another (exit code 1)
    └── SourceError               the source cannot be polled now; carries the public code
        ├── NotConfigured         run the bootstrap
        ├── NeedsAuthorization    authorize again; do not refresh any more (invalid_grant)
        ├── InvalidGrant          the authorization code is spent, expired or not ours: begin again
        ├── InvalidCredentials    correct client ID or secret; keep the token (invalid_client)
        ├── Forbidden             the source refuses the app or the account; retry much later
        │   └── ScopeMissing      do without this endpoint until a new authorization
        ├── UnknownUser           correct the user's name
        ├── ProfilePrivate        the user hides their listening: make it public
        ├── Throttled             no call at all until ``retry_after`` has passed
        │   ├── RateLimited
        │   └── QuotaExceeded
        ├── DailyLimitReached     CALLS_PER_DAY is used up
        └── SourceUnreachable     timeouts, 5xx, broken responses: retry with backoff
            ├── UnsupportedServer     the server has no now-playing API: use another
            └── SpotifyUnreachable
                ├── RefreshFailed       of a refresh: no call was counted, retry soon
                └── AccessTokenRefused  401: refresh once, retry once, then stop
"""

from typing import ClassVar, Literal

ErrorCode = Literal[
    "not_configured",
    "needs_authorization",
    "bad_credentials",
    "forbidden",
    "rate_limited",
    "quota_exceeded",
    "budget_spent",
    "spotify_unreachable",
    "unknown_user",
    "private",
    "source_unreachable",
    "store_unavailable",
    "internal_error",
]

TRANSIENT_CODES: frozenset[ErrorCode] = frozenset(
    {"spotify_unreachable", "source_unreachable", "store_unavailable", "internal_error"}
)
"""Outages: the last good response may be shown for a while, and a retry makes sense soon."""

PERMANENT_CODES: frozenset[ErrorCode] = frozenset({"bad_credentials", "forbidden", "unknown_user", "private"})
"""Refusals that last until the owner acts."""


class NowPlayingError(Exception):
    """An error for people; ``str()`` is one line without secrets."""


class ConfigurationError(NowPlayingError):
    """Wrong use or configuration; ``faults`` has one line for each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(NowPlayingError):
    """The database cannot be read or written now."""


AuthorizationFailure = Literal["denied", "refused", "forbidden", "wrong_account", "unreachable"]


class AuthorizationError(NowPlayingError):
    """An authorization that ended without a stored token."""

    def __init__(self, message: str, failure: AuthorizationFailure) -> None:
        super().__init__(message)
        self.failure = failure


class SourceError(NowPlayingError):
    """The source cannot be polled, or its response cannot be used.

    ``code`` is the contract's error code; ``retry_after`` is in seconds from now, None if unknown.
    ``counts_against_quota`` is False for an outage that retrying does not spend ``CALLS_PER_DAY`` on.
    """

    code: ClassVar[ErrorCode] = "source_unreachable"
    counts_against_quota: ClassVar[bool] = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotConfigured(SourceError):  # noqa: N818
    """There is no token, or no client ID."""

    code = "not_configured"


class NeedsAuthorization(SourceError):  # noqa: N818
    """The refresh token is dead (``invalid_grant``); only a new authorization helps."""

    code = "needs_authorization"


class InvalidCredentials(SourceError):  # noqa: N818
    """The client ID, secret, key or token is rejected; a refresh token may still be valid."""

    code = "bad_credentials"


class Forbidden(SourceError):  # noqa: N818
    """A lasting refusal.

    At Spotify: no Premium, or not on the app's user list; elsewhere a suspended key.
    """

    code = "forbidden"


class ScopeMissing(Forbidden):
    """The token lacks the scope that this endpoint needs."""


class Throttled(SourceError):  # noqa: N818
    """HTTP 429: no call at all for ``retry_after`` seconds (always set here)."""

    retry_after: float

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message, retry_after=retry_after)


class RateLimited(Throttled):
    """HTTP 429, the rolling rate limit."""

    code = "rate_limited"


class QuotaExceeded(Throttled):
    """HTTP 429 with the reason ``QUOTA_EXCEEDED``: the developer account's daily quota."""

    code = "quota_exceeded"


class DailyLimitReached(SourceError):  # noqa: N818
    """The calls that ``CALLS_PER_DAY`` allows are used up."""

    code = "budget_spent"


class UnknownUser(SourceError):  # noqa: N818
    """The source has no user of that name."""

    code = "unknown_user"


class ProfilePrivate(SourceError):  # noqa: N818
    """The user hides their listening."""

    code = "private"


class SourceUnreachable(SourceError):  # noqa: N818
    """A timeout, a 5xx or a broken response: retry later."""

    code: ClassVar[ErrorCode] = "source_unreachable"


class UnsupportedServer(SourceUnreachable):
    """The server responds, but without any playback."""


class SpotifyUnreachable(SourceUnreachable):
    """An outage of Spotify."""

    code: ClassVar[ErrorCode] = "spotify_unreachable"


class RefreshFailed(SpotifyUnreachable):
    """The accounts service did not refresh an access token. No Web API call was spent."""

    counts_against_quota = False


class AccessTokenRefused(SpotifyUnreachable):
    """HTTP 401: the access token is rejected."""


class InvalidGrant(SourceError):  # noqa: N818
    """The token endpoint rejects an authorization code (``invalid_grant``)."""
