"""A placeholder server on the same port, until the settings of the real one are known."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any, TypeVar

from widget.server.server import Server
from widget.server.shutdown import ShutdownHandler

Found = TypeVar("Found")


async def serve_while(
    search: Coroutine[Any, Any, Found], placeholder: Server, listener: socket.socket, shutdown: ShutdownHandler
) -> Found | None:
    """Serve ``placeholder`` while ``search`` runs; return or raise its outcome.

    None if the server ended first.

    ``listener`` stays open: clients that connect between the two servers are answered by the next one.
    """
    task = asyncio.create_task(search)
    task.add_done_callback(lambda _: placeholder.stop())
    shutdown.stop = placeholder.stop
    try:
        await asyncio.sleep(0)  # A signal until now cancels here: within the server its lifespan would log it.
        with listener.dup() as duplicate:  # The server closes its sockets.
            await placeholder.serve(sockets=[duplicate])
    finally:
        # After the server's end, however it ended: a signal stops the search for the database too.
        task.cancel()
        await asyncio.wait({task})
    if task.cancelled():
        return None
    error = task.exception()  # Retrieved even if a signal came first: asyncio would complain.
    if shutdown.started:
        return None
    if error is not None:
        raise error
    return task.result()
