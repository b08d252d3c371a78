"""The listener for the redirect: one small app that waits for the one right callback, and shows what came of it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from widget.model.errors import NowPlayingError
from widget.sources.spotify.authorization_flow import AuthorizationRequest

if TYPE_CHECKING:
    import uvicorn
    from jinja2 import Environment

GRACE_SECONDS = 2
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PortInUse(NowPlayingError):  # noqa: N818
    """The port of the redirect URI cannot be listened on."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What Spotify sent back with the right state: a code, or an error, or neither."""

    code: str | None = field(repr=False)
    error: str | None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What the browser is to show at the end."""

    title: str
    lines: tuple[str, ...]
    worked: bool


class CallbackListener:
    """Takes the one callback that belongs to ``attempt``; everything else changes nothing."""

    def __init__(self, attempt: AuthorizationRequest) -> None:
        loop = asyncio.get_running_loop()
        self._attempt = attempt
        self._path = urlsplit(attempt.redirect_uri).path or "/"
        self._callback: asyncio.Future[Callback] = loop.create_future()
        self._outcome: asyncio.Future[ResultPage] = loop.create_future()

    async def callback(self) -> Callback:
        """The callback, when it comes."""
        return await asyncio.shield(self._callback)

    def finish(self, outcome: ResultPage) -> None:
        """Ends the request that waits in the browser."""
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    def accept_url(self, url: str) -> bool:
        """Takes a callback from its ``url``; False where the state is missing or wrong."""
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        if not self._attempt.matches_state(_one(query, "state")):
            return False
        if not self._callback.done():
            self._callback.set_result(Callback(_one(query, "code"), _one(query, "error")))
        return True

    @property
    def app(self) -> Starlette:
        """The ASGI application that listens at the redirect URI."""
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET"])])

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET" and request.url.path == self._path:
            return await self._callback_answer(request)
        if request.method == "GET" and request.url.path == "/login":
            return RedirectResponse(self._attempt.url, 302, _HEADERS)
        return PlainTextResponse("Nothing is here.", 404, _HEADERS)

    async def _callback_answer(self, request: Request) -> Response:
        if not self.accept_url(str(request.url)):
            told = "This address does not belong to the login that waits; perhaps it comes from an older tab."
            outcome = ResultPage("Not this one", (told, "The terminal shows the address to open."), worked=False)
            return HTMLResponse(render_result(outcome), 400, _HEADERS)
        outcome = await asyncio.shield(self._outcome)
        return HTMLResponse(render_result(outcome), 200 if outcome.worked else 400, _HEADERS)


def render_result(outcome: ResultPage) -> str:
    """The page that the browser shows at the end."""
    return _environment().get_template("outcome.html").render(outcome=outcome)


def bind_redirect_socket(redirect_uri: str) -> socket.socket:
    """A socket on the very host and port of ``redirect_uri``. Raises :class:`PortTaken`."""
    parts = urlsplit(redirect_uri)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {port} on {host} cannot be listened on ({error.strerror}); perhaps another program has it. Choose "
            "another port by --redirect-uri."
        ) from error
    return listener


@asynccontextmanager
async def serve_app(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serves ``app`` on ``listener`` while the context lasts; requests under way are answered."""
    server = _server(app)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        await task


def _server(app: Starlette) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves the signals to the command."""

        def capture_signals(self) -> nullcontext[None]:  # type: ignore[override]
            return nullcontext()

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)


def _one(query: dict[str, list[str]], name: str) -> str | None:
    values = query.get(name, [])
    return values[0] if len(values) == 1 else None


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
