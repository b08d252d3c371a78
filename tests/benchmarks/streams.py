"""Two thousand open event streams: what each costs, and when the last viewer sees a change.

``STREAMS=10000 python -m tests.benchmarks streams`` tries more.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable

import httpx
import psutil

from tests.benchmarks.http import measured
from tests.benchmarks.servers import INLET_TOKEN
from tests.benchmarks.table import row

STREAMS = int(os.environ.get("STREAMS", "2000"))
CHANGES = 5
GET = b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n"


def _allow_open_files() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


Publish = Callable[[httpx.AsyncClient, str], Awaitable[float]]
"""Makes a change by a server at an address; when it was made (monotonic s)."""


async def _published(http: httpx.AsyncClient, address: str) -> float:
    return float((await http.post(f"{address}/publish", timeout=30)).json()["at"])


async def _pushed(http: httpx.AsyncClient, address: str) -> float:
    """As a player pushes it, counted from before the request."""
    at = time.monotonic()
    track = {"track_name": f"Song {at}", "artist_name": "Somebody", "additional_info": {"duration_ms": 200_000}}
    body = {"listen_type": "playing_now", "payload": [{"track_metadata": track}]}
    headers = {"Authorization": f"Token {INLET_TOKEN}"}
    (await http.post(f"{address}/1/submit-listens", json=body, headers=headers, timeout=30)).raise_for_status()
    return at


async def _measure(port: int, process: psutil.Process, publish: Publish) -> tuple[float, list[float]]:
    before = process.memory_info().rss
    readers = []
    for _ in range(STREAMS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await reader.readuntil(b"data: ")
        await reader.readuntil(b"\n")
        readers.append((reader, writer))
    memory = (process.memory_info().rss - before) / STREAMS / 1024
    delays = []
    async with httpx.AsyncClient() as client:
        for _ in range(CHANGES):
            arrivals = asyncio.gather(*(_arrival(reader) for reader, _ in readers))
            await asyncio.sleep(0.2)
            published = await publish(client, f"http://127.0.0.1:{port}")
            delays.append(max(await arrivals) - published)
    for _, writer in readers:
        writer.close()
    return memory, delays


async def _arrival(reader: asyncio.StreamReader) -> float:
    await reader.readuntil(b"data: ")
    return time.monotonic()


def report() -> None:
    """Prints memory for a stream, and the time to the last of all viewers."""
    _allow_open_files()
    with measured("ours") as (port, process):
        memory, delays = asyncio.run(_measure(port, process, _published))
    row(f"streams: memory of each of {STREAMS}", f"{memory:.1f} KiB", "14 KiB")
    last = f"{statistics.median(delays) * 1000:.0f} ms"
    row("streams: until the last sees a change", last, "", f"at worst {max(delays) * 1000:.0f} ms")
    with measured("inlet") as (port, process):
        _, pushed = asyncio.run(_measure(port, process, _pushed))
    ratio = statistics.median(pushed) / statistics.median(delays)
    beside = f"{ratio:.2f} of a change that is known already; from before the request on"
    row("streams: until the last sees a player's push", f"{statistics.median(pushed) * 1000:.0f} ms", "", beside)
