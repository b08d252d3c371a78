"""Real processes that are forks of one which has imported everything: each starts in a tenth of the CPU time.

A process has its own number, files, directory, variables and signals, runs ``python -m MODULE`` from its first line and
ends as an interpreter does. Only the imports are done before, so tests about the start itself call Python directly.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import locale
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("widget", "bootstrap")
LIBRARIES = (
    "anyio._backends._asyncio",
    "apprise",
    "certifi",
    "encodings.idna",
    "filelock",
    "httpcore",
    "jinja2",
    "psycopg",
    "sqlite_utils",
    "uvicorn.lifespan.on",
    "uvloop",
)
"""Those that the program imports where it needs them."""

STANDARD_STREAMS = 3
MESSAGE_BYTES = 200_000
READ_AT_START = ("PYTHON", "LC_", "LANG")
"""Variables by which an interpreter starts in another way."""

CAN_FORK = sys.platform == "linux"


def can_fork(environ: Mapping[str, str]) -> bool:
    """Return whether a process with ``environ`` may be a fork: nothing in it asks for another interpreter."""
    asked = {name: value for name, value in environ.items() if name.startswith(READ_AT_START)}
    paths = asked.pop("PYTHONPATH", str(ROOT))
    return CAN_FORK and paths == str(ROOT) and all(os.environ.get(name) == value for name, value in asked.items())


class _Reader(threading.Thread):
    """Reads ``file`` to its end, and closes it."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(daemon=True)
        self.file, self.text = file, ""
        self.start()

    def run(self) -> None:
        with self.file:
            self.text = self.file.read()


class Fork:
    """A forked process on ``streams``, which the caller closes; with ``terminal`` they are its controlling terminal."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        cwd: Path,
        environ: Mapping[str, str],
        streams: Sequence[int],
        *,
        terminal: bool = False,
    ) -> None:
        self.args = [module, *arguments]
        self.returncode: int | None = None
        self._status, ended = os.pipe()
        try:
            wanted = json.dumps([module, arguments, str(cwd), dict(environ), terminal]).encode()
            self.pid = parent().fork(wanted, (*streams, ended))
        finally:
            os.close(ended)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self.returncode = int(os.read(self._status, 20))
            os.close(self._status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Process(Fork):
    """A forked process, to be used as a ``Popen`` with pipes for text."""

    def __init__(self, module: str, arguments: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> None:
        (stdin, to), (out, stdout), (err, stderr) = (os.pipe() for _ in range(STANDARD_STREAMS))
        self.stdin: IO[str] = os.fdopen(to, "w")
        self.stdout: IO[str] = os.fdopen(out)
        self.stderr: IO[str] = os.fdopen(err)
        self._readers: list[_Reader] = []
        try:
            super().__init__(module, arguments, cwd, environ, (stdin, stdout, stderr))
        finally:
            for number in (stdin, stdout, stderr):
                os.close(number)

    def communicate(self, input: str = "", timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Write ``input``, read all output, and wait for the end. Raises TimeoutExpired after ``timeout`` seconds."""
        end = time.monotonic() + (threading.TIMEOUT_MAX if timeout is None else timeout)
        if not self._readers:
            self._readers = [_Reader(self.stdout), _Reader(self.stderr)]
            with contextlib.suppress(BrokenPipeError):
                self.stdin.write(input)
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()
        for reader in self._readers:
            reader.join(max(0.0, end - time.monotonic()))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(None if timeout is None else max(0.0, end - time.monotonic()))
        out, err = self._readers
        return out.text, err.text


class Parent:
    """The process that has imported everything, and forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MESSAGE_BYTES)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.preloaded", str(theirs.fileno())],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self.close)

    def fork(self, wanted: bytes, files: Sequence[int]) -> int:
        """Return the number of a new process on ``files``: its three streams, and one that gets its exit code."""
        with self._lock:
            socket.send_fds(self._socket, [wanted], files)
            return int(self._socket.recv(20))

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@lru_cache(maxsize=1)
def parent() -> Parent:
    return Parent()


def start(module: str, *arguments: str, cwd: Path, environ: Mapping[str, str]) -> Process:
    """Start ``python -m MODULE`` as a fork; the caller ends it."""
    return Process(module, arguments, cwd, environ)


# ---- The parent's own side ---------------------------------------------------------------------------------------


def import_everything() -> None:
    modules = [
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
        if not module.name.endswith("__main__")
    ]
    for name in (*LIBRARIES, *modules):
        with contextlib.suppress(ImportError):  # A system may lack what it needs.
            importlib.import_module(name)


def serve(requests: socket.socket) -> tuple[str, list[str]] | None:
    """Fork for each request until the other side is gone. In the fork, return what it has to run."""
    ended: dict[int, int] = {}
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([requests.fileno(), waking], [], [])
        if waking in ready:
            os.read(waking, 1000)
            _report(ended)
        if requests.fileno() not in ready:
            continue
        wanted, files, _, _ = socket.recv_fds(requests, MESSAGE_BYTES, STANDARD_STREAMS + 1)
        if not wanted:
            return None
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for number in (*ended.values(), waking, woken):
                os.close(number)
            requests.close()
            return _become(json.loads(wanted), files)
        *streams, ended[process] = files
        for number in streams:
            os.close(number)
        requests.send(str(process).encode())


def _report(ended: dict[int, int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            process, status = found
            file = ended.pop(process)
            with contextlib.suppress(BrokenPipeError):
                os.write(file, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(file)


def _become(wanted: Any, files: list[int]) -> tuple[str, list[str]]:
    module, arguments, folder, environ, terminal = wanted
    if terminal:
        os.login_tty(os.dup(files[0]))
    for number, file in enumerate(files[:STANDARD_STREAMS]):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.path[0] = folder
    tempfile.tempdir = None
    time.tzset()
    locale.setlocale(locale.LC_CTYPE, "")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(number, "w", closefd=False))
            if number
            else io.BufferedReader(io.FileIO(number, closefd=False)),
            encoding="utf-8",
            errors="backslashreplace" if name == "stderr" else "strict",
            line_buffering=terminal or name == "stderr",
            write_through=number > 0 and "PYTHONUNBUFFERED" in environ,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    return module, arguments


if __name__ == "__main__":
    import_everything()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task = serve(socket.socket(fileno=int(sys.argv[1])))
    if task is not None:
        sys.argv[1:] = task[1]
        runpy.run_module(task[0], run_name="__main__", alter_sys=True)
