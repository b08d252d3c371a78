"""``/now-playing`` against a bare ASGI app on the same uvicorn: the server's CPU time for a request, side by side."""

import asyncio
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import psutil

from tests.benchmarks.table import row
from tests.support.commands import ROOT, start, wait_for
from tests.support.live_server import free_port

CONNECTIONS = 50
REQUESTS = 400
ROUNDS = 5


@contextmanager
def measured(name: str) -> Iterator[tuple[int, psutil.Process]]:
    """A server of ``tests.benchmarks.servers`` in a process of its own: its port, and the process."""
    port = free_port()
    process = start(
        "tests.benchmarks.servers", name, str(port), cwd=ROOT, environ={"PATH": "", "PYTHONPATH": str(ROOT)}
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=10)


async def _load(port: int, request: bytes, status: bytes) -> None:
    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(REQUESTS):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if status not in head[:16]:
                sys.exit(f"unexpected answer: {head[:60]!r}")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            if length:
                await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))


def cpu_microseconds(port: int, process: psutil.Process, request: bytes, status: bytes) -> float:
    """The server's CPU time for one request, in microseconds."""
    before = process.cpu_times()
    asyncio.run(_load(port, request, status))
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) * 1e6 / (CONNECTIONS * REQUESTS)


def report() -> None:
    """Prints the ratios; 1.00 is the bare application, more is better."""
    get = b"GET /now-playing HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        bare, ours = (stack.enter_context(measured(name)) for name in ("bare", "ours"))
        etag = httpx.get(f"http://127.0.0.1:{ours[0]}/now-playing").headers["etag"]
        conditional = get[:-2] + f"If-None-Match: {etag}\r\n\r\n".encode()
        rounds: dict[str, list[float]] = {"bare": [], "200": [], "304": []}
        for _ in range(ROUNDS):  # Side by side: the machine's other work hits all alike.
            rounds["bare"].append(cpu_microseconds(*bare, get, b" 200"))
            rounds["200"].append(cpu_microseconds(*ours, get, b" 200"))
            rounds["304"].append(cpu_microseconds(*ours, conditional, b" 304"))
    base = statistics.median(rounds["bare"])
    for name, aim in (("200", 0.85), ("304", 1.0)):
        cost = statistics.median(rounds[name])
        beside = f"of bare; {cost:.0f} µs of CPU each, bare {base:.0f} µs"
        row(f"requests: /now-playing, {name}", f"{base / cost:.2f}", f"{aim:.2f}", beside)
