"""``/oembed``: oEmbed for our own pages (https://oembed.com)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from widget.web.builder.snippets import iframe
from widget.web.context import cache_control_for, get_context, public_base_url
from widget.web.embed.options import WidgetOptions
from widget.web.embed.sizes import CARD_HEIGHT, PNG_SIZES, PngSize, default_width, layout_height
from widget.web.responses import build_response

PROVIDER = "Now playing"
PAGES = ("", "/", "/now", "/widget", "/now-playing.svg", "/now-playing.png")
# It holds no state, only sizes and addresses.
CACHE_CONTROL = "public, max-age=3600"
NO_LIMIT_PIXELS = 10_000
"""More than any layout needs."""


async def oembed(request: Request) -> Response:
    """Return the iframe for the page in ``url``.

    400 without a URL, 404 for a foreign one, 501 for a format other than JSON.
    """
    query = request.query_params
    if query.get("format", "json") != "json":
        # Prescribed for other formats (https://oembed.com, section 2.3.5).
        return _error(request, 501, "only format=json is supported")
    context = get_context(request)
    address = public_base_url(request, context.settings)
    if not query.get("url"):
        return _error(request, 400, "url is missing")
    options = options_from_url(query["url"], address)
    if options is None:
        return _error(request, 404, "url is not a page of this server")
    document = oembed_object(
        address,
        options,
        _pixels(query.get("maxwidth")),
        _pixels(query.get("maxheight")),
        rows=context.settings.recent,
        credited=context.source.credit is not None,
    )
    body = json.dumps(document, separators=(",", ":")).encode()
    cache_control = cache_control_for(CACHE_CONTROL, context.settings)
    return build_response(request, body, media_type="application/json", cache_control=cache_control)


def options_from_url(url: str, address: str) -> WidgetOptions | None:
    """Return the options in ``url``; None unless it is one of the pages at ``address``."""
    try:
        parts, own = urlsplit(url), urlsplit(address)
    except ValueError:
        return None
    # Either scheme, as a proxy may end https before this server.
    same_host = parts.scheme in ("http", "https") and parts.netloc.lower() == own.netloc.lower()
    if not same_host or not parts.path.startswith(own.path) or parts.path[len(own.path) :] not in PAGES:
        return None
    return WidgetOptions.from_query(QueryParams(parts.query))


def oembed_object(
    address: str,
    options: WidgetOptions,
    max_width: int,
    max_height: int,
    *,
    rows: int = 0,
    credited: bool = False,
) -> dict[str, Any]:
    """Return the rich object (https://oembed.com, section 2.3.4.4); a low ``max_height`` changes the layout."""
    scale = options.scale
    width = min(default_width(options.layout, scale), max_width)
    if max_height < layout_height(options.layout, width, scale, rows, credited=credited):
        options = replace(options, layout="card" if max_height >= CARD_HEIGHT * scale else "compact")
        width = min(default_width(options.layout, scale), max_width)
    height = min(layout_height(options.layout, width, scale, rows, credited=credited), max_height)
    return {
        "version": "1.0",
        "type": "rich",
        "title": PROVIDER,
        "provider_name": PROVIDER,
        "provider_url": f"{address}/",
        "html": iframe(address, options, width, height, old=True),
        "width": width,
        "height": height,
        "cache_age": 3600,
        **_thumbnail(address, options, max_width, max_height),
    }


def png_url(address: str, options: WidgetOptions, size: PngSize = "share") -> str:
    """Return the address of the PNG with ``options``."""
    query = urlencode({**options.non_default(), **({} if size == "share" else {"size": size})}, safe=",")
    return f"{address}/now-playing.png" + (f"?{query}" if query else "")


def _thumbnail(address: str, options: WidgetOptions, max_width: int, max_height: int) -> dict[str, Any]:
    """Return the larger PNG within the maxima (https://oembed.com, section 2.3.4), if any."""
    for size, (width, height) in PNG_SIZES.items():
        if width <= max_width and height <= max_height:
            return {
                "thumbnail_url": png_url(address, options, size),
                "thumbnail_width": width,
                "thumbnail_height": height,
            }
    return {}


def _pixels(text: str | None) -> int:
    """Return a maximum of the query, NO_LIMIT_PIXELS without a valid one."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return int(text or 0) if is_number and int(text or 0) > 0 else NO_LIMIT_PIXELS


def _error(request: Request, status: int, text: str) -> Response:
    return build_response(request, text.encode(), media_type="text/plain", cache_control="no-store", status=status)
