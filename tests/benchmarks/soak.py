"""A soak: every source in turn with faults at random, while streams, visitors and posts come and go.

Memory, open files, tasks and log lines must be flat after the warm-up, else it exits with 1.
"""

import asyncio
import contextlib
import json
import random
import statistics
import sys
import time
from dataclasses import dataclass

import httpx

from tests.benchmarks.baseline import benchmark_server
from tests.benchmarks.memory import LANGUAGES, MEGABYTE
from tests.benchmarks.table import row
from widget.model.sources import SOURCES

MINUTES = 10.0
LOAD_SECONDS, QUIET_SECONDS = 4.0, 1.5
WARM_UP_SHARE = 0.35
VISITORS, STREAMS, POSTERS = 6, 30, 3
MAX_GROWTH = {"memory": 4.0, "files": 5, "tasks": 5}
"""From the median of the first half after the warm-up to that of the second; memory in MB."""

MAX_LOG_LINES_PER_MINUTE = 30.0
ROUTES = (
    *("/", "/widget", "/widget?layout=cover", "/now", "/now-playing", "/api/now-playing", "/now-playing.txt"),
    *("/now-playing.svg", "/now-playing.svg?layout=list", "/embed.js", "/listen", "/healthz", "/readyz", "/robots.txt"),
    *("/oembed?url=ADDRESS/widget", "/static/widget.js", "/nowhere", "/artwork/" + "0" * 32),
)
REQUESTS = (
    b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /setup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nkey=",
    b"GET /now-playing HTTP/1.1\r\nHost: [::::]\r\n\r\n" * 80,
    b"GET /widget HTTP/1.1\r\nHost",
    b"\x16\x03\x01\x02\x00",
)


@dataclass(frozen=True)
class Sample:
    """The process in a moment without load: memory in MB, numbers of files, tasks and log lines so far."""

    at: float
    memory: float
    files: int
    tasks: int
    lines: int


class Load:
    """Visitors, viewers and posts at ``port``, all at random."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port, self._chance = port, chance
        self._url = f"http://127.0.0.1:{port}"

    async def run(self, seconds: float) -> None:
        """Put load on the server for so long; nothing is left open."""
        end = time.monotonic() + seconds
        async with httpx.AsyncClient(base_url=self._url, timeout=10) as http:
            visitors = (self._visit(http, end) for _ in range(VISITORS))
            viewers = (self._view(end) for _ in range(STREAMS))
            await asyncio.gather(*visitors, *viewers, *(self._post(http, end) for _ in range(POSTERS)))

    async def _visit(self, http: httpx.AsyncClient, end: float) -> None:
        while time.monotonic() < end:
            route = self._chance.choice(ROUTES).replace("ADDRESS", self._url)
            method = self._chance.choice(["GET", "GET", "GET", "HEAD", "OPTIONS"])
            headers = {"Accept-Language": self._chance.choice(LANGUAGES)}
            with contextlib.suppress(httpx.HTTPError):
                await http.request(method, route, headers=headers)
            await asyncio.sleep(self._chance.uniform(0, 0.2))

    async def _view(self, end: float) -> None:
        """Open streams and unfinished or odd requests, and leave them at any moment."""
        while time.monotonic() < end:
            with contextlib.suppress(OSError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(self._chance.choice(REQUESTS))
                async with asyncio.timeout(self._chance.uniform(0.01, 2)):
                    while await reader.read(65_536):
                        pass
            writer.transport.abort()

    async def _post(self, http: httpx.AsyncClient, end: float) -> None:
        while time.monotonic() < end:
            track = {"track_name": f"Song {self._chance.randrange(50)}", "artist_name": "Somebody"}
            body = {"listen_type": "playing_now", "payload": [{"track_metadata": track}]}
            content = json.dumps(body) if self._chance.random() < 0.7 else "{" * self._chance.randrange(1, 20_000)
            token = self._chance.choice(["Token wrong", ""])
            with contextlib.suppress(httpx.HTTPError):
                await http.post("/1/submit-listens", content=content, headers={"Authorization": token})
            await asyncio.sleep(self._chance.uniform(0.2, 1))


def soak(source: str, seconds: float) -> list[Sample]:
    """Return the samples of a server whose ``source`` fails at random."""
    chance, samples = random.Random(source), list[Sample]()  # noqa: S311
    with benchmark_server(f"soak-{source}") as (port, process):
        load, end = Load(port, chance), time.monotonic() + seconds
        while time.monotonic() < end:
            asyncio.run(load.run(LOAD_SECONDS))
            time.sleep(QUIET_SECONDS)
            inside = httpx.get(f"http://127.0.0.1:{port}/inside", timeout=10).json()
            memory = float(process.memory_info().rss) / MEGABYTE
            samples.append(Sample(time.monotonic(), memory, process.num_fds(), inside["tasks"], inside["lines"]))
    return samples


def faults(samples: list[Sample]) -> tuple[list[str], str]:
    """Return what grew, and the figures for the table."""
    steady = samples[int(len(samples) * WARM_UP_SHARE) :]
    halves = steady[: len(steady) // 2], steady[len(steady) // 2 :]
    found, figures = [], []
    for name, most in MAX_GROWTH.items():
        first, last = (statistics.median(getattr(sample, name) for sample in half) for half in halves)
        figures.append(f"{name} {first:.0f} → {last:.0f}")
        if last - first > most:
            found.append(f"{name} grew from {first:.1f} to {last:.1f}")
    minutes = (steady[-1].at - steady[0].at) / 60
    rate = (steady[-1].lines - steady[0].lines) / minutes
    figures.append(f"{rate:.1f} log lines a minute")
    if rate > MAX_LOG_LINES_PER_MINUTE:
        found.append(f"{rate:.1f} log lines a minute")
    return found, ", ".join(figures)


def report(minutes: float = MINUTES) -> None:
    """Print a row for each source; exit with 1 if something grew."""
    grew = []
    for source in SOURCES:
        samples = soak(source, minutes * 60 / len(SOURCES))
        found, figures = faults(samples)
        grew += [f"{source}: {fault}" for fault in found]
        row(f"soak: {source}, {minutes / len(SOURCES):.1f} minutes", "flat" if not found else "GREW", "flat", figures)
    if grew:
        sys.exit("; ".join(grew))
