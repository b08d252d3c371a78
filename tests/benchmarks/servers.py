"""The measured servers: ``python -m tests.benchmarks.servers NAME PORT``."""

import asyncio
import gc
import logging
import random
import socket
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from tempfile import mkdtemp
from typing import Any, Literal

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.web_harness import WebHarness, item, playing
from widget.app import create_app
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.demo import demo_environment
from widget.http_client import http_client
from widget.server.connections import ConnectionLimits
from widget.server.logs import should_log
from widget.server.server import Server, loop_factory
from widget.server.sockets import bind_socket
from widget.web.app import WebApp

BODY = b"x" * 400
INLET_TOKEN = "a-token-for-the-benchmark"


async def bare(scope: dict[str, object], receive: object, send: object) -> None:
    """The minimal ASGI application."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"400")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": BODY})  # type: ignore[operator]


def ours() -> Any:
    """Return all routes, and ``/publish`` to make a change."""
    clock = SystemClock()
    harness = WebHarness(clock).show(playing(clock.now()))
    app = WebApp(harness.app.state.context)

    async def publish(request: Request) -> JSONResponse:
        at = time.monotonic()
        harness.show(playing(clock.now(), item(f"Song {at}"), progress_ms=60_000))
        return JSONResponse({"at": at})

    app.router.routes.append(Route("/publish", publish, methods=["POST"]))
    return app


def inlet() -> Any:
    """Return the whole program with the source inlet, and a database of its own."""
    environ = {"SOURCE": "inlet", "INLET_TOKEN": INLET_TOKEN, "MAX_STREAMS": "20000"}
    settings = replace(Settings.from_environ(environ), database_url=f"sqlite:///{mkdtemp()}/now-playing.db")
    return create_app(settings)


class FaultyTransport(httpx.AsyncBaseTransport):
    """A simulated service that is slow, refuses, fails or answers nonsense now and then."""

    def __init__(self, service: httpx.AsyncClient) -> None:
        self._service = service
        self._chance = random.Random(1)  # noqa: S311

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._chance.random()
        if fault < 0.05:
            raise self._chance.choice([httpx.ConnectError, httpx.ReadError, httpx.ReadTimeout])("a fault")
        if fault < 0.10:
            await asyncio.sleep(self._chance.uniform(0, 3))
        if fault < 0.15:
            status = self._chance.choice([500, 502, 503, 404, 429])
            return httpx.Response(status, headers={"Retry-After": "1"}, content=b"a fault")
        if fault < 0.18:
            return httpx.Response(200, content=self._chance.choice([b"", b"{", b"[]", b"null", b"x" * 100_000]))
        response = await self._service.send(request)
        headers = [(name, value) for name, value in response.headers.items() if name != "content-encoding"]
        return httpx.Response(response.status_code, headers=headers, content=response.content)


async def soaked(source: str, listener: socket.socket, port: int) -> None:
    """Serve the program for ``source``, whose simulated service fails at random; ``/inside`` returns its state."""
    counter = _LineCounter()
    logging.getLogger().addHandler(counter)
    logging.getLogger("widget").setLevel("INFO")
    logging.getLogger("uvicorn").setLevel("ERROR")
    settings = Settings.from_environ({"SOURCE": source, "SETUP_KEY": "a key for the soak, 0123", "RECENT": "5"})

    async def inside(request: Request) -> JSONResponse:
        gc.collect()
        return JSONResponse({"tasks": len(asyncio.all_tasks()), "lines": counter.lines})

    async with AsyncExitStack() as stack:
        demo = await stack.enter_async_context(demo_environment(settings, f"http://127.0.0.1:{port}"))
        http = await stack.enter_async_context(http_client(FaultyTransport(demo.http)))
        app = create_app(demo.settings, http=http)
        app.router.routes.append(Route("/inside", inside))
        await Server(app, limits=ConnectionLimits(2_000), end_streams=app.close_streams).serve([listener])


class _LineCounter(logging.Handler):
    lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += should_log(record)


def main() -> None:
    """Serve the bare application on uvicorn as it comes, ours with the settings of ``python -m widget``."""
    name, port = sys.argv[1], int(sys.argv[2])
    if name.startswith("soak-"):
        with bind_socket("127.0.0.1", port) as listener, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(soaked(name.removeprefix("soak-"), listener, port))
        return
    if name in ("ours", "inlet"):
        lifespan: Literal["on", "off"] = "on" if name == "inlet" else "off"
        app = inlet() if name == "inlet" else ours()
        with bind_socket("127.0.0.1", port) as listener, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(Server(app, limits=ConnectionLimits(20_000), lifespan=lifespan).serve([listener]))
        return
    uvicorn.run(
        bare,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        lifespan="off",
        backlog=4096,
    )


if __name__ == "__main__":
    main()
