"""The real command at a real terminal (a pseudo-terminal of POSIX)."""

import fcntl
import os
import struct
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

pty = pytest.importorskip("pty", reason="terminals are POSIX's")


def at_terminal(
    arguments: list[str],
    folder: Path,
    environ: Mapping[str, str],
    typing: Mapping[str, str] | None = None,
    columns: int = 80,
    module: str = "bootstrap",
) -> tuple[int, str]:
    """Run the command, type each text of ``typing`` at its prompt; return exit code and output."""
    process, terminal = pty.fork()
    if process == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-m", module, *arguments], dict(environ))  # noqa: S606
        finally:
            os._exit(127)  # Whatever happens, no second copy of the tests runs on.
    screen, waiting = b"", dict(typing or {})
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        screen += chunk
        for prompt in [prompt for prompt in waiting if prompt in screen.decode("utf-8", "replace")]:
            time.sleep(0.1)
            os.write(terminal, waiting.pop(prompt).encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen.decode("utf-8", "replace")
