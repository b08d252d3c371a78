"""Logging: our own lines as they are; warnings and errors of libraries without their values."""

from __future__ import annotations

import asyncio
import logging
import re
import sys

from widget.server.stdio import redirect_to_devnull

OWN_LOGGERS = ("widget", "bootstrap")

_PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[hlL]?[a-zA-Z]")
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)
_MAX_LIBRARY_LINE_LENGTH = 200


def configure_logging(level: str) -> None:
    """Log our own records from ``level`` on, one line each.

    Those of libraries from warning on, or ``level`` if that is higher.
    """
    handler = _Lines(sys.stderr)
    handler.addFilter(should_log)
    handler.setFormatter(_OneLine())
    root = logging.getLogger()
    # In place of all others, which a library may have added at import.
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, getattr(logging, level.upper())))
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level.upper())
    # Its warnings are about the input of strangers, its errors about us.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


def should_log(record: logging.LogRecord) -> bool:
    """Return whether to log ``record``; a library may have lowered the level of its logger."""
    if is_own(record):
        return True
    was_cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    is_end = record.name == "uvicorn.error" and str(record.msg).startswith("Cancel ")
    return record.levelno >= logging.WARNING and not was_cancelled and not is_end


def is_own(record: logging.LogRecord) -> bool:
    """Return whether ``record`` is our own, not a library's."""
    return record.name.split(".")[0] in OWN_LOGGERS


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        if is_own(record):
            trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info and record.exc_info[0] else ""
            return f"{record.levelname}: {_one_line(record.getMessage())}{trace}"
        return f"{record.levelname}: {record.name}: {redact_library_record(record)}"


class _Lines(logging.StreamHandler):  # type: ignore[type-arg]
    """A handler that a closed stderr neither stops nor makes complain."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if isinstance(sys.exc_info()[1], OSError):
            redirect_to_devnull(self.stream)


def redact_library_record(record: logging.LogRecord) -> str:
    """Return a library's message without its values: URLs hold keys, and errors hold URLs."""
    said = _ADDRESS.sub("…", _PLACEHOLDER.sub("…", _one_line(str(record.msg))))
    raised = f" ({record.exc_info[0].__name__})" if record.exc_info and record.exc_info[0] else ""
    return said[:_MAX_LIBRARY_LINE_LENGTH] + raised


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()
