"""A server that stands in for another until it is known which one that is, on the same port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

from widget.server.server import Server
from widget.server.shutdown import ShutdownHandler

Found = TypeVar("Found")


async def serve_while(
    finding: Coroutine[Any, Any, Found], stand_in: Server, listener: socket.socket, ending: ShutdownHandler
) -> Found | None:
    """What ``finding`` gives or raises, with ``stand_in`` serving until then; None where that ended before.

    ``listener`` stays open: who comes between the two servers waits, and is answered by the next one.
    """
    task = asyncio.create_task(finding)
    task.add_done_callback(lambda _: stand_in.stop())
    ending.stop = stand_in.stop
    try:
        with listener.dup() as own:  # The server closes what it is given.
            await stand_in.serve(sockets=[own])
    finally:
        # After the server's end, however it ended: a signal stops the search for the database too.
        task.cancel()
        await asyncio.wait({task})
    if task.cancelled():
        return None
    error = task.exception()  # Looked at also where a signal came first, and it counts no more.
    if ending.started:
        return None
    if error is not None:
        raise error
    return task.result()
