"""Resident memory of ``python -m widget`` once every route was visited, beside 1.1.0 and a bare uvicorn.

Spotify is simulated by another process; its artwork is out of reach.
"""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil

from tests.benchmarks.baseline import NAME, trees
from tests.benchmarks.startup import BARE, ENVIRON
from tests.benchmarks.table import row
from tests.support.commands import ROOT, Spotify, spotify, start_interpreter, wait_for
from tests.support.live_server import free_port
from widget.sources.spotify.accounts_api import SCOPES

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


def resident(
    module: str, root: Path, folder: Path, *arguments: str, visit: bool, environ: Mapping[str, str] | None = None
) -> float:
    """Return the MB of a process of ``module`` from ``root``, after ``visit`` of all routes in several languages."""
    port = free_port()
    given = [str(port) if argument == "PORT" else argument for argument in arguments]
    process = start_interpreter(
        module, *given, cwd=folder, environ={**ENVIRON, **(environ or {}), "PYTHONPATH": f"{folder}:{root}"}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/healthz", process)
        if visit:
            _visit(address)
        return float(psutil.Process(process.pid).memory_info().rss) / MEGABYTE
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
    """Print the ratio to 1.1.0, each with a database of its own, and without the PNG, which 1.1.0 has not."""
    with tempfile.TemporaryDirectory() as name, trees() as roots, spotify() as service:
        folder = Path(name)
        (folder / "bare_server.py").write_text(BARE, encoding="utf-8")
        bare = resident("bare_server", ROOT, folder, "PORT", visit=False)
        sizes: dict[tuple[str, bool], float] = {}
        for version, root in roots.items():
            database = ("--port", "PORT", "--database", f"sqlite:///{folder}/{version}.db")
            # Creates the database and the bytecode, which a restart finds.
            resident("widget", root, folder, *database, visit=True, environ=_seeded(service))
            for visit in (False, True):
                sizes[version, visit] = resident(
                    "widget", root, folder, *database, visit=visit, environ=_spotify(service)
                )
    now, old = sizes["now", True], sizes[NAME, True]
    beside = f"of {NAME}; {now:.0f} MB, {NAME} {old:.0f} MB"
    beside += f"; after the start {sizes['now', False]:.0f} and {sizes[NAME, False]:.0f} MB, bare uvicorn {bare:.0f} MB"
    row("memory: resident, once every route was visited while a song plays", f"{now / old:.2f}", "0.90", beside)


def _spotify(service: Spotify) -> dict[str, str]:
    return {name: value for name, value in service.environ.items() if name.startswith("SPOTIFY_")}


def _seeded(service: Spotify) -> dict[str, str]:
    return {**_spotify(service), "SPOTIFY_REFRESH_TOKEN": service.simulator.grant(SCOPES)}
