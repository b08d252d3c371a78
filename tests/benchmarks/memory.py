"""Resident memory of ``python -m widget --demo`` once every face was visited, beside a bare uvicorn."""

import tempfile
import time
from pathlib import Path

import httpx
import psutil

from tests.benchmarks.startup import BARE, ENVIRON
from tests.benchmarks.table import row
from tests.support.commands import ROOT, start, wait_for
from tests.support.live_server import free_port

MEGABYTE = 1024 * 1024
FACES = (
    "/",
    "/now-playing",
    "/api/now-playing",
    "/widget",
    "/widget?layout=cover",
    "/widget?layout=compact",
    "/now-playing.svg",
    "/now-playing.svg?layout=cover",
    "/embed.js",
    "/oembed?url=ADDRESS/widget",
    "/listen",
    "/healthz",
    "/readyz",
)
LANGUAGES = ("en", "de", "ar", "he", "ja", "zh-TW", "hi", "ru")


def resident(module: str, folder: Path, *arguments: str, visit: bool) -> float:
    """MB of the process ``python -m MODULE``, after ``visit`` of all faces in several languages."""
    port = free_port()
    given = [str(port) if argument == "PORT" else argument for argument in arguments]
    process = start(module, *given, cwd=folder, environ={**ENVIRON, "PYTHONPATH": f"{folder}:{ROOT}"})
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process)
        if visit:
            _visit(address)
        return psutil.Process(process.pid).memory_info().rss / MEGABYTE
    finally:
        process.kill()
        process.communicate()


def _visit(address: str) -> None:
    with httpx.Client(base_url=address, timeout=10) as client:
        for language in LANGUAGES:
            for face in FACES:
                client.get(face.replace("ADDRESS", address), headers={"Accept-Language": language})
        item = client.get("/now-playing").json()["item"]
        if item is not None and item["artwork_path"] is not None:
            client.get(item["artwork_path"])
        with client.stream("GET", "/now-playing/events") as stream:
            next(stream.iter_lines())
    time.sleep(0.5)


def report() -> None:
    """Prints both, and what is added by faces that were visited."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare_server.py").write_text(BARE, encoding="utf-8")
        bare = resident("bare_server", folder, "PORT", visit=False)
        fresh, visited = (
            resident("widget", folder, "--demo", "--port", "PORT", visit=visit) for visit in (False, True)
        )
    beside = f"after the start {fresh:.0f} MB, bare uvicorn {bare:.0f} MB"
    row("memory: resident, once every face was visited", f"{visited:.0f} MB", "50 MB", beside)
