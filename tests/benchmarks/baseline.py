"""Version 1.1.0 beside the present one: a work tree of its commit, from which the same servers are started."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.commands import ROOT, start_interpreter, wait_for
from tests.support.live_server import free_port

COMMIT = "73bc333"
NAME = "1.1.0"


@contextmanager
def trees() -> Iterator[dict[str, Path]]:
    """Yield the root folders of 1.1.0 and of the present version, by name."""
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / NAME
        _git("worktree", "add", "--detach", "--quiet", str(old), COMMIT)
        try:
            yield {NAME: old, "now": ROOT}
        finally:
            _git("worktree", "remove", "--force", str(old))


@contextmanager
def benchmark_server(name: str, root: Path = ROOT) -> Iterator[tuple[int, psutil.Process]]:
    """Yield port and process of a server of the ``tests.benchmarks.servers`` in ``root``."""
    port = free_port()
    environ = {"PATH": "", "PYTHONPATH": str(root)}
    process = start_interpreter("tests.benchmarks.servers", name, str(port), cwd=root, environ=environ)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=10)


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time that ``process`` has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True)
