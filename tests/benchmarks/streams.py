"""Two thousand open event streams: what each costs, and when the last viewer sees a change.

``STREAMS=10000 python -m tests.benchmarks streams`` tries more.
"""

import asyncio
import os
import statistics
import time

import httpx
import psutil

from tests.benchmarks.http import measured

STREAMS = int(os.environ.get("STREAMS", "2000"))
CHANGES = 5
GET = b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n"


def _allow_open_files() -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _measure(port: int, process: psutil.Process) -> tuple[float, list[float]]:
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
            published = (await client.post(f"http://127.0.0.1:{port}/publish", timeout=30)).json()["at"]
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
        memory, delays = asyncio.run(_measure(port, process))
    print(
        f"{STREAMS} streams: {memory:.1f} KiB each (aim 14); the last viewer after "
        f"{statistics.median(delays) * 1000:.0f} ms (at worst {max(delays) * 1000:.0f} ms)"
    )
