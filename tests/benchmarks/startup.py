"""From the start of the process to its first answer, beside 1.1.0 and a bare uvicorn."""

import socket
import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.baseline import NAME, trees
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


def milliseconds(module: str, root: Path, folder: Path, *arguments: str) -> float:
    """Return how long it took until a new process of ``module``, from ``root``, gave its first answer."""
    port = free_port()
    given = [str(port) if argument == "PORT" else argument for argument in arguments]
    begun = time.perf_counter()
    process = start_interpreter(module, *given, cwd=folder, environ={**ENVIRON, "PYTHONPATH": f"{folder}:{root}"})
    try:
        _wait_for_answer(port)
        return (time.perf_counter() - begun) * 1000
    finally:
        process.kill()
        process.communicate()


def _wait_for_answer(port: int) -> None:
    """Return as soon as there is an answer; a bare socket, for a client's own imports and pauses would count too."""
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                if connection.recv(12):
                    return
        except OSError:
            time.sleep(0.002)


def report() -> None:
    """Print the ratio to 1.1.0."""
    with tempfile.TemporaryDirectory() as name, trees() as roots:
        folder = Path(name)
        (folder / "bare_server.py").write_text(BARE, encoding="utf-8")
        times: dict[str, list[float]] = {}
        for _ in range(ROUNDS + 1):
            times.setdefault("bare", []).append(milliseconds("bare_server", ROOT, folder, "PORT"))
            for version, root in roots.items():
                database = f"sqlite:///{folder}/{version}.db"
                took = milliseconds("widget", root, folder, "--port", "PORT", "--database", database)
                times.setdefault(version, []).append(took)
    first = {version: statistics.median(several[1:]) for version, several in times.items()}  # The first compiles.
    beside = f"of {NAME}; {first['now']:.0f} ms, {NAME} {first[NAME]:.0f} ms, bare uvicorn {first['bare']:.0f} ms"
    row("start: from the process to its first answer", f"{first['now'] / first[NAME]:.2f}", "0.80", beside)
