"""stdout and stderr, which may be closed, or closed by the other end, at any moment: that changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import click


@contextmanager
def robust_stdio() -> Iterator[None]:
    """While the context lasts descriptors 0 to 2 are taken, and at its end nothing is left that cannot be written."""
    open_missing_descriptors()
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    try:
        yield
    finally:
        for outlet in (sys.stdout, sys.stderr):
            try:
                outlet.flush()
            except (OSError, ValueError):
                redirect_to_devnull(outlet)


def echo(text: str, *, to_stderr: bool = False) -> None:
    """Writes one line, where somebody takes it."""
    try:
        click.echo(text, err=to_stderr)
    except (OSError, ValueError):
        redirect_to_devnull(sys.stderr if to_stderr else sys.stdout)


def redirect_to_devnull(outlet: IO[Any]) -> None:
    """From now on ``outlet`` leads nowhere: what it still holds would fail again at the end, and change how we end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, outlet.fileno())
        os.close(nowhere)


def open_missing_descriptors() -> None:
    """A descriptor that was closed before the start would be given to the next file or connection, a database's say,
    and whoever writes to stderr would write there."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is taken, which is the missing one.
            os.open(os.devnull, os.O_RDWR)


def _nowhere() -> IO[str]:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
