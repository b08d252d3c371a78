"""All routes but ``/now-playing`` and its events, which the application answers before these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from widget.web.api.flat import flat_endpoint
from widget.web.api.text import text_endpoint
from widget.web.context import get_context
from widget.web.health import healthz, readyz
from widget.web.responses import build_response, preflight, without_body
from widget.web.static_files import ROOT_DOCUMENTS, root_document, static, static_url
from widget.web.templating import jinja_environment

if TYPE_CHECKING:
    from widget.web.request_limits import FairQueue

Endpoint = Callable[[Request], Awaitable[Response]]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
METHODS = ("GET", "HEAD", "OPTIONS")


def lazy_endpoint(module: str, name: str) -> Endpoint:
    """Return the endpoint ``name`` of ``widget.web.MODULE``, which the first request imports.

    Pages and pictures take a fifth of the time of a start that needs none of them.
    """

    async def endpoint(request: Request) -> Response:
        found: Endpoint = getattr(import_module(f"widget.web.{module}"), name)
        return await found(request)

    return endpoint


PUBLIC: tuple[tuple[str, Endpoint], ...] = (
    ("/", lazy_endpoint("builder.page", "builder_page")),
    ("/now", lazy_endpoint("embed.now", "now_page")),
    ("/widget", lazy_endpoint("embed.page", "widget_page")),
    ("/now-playing.svg", lazy_endpoint("embed.svg.endpoint", "svg_image")),
    ("/now-playing.png", lazy_endpoint("embed.png.endpoint", "png_image")),
    ("/artwork/{key}", lazy_endpoint("embed.artwork", "artwork")),
    ("/embed.js", lazy_endpoint("embed.script", "embed_script")),
    ("/oembed", lazy_endpoint("embed.oembed", "oembed")),
    ("/api/now-playing", flat_endpoint),
    ("/now-playing.txt", text_endpoint),
    ("/listen", lazy_endpoint("embed.listen", "listen")),
    ("/healthz", healthz),
    ("/readyz", readyz),
    ("/static/{name}", static),
    *((f"/{name}", root_document) for name in ROOT_DOCUMENTS),
)

SERIALIZED_PATHS = frozenset({"/", "/now", "/widget", "/now-playing.svg", "/now-playing.png", "/oembed"})
"""Rendered for each visitor in a few milliseconds, one at a time: the combinations of options are endless."""

PRIVATE: tuple[tuple[str, Endpoint, tuple[str, ...]], ...] = (
    ("/setup", lazy_endpoint("setup.routes", "setup"), (*METHODS, "POST")),
    ("/setup/callback", lazy_endpoint("setup.routes", "setup_callback"), METHODS),
)


def routes(*, setup: bool) -> list[Route]:
    """Return the routes, with ``/setup`` only if it is open."""
    public = [
        Route(
            path,
            public_endpoint(_in_turn(endpoint) if path in SERIALIZED_PATHS else endpoint),
            methods=list(METHODS),
        )
        for path, endpoint in PUBLIC
    ]
    private = [Route(path, endpoint, methods=list(methods)) for path, endpoint, methods in PRIVATE]
    return [*public, *(private if setup else [])]


def public_endpoint(endpoint: Endpoint) -> Endpoint:
    """Return ``endpoint`` with OPTIONS and HEAD answered as on every public route."""

    async def respond(request: Request) -> Response:
        if request.method == "OPTIONS":
            return await preflight(request)
        return without_body(request, await endpoint(request))

    return respond


def _in_turn(endpoint: Endpoint) -> Endpoint:
    async def respond(request: Request) -> Response:
        queue: FairQueue = request.app.state.render_queue
        # Else a burst of renders would hold up the JSON and the streams.
        await queue.wait_turn()
        return await endpoint(request)

    return respond


async def not_found_response(request: Request, private_headers: Mapping[str, str] | None = None) -> Response:
    """Return 404, without the path. ``private_headers`` replace the public ones."""
    headers = {"Vary": "Accept"}
    if "text/html" not in request.headers.get("accept", ""):
        body, media_type = b"not found", "text/plain"
    else:
        home = urlsplit(get_context(request).settings.public_url or "").path + "/"
        page = jinja_environment().get_template("not_found.html").render(home=home, style=static_url("site.css"))
        body, media_type = page.encode(), "text/html; charset=utf-8"
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    if private_headers is not None:
        return Response(body, 404, {**private_headers, **headers}, media_type)
    return build_response(request, body, media_type=media_type, cache_control="no-store", status=404, headers=headers)


async def handle_http_error(request: Request, error: Exception) -> Response:
    """Return the response to unknown paths and methods, refused bodies and unexpected exceptions."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    text = {404: b"not found", 405: b"method not allowed"}.get(status, b"something went wrong")
    private = _private_headers(request)
    if status == 404:
        return await not_found_response(request, private)
    # No CORS on /setup: another site must not read even its errors.
    if private is not None:
        return Response(text, status, {**headers, **private}, "text/plain")
    return build_response(
        request, text, media_type="text/plain", cache_control="no-store", status=status, headers=headers
    )


def _private_headers(request: Request) -> Mapping[str, str] | None:
    """Return the headers of ``/setup``; None on public routes."""
    # By the path, as an error may come before any route was matched.
    path = request.scope["path"]
    if path != "/setup" and not path.startswith("/setup/"):
        return None
    from widget.web.setup.page import private_headers

    return private_headers(get_context(request))
