"""The servers that are measured: ``python -m tests.benchmarks.servers NAME PORT``."""

import asyncio
import sys
import time
from dataclasses import replace
from tempfile import mkdtemp
from typing import Any, Literal

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.showing import Showing, item, playing
from widget.app import create_app
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.server.connections import ConnectionLimits
from widget.server.server import Server, loop_factory
from widget.server.sockets import bind_socket
from widget.web.app import WebApp

BODY = b"x" * 400
INLET_TOKEN = "a-token-for-the-benchmark"


async def bare(scope: dict[str, object], receive: object, send: object) -> None:
    """The least that an ASGI application can do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"400")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": BODY})  # type: ignore[operator]


def ours() -> Any:
    """Return all routes, and ``/publish`` to make a change."""
    clock = SystemClock()
    showing = Showing(clock).show(playing(clock.now()))
    app = WebApp(showing.app.state.services)

    async def publish(request: Request) -> JSONResponse:
        at = time.monotonic()
        showing.show(playing(clock.now(), item(f"Song {at}"), progress_ms=60_000))
        return JSONResponse({"at": at})

    app.router.routes.append(Route("/publish", publish, methods=["POST"]))
    return app


def inlet() -> Any:
    """The whole program, told by players; its database lies in the working directory."""
    environ = {"SOURCE": "inlet", "INLET_TOKEN": INLET_TOKEN, "MAX_STREAMS": "20000"}
    settings = replace(Settings.from_environ(environ), database_url=f"sqlite:///{mkdtemp()}/now-playing.db")
    return create_app(settings)


def main() -> None:
    """Serves: the bare application on uvicorn as it comes, ours with the settings of ``python -m widget``."""
    name, port = sys.argv[1], int(sys.argv[2])
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
