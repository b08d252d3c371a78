"""From the start of the process to its first answer, against a bare uvicorn, side by side."""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from tests.benchmarks.table import row
from tests.support.commands import ROOT, start
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


def milliseconds(module: str, folder: Path, *arguments: str) -> float:
    """How long it took until somebody answered."""
    port = free_port()
    given = [str(port) if argument == "PORT" else argument for argument in arguments]
    begun = time.perf_counter()
    process = start(module, *given, cwd=folder, environ={**ENVIRON, "PYTHONPATH": f"{folder}:{ROOT}"})
    try:
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
                return (time.perf_counter() - begun) * 1000
            except httpx.HTTPError:
                time.sleep(0.002)
    finally:
        process.kill()
        process.communicate()


def report() -> None:
    """Prints the ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare_server.py").write_text(BARE, encoding="utf-8")
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(milliseconds("bare_server", folder, "PORT"))
            ours.append(milliseconds("widget", folder, "--port", "PORT"))
    ratio = statistics.median(ours) / statistics.median(bare)
    beside = f"times bare uvicorn; {statistics.median(ours):.0f} ms, bare {statistics.median(bare):.0f} ms"
    row("start: from the process to its first answer", f"{ratio:.2f}", "1.80", beside)
