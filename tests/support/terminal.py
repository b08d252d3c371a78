"""The real command at a real terminal (a pseudo-terminal of POSIX)."""

import fcntl
import os
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support import preloaded

pty = pytest.importorskip("pty", reason="terminals are POSIX's")


def run_at_terminal(
    arguments: list[str],
    folder: Path,
    environ: Mapping[str, str],
    typing: Mapping[str, str] | None = None,
    columns: int = 80,
    module: str = "bootstrap",
) -> tuple[int, str]:
    """Run the command, type each text of ``typing`` at its prompt; return exit code and output."""
    terminal, end_of_program = pty.openpty()
    fcntl.ioctl(end_of_program, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        wait = _start([module, *arguments], folder, environ, end_of_program)
    finally:
        os.close(end_of_program)
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
    code = wait()
    os.close(terminal)
    return code, screen.decode("utf-8", "replace")


def _start(command: list[str], folder: Path, environ: Mapping[str, str], terminal: int) -> Callable[[], int]:
    """Start ``python -m COMMAND`` with ``terminal`` as its own; return what waits for its exit code."""
    if preloaded.can_fork(environ):
        module, *arguments = command
        return preloaded.Fork(module, arguments, folder, environ, [terminal] * 3, terminal=True).wait
    process = os.fork()
    if process == 0:
        try:
            os.login_tty(terminal)
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-m", *command], dict(environ))  # noqa: S606
        finally:
            os._exit(127)  # Whatever happens, no second copy of the tests runs on.
    return lambda: os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
