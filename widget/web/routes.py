"""All routes but ``/now-playing`` and its events, which stand in front of them (see ``front``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from widget.model.errors import NowPlayingError
from widget.web.api.flat import flat_endpoint
from widget.web.api.text import text_endpoint
from widget.web.builder.page import builder_page
from widget.web.context import get_context
from widget.web.embed.artwork import artwork
from widget.web.embed.listen import listen
from widget.web.embed.now import now_page
from widget.web.embed.oembed import oembed
from widget.web.embed.page import widget_page
from widget.web.embed.png.endpoint import png_image
from widget.web.embed.script import embed_script
from widget.web.health import healthz, readyz
from widget.web.request_limits import FairQueue
from widget.web.responses import build_response, preflight
from widget.web.setup.page import private_headers
from widget.web.setup.routes import setup_callback, setup_error, setup_form, setup_start
from widget.web.static_files import ROOT_DOCUMENTS, root_document, static, static_url
from widget.web.templating import jinja_environment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def not_found_response(request: Request, own: Mapping[str, str] | None = None) -> Response:
    """404; nothing of the address that was asked for is in it. ``own`` headers stand in place of the public ones."""
    headers = {"Vary": "Accept"}
    if "text/html" not in request.headers.get("accept", ""):
        return _answer(request, b"not found", "text/plain", headers, own)
    home = urlsplit(get_context(request).settings.public_url or "").path + "/"
    page = jinja_environment().get_template("not_found.html").render(home=home, style=static_url("site.css"))
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return _answer(request, page.encode(), "text/html; charset=utf-8", headers, own)


def _answer(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str], own: Mapping[str, str] | None
) -> Response:
    if own is not None:
        return Response(body, 404, {**own, **headers}, media_type)
    return build_response(request, body, media_type=media_type, cache_control="no-store", status=404, headers=headers)


Endpoint = Callable[[Request], Awaitable[Response]]


async def svg_image(request: Request) -> Response:
    """The picture for READMEs; how wide characters are is read when the first one is drawn."""
    from widget.web.embed.svg.endpoint import svg_image as drawn

    return await drawn(request)


PUBLIC: tuple[tuple[str, Endpoint], ...] = (
    ("/", builder_page),
    ("/now", now_page),
    ("/widget", widget_page),
    ("/now-playing.svg", svg_image),
    ("/now-playing.png", png_image),
    ("/artwork/{key}", artwork),
    ("/embed.js", embed_script),
    ("/oembed", oembed),
    ("/api/now-playing", flat_endpoint),
    ("/now-playing.txt", text_endpoint),
    ("/listen", listen),
    ("/healthz", healthz),
    ("/readyz", readyz),
    ("/static/{name}", static),
    *((f"/{name}", root_document) for name in ROOT_DOCUMENTS),
)

SERIALIZED_PATHS = frozenset({"/", "/now", "/widget", "/now-playing.svg", "/now-playing.png", "/oembed"})
"""Drawn for whoever asks, each a few milliseconds; a visitor's options are endless."""


def routes(*, setup: bool) -> list[Route]:
    """The routes; ``/setup`` only where it is wanted."""
    for_all = [
        Route(
            path,
            public_endpoint(_in_turn(endpoint) if path in SERIALIZED_PATHS else endpoint),
            methods=["GET", "HEAD", "OPTIONS"],
        )
        for path, endpoint in PUBLIC
    ]
    return [*for_all, *(_SETUP if setup else [])]


def _in_turn(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        turns: FairQueue = request.app.state.turns
        await turns.wait_turn()
        return await endpoint(request)

    return answer


def public_endpoint(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with OPTIONS and HEAD answered as every public route answers them."""

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return await preflight(request)
        return _without_body(request, await endpoint(request))

    return answer


def _owners(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            allowed = "GET, HEAD, OPTIONS, POST" if endpoint is _setup else "GET, HEAD, OPTIONS"
            return Response(status_code=204, headers={**private_headers(get_context(request)), "Allow": allowed})
        try:
            return _without_body(request, await endpoint(request))
        except NowPlayingError as error:
            return await setup_error(request, error)

    return answer


async def _setup(request: Request) -> Response:
    return await (setup_start(request) if request.method == "POST" else setup_form(request))


_SETUP = [
    Route("/setup", _owners(_setup), methods=["GET", "HEAD", "OPTIONS", "POST"]),
    Route("/setup/callback", _owners(setup_callback), methods=["GET", "HEAD", "OPTIONS"]),
]


def _without_body(request: Request, response: Response) -> Response:
    if request.method == "HEAD" and hasattr(response, "body"):
        response.body = b""  # Content-Length stays: it is that of GET (RFC 9110, section 9.3.2).
    return response


async def handle_http_error(request: Request, error: Exception) -> Response:
    """The answer to an unknown path or method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    text = {404: b"not found", 405: b"method not allowed"}.get(status, b"something went wrong")
    of_owner = request.scope["path"] == "/setup" or request.scope["path"].startswith("/setup/")
    own = private_headers(get_context(request)) if of_owner else None
    if status == 404:
        return await not_found_response(request, own)
    if own is not None:
        return Response(text, status, {**headers, **own}, "text/plain")
    return build_response(
        request, text, media_type="text/plain", cache_control="no-store", status=status, headers=headers
    )
