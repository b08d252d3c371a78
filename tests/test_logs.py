"""The log: our own lines at the level that was set, those of libraries from warnings on, without their text."""

import asyncio
import logging

import pytest

from widget.server.logs import redact_library_record, should_log


def record(
    name: str, level: int, message: str, *values: object, error: BaseException | None = None
) -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord(name, level, __file__, 1, message, values, info)


@pytest.mark.parametrize(
    ("name", "level", "told"),
    [
        ("widget.now_playing.poller", logging.DEBUG, True),
        ("bootstrap.authorize", logging.DEBUG, True),
        ("urllib3.connectionpool", logging.DEBUG, False),
        ("widgetry", logging.INFO, False),
        ("httpx", logging.INFO, False),
        ("psycopg", logging.WARNING, True),
    ],
)
def test_libraries_are_never_logged_below_a_warning(name: str, level: int, told: bool) -> None:
    assert should_log(record(name, level, "x")) is told


@pytest.mark.parametrize(
    "said",
    [
        record("urllib3", logging.WARNING, "Retrying (%r) after '%r': %s", 1, OSError("x"), "/hooks/needle"),
        record("urllib3", logging.WARNING, "to %(url)s", {"url": "https://a.example/needle"}),
        record("a", logging.WARNING, "Failed to send to https://discord.example/api/needle?x=needle now"),
        record("a", logging.ERROR, "it failed", error=RuntimeError("needle")),
        record("a", logging.ERROR, "%-20s|%5.2f|%%s", "needle", 1.0),
    ],
)
def test_what_a_library_says_holds_no_value_and_no_address(said: logging.LogRecord) -> None:
    line = redact_library_record(said)
    assert "needle" not in line
    assert line.isprintable()


def test_who_is_cancelled_at_the_end_is_no_fault() -> None:

    assert not should_log(record("uvicorn.error", logging.ERROR, "Exception", error=asyncio.CancelledError()))
    assert should_log(record("uvicorn.error", logging.ERROR, "Exception", error=ValueError()))
