"""The local redirect server: it waits for the callback of one request and shows the result."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
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
from widget.web.templating import template_environment

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_CONNECTIONS = 100
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class PortInUse(NowPlayingError):  # noqa: N818
    """The port of the redirect URI cannot be used."""


@dataclass(frozen=True, slots=True)
class Callback:
    """Spotify's answer with the right state: a code, an error, or neither."""

    code: str | None = field(repr=False)
    error: str | None


@dataclass(frozen=True, slots=True)
class ResultPage:
    """The page that ends the login in the browser."""

    title: str
    lines: tuple[str, ...]
    worked: bool


class CallbackListener:
    """Accepts the one callback that belongs to ``request``; nothing else has an effect."""

    def __init__(self, request: AuthorizationRequest) -> None:
        loop = asyncio.get_running_loop()
        self._request = request
        self._path = urlsplit(request.redirect_uri).path or "/"
        self._callback: asyncio.Future[Callback] = loop.create_future()
        self._result: asyncio.Future[ResultPage] = loop.create_future()

    async def callback(self) -> Callback:
        """Wait for the callback."""
        # A timeout must not cancel the future, which a late callback would then fail to set.
        return await asyncio.shield(self._callback)

    def finish(self, result: ResultPage) -> None:
        """Answer the request that waits in the browser."""
        if not self._result.done():
            self._result.set_result(result)

    def accept_url(self, url: str) -> bool:
        """Accept a callback by its address; return False if the state is missing or wrong."""
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        if not self._request.matches_state(_single(query, "state")):
            return False
        if not self._callback.done():
            self._callback.set_result(Callback(_single(query, "code"), _single(query, "error")))
        return True

    @property
    def app(self) -> Starlette:
        """The ASGI application at the redirect URI."""
        return Starlette(routes=[Route("/{path:path}", self._respond, methods=["GET"])])

    async def _respond(self, request: Request) -> Response:
        if request.method == "GET" and request.url.path == self._path:
            return await self._respond_to_callback(request)
        if request.method == "GET" and request.url.path == "/login":
            # A short address to type, where no browser opens by itself.
            return RedirectResponse(self._request.url, 302, _HEADERS)
        # Favicons, prefetches and port scans must not use up the login.
        return PlainTextResponse("Page not found.", 404, _HEADERS)

    async def _respond_to_callback(self, request: Request) -> Response:
        if not self.accept_url(str(request.url)):
            reason = "This address does not belong to the current login. It may come from an older tab."
            result = ResultPage("Wrong login", (reason, "Open the address shown in the terminal."), worked=False)
            return HTMLResponse(render_result(result), 400, _HEADERS)
        result = await asyncio.shield(self._result)
        return HTMLResponse(render_result(result), 200 if result.worked else 400, _HEADERS)


def render_result(result: ResultPage) -> str:
    """Return the HTML of the page."""
    return _templates().get_template("outcome.html").render(outcome=result)


def bind_redirect_socket(redirect_uri: str) -> socket.socket:
    """Return a socket on the host and port of ``redirect_uri``. Raises :class:`PortInUse`."""
    parts = urlsplit(redirect_uri)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    # The very literal of the redirect URI: 127.0.0.1 and [::1] are different registrations.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Windows: otherwise another program could take over the port, and the code with it.
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {port} on {host} is taken ({error.strerror}). Choose another port with --redirect-uri."
        ) from error
    return listener


@asynccontextmanager
async def serve_app(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve ``app`` while the context lasts; open requests are answered."""
    from widget.server.connections import ConnectionLimits
    from widget.server.server import Server

    started = asyncio.Event()
    server = Server(app, limits=ConnectionLimits(MAX_CONNECTIONS), started=started.set, lifespan="off")
    task = asyncio.create_task(server.serve(sockets=[listener]))
    waiter = asyncio.create_task(started.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        waiter.cancel()
        with suppress(asyncio.CancelledError):
            await waiter
        server.stop()
        await task


def _single(query: dict[str, list[str]], name: str) -> str | None:
    values = query.get(name, [])
    # A repeated parameter is an error (RFC 6749, section 3.1).
    return values[0] if len(values) == 1 else None


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return template_environment(Path(__file__).parent / "templates")
