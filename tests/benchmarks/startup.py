"""From the start of the process to its first answer, beside 1.1.0 and a bare uvicorn."""

import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.benchmarks.baseline import NAME, cpu_seconds, trees
from tests.benchmarks.table import row
from tests.support.commands import ROOT, start_interpreter
from tests.support.live_server import free_port

ROUNDS = 9
ENVIRON = {"PATH": "", "PYTHONPATH": str(ROOT), "HOME": "/nowhere"}
BARE = """
import sys, uvicorn
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", lifespan="off")
"""


def milliseconds(module: str, root: Path, folder: Path, *arguments: str) -> tuple[float, float]:
    """Return the time until a new process of ``module``, from ``root``, gave its first answer, and its CPU time."""
    port = free_port()
    given = [str(port) if argument == "PORT" else argument for argument in arguments]
    begun = time.perf_counter()
    process = start_interpreter(module, *given, cwd=folder, environ={**ENVIRON, "PYTHONPATH": f"{folder}:{root}"})
    try:
        _wait_for_answer(port)
        return (time.perf_counter() - begun) * 1000, cpu_seconds(psutil.Process(process.pid)) * 1000
    finally:
        process.kill()
        process.communicate()


def _wait_for_answer(port: int, seconds: float = 30.0) -> None:
    """Return as soon as there is an answer; a bare socket, for a client's own imports and pauses would count too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                if connection.recv(12):
                    return
        except OSError:
            time.sleep(0.002)
    sys.exit("the server does not start")


def report() -> None:
    """Print the ratio to 1.1.0."""
    with tempfile.TemporaryDirectory() as name, trees() as roots:
        folder = Path(name)
        (folder / "bare_server.py").write_text(BARE, encoding="utf-8")
        measured: dict[str, list[tuple[float, float]]] = {}
        for _ in range(ROUNDS + 1):
            measured.setdefault("bare", []).append(milliseconds("bare_server", ROOT, folder, "PORT"))
            for version, root in roots.items():
                database = f"sqlite:///{folder}/{version}.db"
                took = milliseconds("widget", root, folder, "--port", "PORT", "--database", database)
                measured.setdefault(version, []).append(took)
    _print("from the process to its first answer", "0.80", measured, 0, statistics.median)
    # CPU time is counted in steps of 10 ms, so the mean says more.
    _print("CPU until then", "", measured, 1, statistics.fmean)


def _print(
    name: str,
    aim: str,
    measured: Mapping[str, list[tuple[float, float]]],
    column: int,
    middle: Callable[[list[float]], float],
) -> None:
    # The first round compiles.
    first = {version: middle([took[column] for took in rounds[1:]]) for version, rounds in measured.items()}
    beside = f"of {NAME}; {first['now']:.0f} ms, {NAME} {first[NAME]:.0f} ms, bare uvicorn {first['bare']:.0f} ms"
    row(f"start: {name}", f"{first['now'] / first[NAME]:.2f}", aim, beside)
