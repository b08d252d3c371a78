"""``/now-playing`` against a bare ASGI app on the same uvicorn: the server's CPU time for a request, side by side."""

import asyncio
import statistics
import sys
from contextlib import ExitStack

import httpx
import psutil

from tests.benchmarks.baseline import NAME, benchmark_server, cpu_seconds, trees
from tests.benchmarks.table import row

CONNECTIONS = 50
REQUESTS = 400
ROUNDS = 7


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
    """Return the server's CPU time for one request, in microseconds."""
    before = cpu_seconds(process)
    asyncio.run(_load(port, request, status))
    return (cpu_seconds(process) - before) * 1e6 / (CONNECTIONS * REQUESTS)


def report() -> None:
    """Print the ratios; 1.00 is the bare application, more is better."""
    get = b"GET /now-playing HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        servers = {"bare": stack.enter_context(benchmark_server("bare"))}
        for name, root in stack.enter_context(trees()).items():
            servers[name] = stack.enter_context(benchmark_server("ours", root))
        rounds: dict[tuple[str, str], list[float]] = {}
        for _ in range(ROUNDS):  # Side by side: the machine's other work hits all alike.
            for name, server in servers.items():
                times = rounds.setdefault((name, "200"), [])
                times.append(cpu_microseconds(*server, get, b" 200"))
                if name != "bare":
                    times = rounds.setdefault((name, "304"), [])
                    times.append(cpu_microseconds(*server, _conditional(get, server[0]), b" 304"))
    costs = {of: statistics.median(times) for of, times in rounds.items()}
    base = costs["bare", "200"]
    for status, aim in (("200", 1.0), ("304", 1.1)):
        ours, old = costs["now", status], costs[NAME, status]
        beside = f"of bare; {ours:.0f} µs of CPU each, bare {base:.0f} µs, {NAME} {old:.0f} µs ({base / old:.2f})"
        row(f"requests: /now-playing, {status}", f"{base / ours:.2f}", f"{aim:.2f}", beside)


def _conditional(get: bytes, port: int) -> bytes:
    """Return ``get`` with the ETag of a song that has just begun a step of its progress."""
    url = f"http://127.0.0.1:{port}"
    httpx.post(f"{url}/publish", timeout=10).raise_for_status()
    etag = httpx.get(f"{url}/now-playing", timeout=10).headers["etag"]
    return get[:-2] + f"If-None-Match: {etag}\r\n\r\n".encode()
