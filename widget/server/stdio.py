"""stdout and stderr that may be closed at any moment, without consequences."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any


@contextmanager
def robust_stdio() -> Iterator[None]:
    """Keep descriptors 0 to 2 open, and ignore a failing flush at the end of the context."""
    open_missing_descriptors()
    sys.stdout = sys.stdout or _devnull()
    sys.stderr = sys.stderr or _devnull()
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                redirect_to_devnull(stream)


def redirect_to_devnull(stream: IO[Any]) -> None:
    """Redirect ``stream`` to the null device.

    Otherwise its buffer would fail again at exit, and change the exit code.
    """
    with suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)


def open_missing_descriptors() -> None:
    """Open the descriptors that were closed before the start.

    Otherwise the next file or connection would get the number, such as the database, and be written to as stderr.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken, which is the missing one.
            os.open(os.devnull, os.O_RDWR)


def _devnull() -> IO[str]:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
