"""The servers that are measured: ``python -m tests.benchmarks.servers NAME PORT``."""

import sys
import time

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.showing import Showing, item, playing
from widget.clock import SystemClock

BODY = b"x" * 400


async def bare(scope: dict[str, object], receive: object, send: object) -> None:
    """The least that an ASGI application can do."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"400")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": BODY})  # type: ignore[operator]


def ours() -> object:
    """All faces, and ``/publish`` to make a change."""
    clock = SystemClock()
    showing = Showing(clock).show(playing(clock.now()))

    async def publish(request: Request) -> JSONResponse:
        at = time.monotonic()
        showing.show(playing(clock.now(), item(f"Song {at}")))
        return JSONResponse({"at": at})

    showing.app.router.routes.append(Route("/publish", publish, methods=["POST"]))
    return showing.app


def main() -> None:
    """Serves with the settings of ``python -m widget``."""
    name, port = sys.argv[1], int(sys.argv[2])
    app = bare if name == "bare" else ours()
    uvicorn.run(
        app,  # type: ignore[arg-type]
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
