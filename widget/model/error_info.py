"""The table of error codes behind the banner, alerts, JSON messages and documentation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from widget.model.errors import ErrorCode
from widget.model.sources import SPOTIFY, SourceInfo


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """The texts of one code for the owner.

    Commands and variables in ``action`` are between backticks, as in Markdown.

    The texts of the table may name ``{label}``, ``{command}``, ``{user}`` and ``{credentials}`` of the source.
    """

    headline: str
    explanation: str
    action: str

    @property
    def message(self) -> str:
        """The explanation and the action in one line of plain text."""
        return f"{self.explanation} {self.action.replace('`', '')}"


ERROR_INFOS: Mapping[ErrorCode, ErrorInfo] = {
    "not_configured": ErrorInfo(
        "Not set up yet",
        "{label} is not set up yet.",
        "On your own computer run `{command}`. For a host, set the variables that `python -m bootstrap export` prints.",
    ),
    "needs_authorization": ErrorInfo(
        "Disconnected", "{label} no longer accepts the authorization.", "On your own computer run `{command}` again."
    ),
    "bad_credentials": ErrorInfo(
        "Credentials rejected", "{label} rejects {credentials}.", "Correct the value, or run `{command}` again."
    ),
    "forbidden": ErrorInfo(
        "Access refused",
        "{label} refuses access: the key or the account is suspended.",
        "Ask {label}, or run `{command}` with another one.",
    ),
    "unknown_user": ErrorInfo(
        "User not found", "{label} has no user with the name in {user}.", "Correct it, or run `{command}` again."
    ),
    "private": ErrorInfo(
        "Listening is hidden", "The user hides their listening at {label}.", "Make it public in the settings there."
    ),
    "rate_limited": ErrorInfo("Waiting", "{label} asks for fewer requests.", "Nothing to do; it resumes by itself."),
    "quota_exceeded": ErrorInfo(
        "Quota used up",
        "{label}'s quota for all apps of your developer account is used up.",
        "Nothing to do; it resumes by itself. To avoid it, lower `CALLS_PER_DAY` or stop other apps of the account.",
    ),
    "budget_spent": ErrorInfo(
        "Daily limit reached",
        "The calls that CALLS_PER_DAY allows are used up.",
        "Nothing to do; it resumes within a day. To allow more, raise `CALLS_PER_DAY`.",
    ),
    "spotify_unreachable": ErrorInfo("No response", "{label} does not respond.", "Nothing to do; it keeps trying."),
    "source_unreachable": ErrorInfo("No response", "{label} does not respond.", "Nothing to do; it keeps trying."),
    "store_unavailable": ErrorInfo(
        "Not working",
        "The database cannot be used now; the log says why.",
        "Check that the database in `DATABASE_URL` is reachable and writable.",
    ),
    "internal_error": ErrorInfo(
        "Not working",
        "An unexpected error occurred; the log has the details.",
        "Retrying. If this lasts, restart the server.",
    ),
}
"""The defaults. An adapter that knows more, such as the reason for a 403, raises its error with its own message."""

SPOTIFY_FORBIDDEN = ErrorInfo(
    "Access refused",
    "Spotify refuses access: the app's owner needs Premium, and the account must be on the app's user list.",
    "Check both at https://developer.spotify.com/dashboard.",
)
SEED_SPENT = ErrorInfo(
    "Connected until the next restart",
    "Spotify replaced the token of SPOTIFY_REFRESH_TOKEN. The next restart deletes the new one with this host's disk.",
    "Set `DATABASE_URL` to a Postgres database or a file on a mounted disk, then authorize again.",
)


def error_info(code: ErrorCode, source: SourceInfo = SPOTIFY, reauthorize: str | None = None) -> ErrorInfo:
    """Return the texts of ``code`` for ``source``.

    ``reauthorize`` replaces the action of a lost authorization.
    """
    info = SPOTIFY_FORBIDDEN if code == "forbidden" and source.needs_authorization else ERROR_INFOS[code]
    if code == "needs_authorization" and reauthorize is not None:
        info = replace(info, action=reauthorize)
    names = {
        "label": source.known_as,
        "command": source.setup_command,
        "user": f"{source.prefix}USER",
        "credentials": _credentials_of(source),
    }
    return ErrorInfo(*(text.format(**names) for text in (info.headline, info.explanation, info.action)))


def error_message(code: ErrorCode, source: SourceInfo = SPOTIFY, reauthorize: str | None = None) -> str:
    """Return the message of :func:`error_info`."""
    return error_info(code, source, reauthorize).message


def _credentials_of(source: SourceInfo) -> str:
    if source.needs_authorization:
        return f"{source.prefix}CLIENT_ID or {source.prefix}CLIENT_SECRET"
    return " or ".join(variable.name for variable in source.variables if variable.secret) or "the credentials"
