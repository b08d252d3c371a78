"""uvicorn as we need it: with limits, one worker, its signals ours, and streams that end before it does."""

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
"""Longer than the routers of hosts keep idle connections (Heroku: 90 s), so that none of them meets a closed one."""

GRACE_SECONDS = 1
BACKLOG = 2048


class Server(uvicorn.Server):
    """Serves ``app`` within ``limits``. ``started`` is called once it does, ``end_streams``
    when it shall end."""

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
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol_class(h11=h11),
                workers=1,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                backlog=BACKLOG,
                lifespan=lifespan,
                ws="none",
            )
        )
        self.server_state = ConnectionLimiter(limits)
        self._tell_started = started
        self._end_streams = end_streams

    def stop(self) -> None:
        """Ends :meth:`serve` soon."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell_started()
            _keep_the_collector_off_what_stays()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is; on Windows the loop of selectors, for Postgres is spoken to by one."""
    if sys.platform == "win32":
        return asyncio.SelectorEventLoop
    return uvicorn.Config("", log_config=None).get_loop_factory()


def protocol_class(*, h11: bool = False) -> type[asyncio.Protocol]:
    """How HTTP is spoken: by httptools where it is there, else by h11."""
    if not h11:
        try:
            from widget.server.httptools_protocol import LimitedHttpToolsProtocol
        except ImportError:
            pass
        else:
            return LimitedHttpToolsProtocol
    from widget.server.h11_protocol import LimitedH11Protocol

    return LimitedH11Protocol


def _keep_the_collector_off_what_stays() -> None:
    gc.unfreeze()  # A server that stood in for this one may be gone.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
