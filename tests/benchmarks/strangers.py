"""The worst visitors that we could think of, one kind after the other: their effect on ``/healthz`` and memory.

Beside 1.1.0, whose server gets the same visitors right after ours.
"""

import asyncio
import contextlib
import itertools
import logging
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.baseline import NAME, trees
from tests.benchmarks.memory import MEGABYTE
from tests.benchmarks.startup import ENVIRON
from tests.benchmarks.table import row
from tests.support.commands import ROOT, start_interpreter, wait_for
from tests.support.live_server import free_port

SECONDS = 6.0
OPEN_FILES = 256
LINE = b"GET /now-playing.svg HTTP/1.1\r\nHost: x\r\n"

Stranger = Callable[[int, asyncio.Event], Coroutine[Any, Any, None]]


async def _sends(port: int, end: asyncio.Event, chunks: Iterator[bytes]) -> None:
    """One connection after the other, each sent ``chunks`` as fast as it takes them, its answers read."""
    while not end.is_set():
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            reading = asyncio.create_task(_reads(reader))
            with contextlib.suppress(OSError):
                for chunk in chunks:
                    writer.write(chunk)
                    await asyncio.wait_for(writer.drain(), SECONDS)
                    if end.is_set() or reading.done():
                        break
            reading.cancel()
            writer.transport.abort()


async def _reads(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def tiny_header_lines(port: int, end: asyncio.Event) -> None:
    await _sends(port, end, itertools.chain([LINE], itertools.repeat(b"a:b\r\n" * 4000)))


async def whole_large_heads(port: int, end: asyncio.Event) -> None:
    await _sends(port, end, itertools.repeat(LINE + b"x: " + b"a" * 20_000_000 + b"\r\n\r\n"))


async def silent_sockets(port: int, end: asyncio.Event) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(writer.transport.abort)
        await end.wait()


async def slow_heads(port: int, end: asyncio.Event) -> None:
    async def one() -> None:
        while not end.is_set():
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(LINE)
                while not end.is_set():
                    await asyncio.sleep(0.2)
                    writer.write(b"x: y\r\n")
                    await writer.drain()

    await asyncio.gather(*(one() for _ in range(150)))


async def languages_and_accents(port: int, end: asyncio.Event) -> None:
    def requests(kind: int) -> Iterator[bytes]:
        for number in itertools.count():
            path = b"/widget" if number % 2 else b"/now-playing.svg"
            wanted = b"x%d-%d, qq;q=0.%d," % (kind, number, number) * 10
            query = b"?accent=%06x&lang=de-x%d" % (number % 0xFFFFFF, number)
            yield b"GET " + path + query + b" HTTP/1.1\r\nHost: x\r\nAccept-Language: " + wanted + b"\r\n\r\n"

    await asyncio.gather(*(_asks(port, end, requests(kind)) for kind in range(50)))


async def _asks(port: int, end: asyncio.Event, requests: Iterator[bytes]) -> None:
    """One request after the other on one connection, each when the one before was answered."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not end.is_set():
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
        writer.transport.abort()


async def pipelined_requests(port: int, end: asyncio.Event) -> None:
    await _sends(port, end, itertools.repeat((LINE + b"\r\n") * 500))


async def who_never_reads(port: int, end: asyncio.Event) -> None:
    async def one() -> None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            while not end.is_set():
                writer.write(b"GET /static/widget.js HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
                await asyncio.sleep(0.05)

    await asyncio.gather(*(one() for _ in range(50)))


async def endless_bodies(port: int, end: asyncio.Event) -> None:
    head = b"POST /now-playing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"b" * 65_536 + b"\r\n"
    await _sends(port, end, itertools.chain([head], itertools.repeat(chunk)))


async def nobody(port: int, end: asyncio.Event) -> None:
    await end.wait()


STRANGERS: Mapping[str, Stranger] = {
    "nobody": nobody,
    "one connection, endless tiny header lines": tiny_header_lines,
    "one connection, whole heads of 20 MB": whole_large_heads,
    "400 silent sockets": silent_sockets,
    "150 heads that come a line at a time": slow_heads,
    "50 visitors, ever other languages and accents": languages_and_accents,
    "500 requests at once, again and again": pipelined_requests,
    "50 who ask and never read": who_never_reads,
    "bodies without an end": endless_bodies,
}


def beside(kind: str, port: int, server: psutil.Process) -> tuple[list[float], float]:
    """Return how long ``/healthz`` took, each time, on a connection of its own (ms), and the most memory (MB).

    The visitors run at a lower priority: their computers are others than the server's.
    """
    strangers = start_interpreter("tests.benchmarks.strangers", kind, str(port), cwd=ROOT, environ=ENVIRON)
    psutil.Process(strangers.pid).nice(psutil.Process().nice() + 5)
    most, times = 0.0, []
    time.sleep(1.0)
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            times.append(_milliseconds(port))
            most = max(most, server.memory_info().rss / MEGABYTE)
            time.sleep(0.02)
    finally:
        strangers.kill()
        strangers.communicate()
    return times, most


def _milliseconds(port: int) -> float:
    """Return the time until ``/healthz`` has answered; no answer counts as the longest."""
    begun = time.perf_counter()
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection,
    ):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        if b" 200 " in connection.recv(4096):
            return (time.perf_counter() - begun) * 1000
    return SECONDS * 1000


@contextlib.contextmanager
def _limited_server(root: Path, folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """Yield port and process of ``python -m widget --demo`` from ``root`` under ``ulimit -n 256``."""
    port = free_port()
    limited = f"import resource,runpy; resource.setrlimit(resource.RLIMIT_NOFILE, ({OPEN_FILES}, {OPEN_FILES})); "
    (folder / "limited.py").write_text(
        f"{limited}runpy.run_module('widget', run_name='__main__', alter_sys=True)", encoding="utf-8"
    )
    environ = {**ENVIRON, "PYTHONPATH": f"{folder}:{root}"}
    process = start_interpreter("limited", "--demo", "--port", str(port), cwd=folder, environ=environ)
    try:
        wait_for(f"http://127.0.0.1:{port}/now-playing.svg", process)
        yield port, psutil.Process(process.pid)
    finally:
        process.kill()
        process.communicate()


def report() -> None:
    """Print a row for each kind of visitor, the present version beside 1.1.0."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = {
            name: stack.enter_context(_limited_server(root, folder))
            for name, root in stack.enter_context(trees()).items()
        }
        for kind in STRANGERS:
            times, most = beside(kind, *servers["now"])
            old_times, old_most = beside(kind, *servers[NAME])
            slow, old = _of_a_hundred(times, 99), _of_a_hundred(old_times, 99)
            ratio = f"{slow / old:.2f} of {NAME}'s {old:.0f} ms"
            numbers = f"median {_of_a_hundred(times, 50):.0f}, worst {max(times):.0f} ms of {len(times)}"
            row(
                f"99 in 100 /healthz: {kind}",
                f"{slow:.0f} ms",
                "100 ms",
                f"{ratio}; {numbers}; {most:.0f} MB, {NAME} {old_most:.0f} MB",
            )


def _of_a_hundred(times: list[float], rank: int) -> float:
    # There is one alone if the server never answered.
    return times[0] if len(times) == 1 else statistics.quantiles(times, n=100, method="inclusive")[rank - 1]


if __name__ == "__main__":
    logging.disable()  # That the server ends connections is what they are there for.
    asyncio.run(STRANGERS[sys.argv[1]](int(sys.argv[2]), asyncio.Event()))
