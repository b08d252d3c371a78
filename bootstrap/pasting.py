"""Lines that are pasted on stdin, for machines whose browser is elsewhere."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable

_CHUNK_BYTES = 65_536


async def read_stdin_lines(descriptor: int) -> AsyncIterator[str]:
    """The lines that are written to ``descriptor``, until its end."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue()

    def put(line: str | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(lines.put_nowait, line)

    # A daemon thread over the bare descriptor: no lock of Python's own stdin is held when the program ends.
    threading.Thread(target=_read, args=(descriptor, put), name="stdin", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


def _read(descriptor: int, put: Callable[[str | None], None]) -> None:
    rest = b""
    while chunk := _chunk(descriptor):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            put(line.decode("utf-8", "replace").strip())
    if rest.strip():
        put(rest.decode("utf-8", "replace").strip())
    put(None)


def _chunk(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK_BYTES)
    except OSError:
        return b""
