"""A uvicorn server with connection limits, without signal handlers, that ends streams first."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn

from widget.server.connections import ConnectionLimiter, ConnectionLimits

KEEP_ALIVE_SECONDS = 95
"""Longer than the routers of hosts keep idle connections (Heroku: 90 s), so that none of them finds one closed."""

# The program has to end within three seconds; open streams were ended before.
GRACE_SECONDS = 1
FREEZE_AFTER_SECONDS = 2.0
# A wave of visitors that reconnects after a restart must not be refused.
BACKLOG = 2048


class Server(uvicorn.Server):
    """Serves ``app`` within ``limits``.

    Calls ``started`` when it serves, and ``end_streams`` before it shuts down.
    """

    server_state: ConnectionLimiter

    def __init__(
        self,
        app: Any,
        *,
        limits: ConnectionLimits,
        started: Callable[[], None] = lambda: None,
        end_streams: Callable[[], None] = lambda: None,
        lifespan: Literal["on", "off", "auto"] = "on",
        h11: bool = False,
        freezes_objects: bool = True,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol_class(h11=h11),
                # Hosts set WEB_CONCURRENCY, which uvicorn would obey; the state is in one process.
                workers=1,
                log_config=None,
                access_log=False,
                server_header=False,
                # Hosts set FORWARDED_ALLOW_IPS to *, so the client's address would be one that anybody can invent.
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                backlog=BACKLOG,
                lifespan=lifespan,
                ws="none",
            )
        )
        self.server_state = ConnectionLimiter(limits)
        self._started_callback = started
        self._end_streams = end_streams
        self._freezes_objects = freezes_objects

    def stop(self) -> None:
        """End :meth:`serve` soon."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._started_callback()
            if self._freezes_objects:
                # Later, for it takes as long as ten answers.
                asyncio.get_running_loop().call_later(FREEZE_AFTER_SECONDS, _freeze_long_lived_objects)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: uvicorn waits for open responses, and a stream never ends by itself.
        self._end_streams()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory if installed; on Windows the selector loop, which psycopg needs."""
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop
    return uvicorn.Config("", log_config=None).get_loop_factory()


def protocol_class(*, h11: bool = False) -> type[asyncio.Protocol]:
    """Return the protocol on httptools if installed, else on h11."""
    if not h11:
        try:
            from widget.server.httptools_protocol import LimitedHttpToolsProtocol
        except ImportError:
            pass
        else:
            return LimitedHttpToolsProtocol
    from widget.server.h11_protocol import LimitedH11Protocol

    return LimitedH11Protocol


def _freeze_long_lived_objects() -> None:
    """Spare the garbage collector everything that was loaded: its runs make the slowest answers."""
    gc.unfreeze()  # A placeholder server may be gone.
    gc.collect()
    gc.freeze()
    # Rarer runs: with ten thousand streams they made the slowest writes. Not rarer still, as each picture leaves
    # forty objects in a circle, its artwork among them.
    gc.set_threshold(5_000, 20, 100)
