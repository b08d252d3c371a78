"""Every error that the program raises on purpose, named by what the caller must do.

::

    NowPlayingError               one line for people: what happened and what to do next
    ├── ConfigurationError        use or configuration is wrong: mend it, start again (exit code 2)
    ├── StoreError                the database cannot be used now
    ├── AuthorizationError        an authorization ended without a token: start another (exit code 1)
    └── SourceError               the source cannot be asked now; carries the contract's code
        ├── NotConfigured         run the bootstrap
        ├── NeedsAuthorization    authorize again; do not refresh any more (invalid_grant)
        ├── CodeRefused           the authorization code is spent, expired or not ours: begin again
        ├── BadCredentials        mend client ID or secret; keep the token (invalid_client)
        ├── Forbidden             the source refuses the app or the account; ask again much later
        │   └── ScopeMissing      do without this endpoint until a new authorization
        ├── UnknownUser           mend the name of the user
        ├── Private               the user hides what plays: switch that off
        ├── Throttled             no call at all until ``retry_after`` has passed
        │   ├── RateLimited
        │   └── QuotaExceeded
        ├── BudgetSpent           our own calls a day are spent
        └── SourceUnreachable     time-outs, 5xx, broken answers: ask again with backoff
            └── SpotifyUnreachable
                ├── RefreshUnanswered   the same, of a refresh: no call was spent, ask again soon
                └── AccessTokenRefused  401: refresh once, try once more, then stop
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
"""Nobody refused anything: the last good answer may stand a while, and asking again soon is right."""

PERMANENT_CODES: frozenset[ErrorCode] = frozenset({"bad_credentials", "forbidden", "unknown_user", "private"})
"""Somebody refused, and goes on refusing until the owner does something."""


class NowPlayingError(Exception):
    """Something that a person is told of in one line; ``str()`` is that line and holds no secret."""


class ConfigurationError(NowPlayingError):
    """Wrong use or configuration. ``faults`` holds one line for each fault found."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(NowPlayingError):
    """The database cannot be read or written now."""


AuthorizationFailure = Literal["denied", "refused", "forbidden", "wrong_account", "unreachable"]


class AuthorizationError(NowPlayingError):
    """An authorization that ended without a stored token. ``failure`` is the kind of it."""

    def __init__(self, message: str, failure: AuthorizationFailure) -> None:
        super().__init__(message)
        self.failure = failure


class SourceError(NowPlayingError):
    """The source cannot be asked, or did not answer as needed.

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
    """The client ID, secret, key or token that the owner set is refused; at Spotify the refresh token may be fine."""

    code = "bad_credentials"


class Forbidden(SourceError):  # noqa: N818
    """Refused for good: at Spotify no Premium, or not on the app's user list; elsewhere the key is suspended."""

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
    """The calls that ``CALLS_PER_DAY`` allows are spent."""

    code = "budget_spent"


class UnknownUser(SourceError):  # noqa: N818
    """The source knows nobody of the name that the owner set."""

    code = "unknown_user"


class ProfilePrivate(SourceError):  # noqa: N818
    """The user hides what plays from everybody."""

    code = "private"


class SourceUnreachable(SourceError):  # noqa: N818
    """A time-out, a 5xx, a broken answer: nobody's fault here, ask again later."""

    code: ClassVar[ErrorCode] = "source_unreachable"


class SpotifyUnreachable(SourceUnreachable):
    """The same, of Spotify."""

    code: ClassVar[ErrorCode] = "spotify_unreachable"


class RefreshFailed(SpotifyUnreachable):
    """The accounts service did not refresh an access token. No Web API call was spent."""

    counts_against_quota = False


class AccessTokenRefused(SpotifyUnreachable):
    """HTTP 401: the access token is refused."""


class InvalidGrant(SourceError):  # noqa: N818
    """The token endpoint refused an authorization code (``invalid_grant``)."""
