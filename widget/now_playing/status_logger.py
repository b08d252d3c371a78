"""What the loop that asks says in the log: a change of state once, and nothing twice in a row."""

import logging

from widget.model.errors import ErrorCode, NowPlayingError, StoreError
from widget.model.snapshot import SourceProblem

log = logging.getLogger(__name__)


class StatusLogger:
    """Remembers what was told last."""

    def __init__(self) -> None:
        self._told: ErrorCode | None = None

    def log_change(self, problem: SourceProblem | None, error: Exception | None = None) -> None:
        """Says what changed: that there is a ``problem``, by ``error``, or that there is none any more."""
        code = None if problem is None else problem.code
        if code == self._told:
            return
        self._told = code
        if problem is None:
            log.info("Answers come again.")
            return
        level = logging.ERROR if code == "internal_error" else logging.WARNING
        trace = error if log.isEnabledFor(logging.DEBUG) else None
        log.log(level, "%s: %s", code, problem.message if error is None else describe_error(error), exc_info=trace)


def describe_error(error: Exception) -> str:
    """What ``error`` says, as far as that is safe: our own words, or the system's and its file."""
    if isinstance(error, StoreError):
        return "waiting for the database"  # Why, the store itself says, and no oftener than is good.
    if isinstance(error, NowPlayingError):
        return str(error)
    parts = (type(error).__name__, error.strerror, error.filename) if isinstance(error, OSError) else ()
    return ": ".join(str(part) for part in parts if part) or type(error).__name__
