"""``/widget``: the page for the iframe, rendered with the current state, then live by its script."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from widget.faces.address import public_url
from widget.faces.colours import DARK, LIGHT, accented
from widget.faces.http import respond, weak_etag
from widget.faces.options import Options
from widget.faces.services import Services, services_of
from widget.faces.view import view_of
from widget.faces.words import Words, words
from widget.snapshot import Snapshot

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
STATIC = HERE / "static"
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
WIDTHS = {"card": 300, "compact": 64, "cover": 640}
MOST_PAGES = 64


class Pages:
    """The rendered pages of the current snapshot, each made once a second at most."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._made: dict[tuple[object, ...], bytes] = {}

    def page(self, snapshot: Snapshot, key: tuple[object, ...]) -> bytes | None:
        """What was kept for ``key``; None where it must be made."""
        if snapshot is not self._snapshot or len(self._made) > MOST_PAGES:
            self._snapshot, self._made = snapshot, {}
        return self._made.get(key)

    def keep(self, key: tuple[object, ...], page: bytes) -> None:
        """Keeps ``page`` until the snapshot changes."""
        self._made[key] = page


async def widget(request: Request) -> Response:
    """The page. Every query is fine: what is unknown means the default."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    spoken = words(options.lang, "" if options.lang else request.headers.get("accept-language", ""))
    snapshot = await services.broadcast.fresh()
    now = services.clock.now()
    address = public_url(request, services.settings)
    pages: Pages = request.app.state.pages
    key = (options, spoken.tag, address, int(now))
    body = pages.page(snapshot, key)
    if body is None:
        body = render(snapshot, options, spoken, services, now, address)
        pages.keep(key, body)
    headers = {"Content-Security-Policy": content_security_policy(services.settings.frame_ancestors)}
    if not options.lang:
        headers["Vary"] = "Accept-Language"
    return respond(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control="public, max-age=0, s-maxage=1, stale-while-revalidate=10, stale-if-error=300",
        headers=headers,
        compress=True,
    )


def render(snapshot: Snapshot, options: Options, spoken: Words, services: Services, now: float, address: str) -> bytes:
    """The page's bytes."""
    view = view_of(snapshot, options, spoken, now)
    width = WIDTHS[options.layout]
    path = None if view.item is None else services.artwork.path(view.item)
    return (
        environment()
        .get_template("widget.html")
        .render(
            view=view,
            options=options,
            words=spoken,
            artwork=None if path is None else f"{path}?w={width}",
            light=LIGHT,
            dark=DARK,
            accent_light=accented(LIGHT, options.accent),
            accent_dark=accented(DARK, options.accent),
            script=static_path("widget.js"),
            client=client_texts(options, spoken),
            oembed=f"{address}/oembed?url={quote(page_url(address, options), safe='')}",
            address=address,
        )
        .encode("utf-8", "replace")
    )


def page_url(address: str, options: Options) -> str:
    """The absolute address of the widget with ``options``."""
    query = options.query()
    return f"{address}/widget{'?' + query if query else ''}"


def client_texts(options: Options, spoken: Words) -> str:
    """What the page's script needs to know, as JSON."""
    return json.dumps({"words": dict(spoken.texts), "idle": options.idle, "width": WIDTHS[options.layout]})


def content_security_policy(frame_ancestors: str) -> str:
    """For the embeddable page: its own script, artwork and events only (https://www.w3.org/TR/CSP3/)."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
        f"base-uri 'none'; form-action 'none'; frame-ancestors {frame_ancestors}"
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The one template environment; everything is escaped, whatever the file is called."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@lru_cache(maxsize=32)
def static_file(name: str) -> bytes | None:
    """The bytes of one of our static files; None for any other name."""
    known = {path.name: path for path in STATIC.iterdir() if path.suffix in MEDIA_TYPES}
    return known[name].read_bytes() if name in known else None


@lru_cache(maxsize=32)
def static_path(name: str) -> str:
    """The path of a static file, which changes with its content."""
    digest = hashlib.blake2b(static_file(name) or b"", digest_size=6).hexdigest()
    return f"/static/{name}?v={digest}"


async def static(request: Request) -> Response:
    """A static file; immutable under the path that :func:`static_path` gives."""
    name: str = request.path_params["name"]
    body = static_file(name)
    if body is None:
        return respond(request, b"not found", media_type="text/plain", cache_control="no-store", status=404)
    is_current = request.url.query == static_path(name).partition("?")[2]
    cache_control = "public, max-age=31536000, immutable" if is_current else "public, max-age=300"
    return static_answer(request, name, body, cache_control)


def static_answer(request: Request, name: str, body: bytes, cache_control: str) -> Response:
    """The answer with one of our static files."""
    headers: dict[str, Any] = {"Content-Security-Policy": "default-src 'none'"} if name.endswith(".svg") else {}
    media_type = MEDIA_TYPES[Path(name).suffix]
    etag = weak_etag(body)
    return respond(
        request, body, media_type=media_type, cache_control=cache_control, etag=etag, headers=headers, compress=True
    )
