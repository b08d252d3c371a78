"""``/now``: a page about the music, to link to, for a second screen, OBS or a television."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.cache import UNKNOWN_ORIGIN
from widget.web.context import cache_control_for, public_base_url
from widget.web.embed.options import NOW_OPTION_NAMES, WidgetOptions
from widget.web.embed.page import PageKind, cached_page, page_cache_control, page_policy
from widget.web.embed.request import read_request
from widget.web.responses import build_response

# The page fills a second screen or a television.
ARTWORK_WIDTH = 640
ROW_ARTWORK_WIDTH = 260


async def now_page(request: Request) -> Response:
    """Return the page, rendered with the current state, then live by the widget's own script."""
    view_request = await read_request(request, page_options)
    settings = view_request.context.settings
    kind = PageKind(
        "now/now.css",
        ARTWORK_WIDTH,
        ROW_ARTWORK_WIDTH,
        is_ambient=request.query_params.get("ambient") == "1",
        # One page in the cache, whatever Host header visitors send.
        share_url=settings.public_url or UNKNOWN_ORIGIN,
    )
    page = await cached_page(request, view_request, True, kind)
    return build_response(
        request,
        page.replace(UNKNOWN_ORIGIN.encode(), public_base_url(request, settings).encode()),
        media_type="text/html; charset=utf-8",
        cache_control=cache_control_for(page_cache_control(view_request), settings),
        headers={
            "Content-Security-Policy": page_policy(request, settings),
            "Vary": "Sec-Fetch-Site" if view_request.options.lang else "Accept-Language, Sec-Fetch-Site",
        },
        compress=True,
    )


def page_options(options: WidgetOptions) -> WidgetOptions:
    """Return the look of the page: its own layout, and a vivid background unless another was chosen."""
    background = "vivid" if options.background == "art" else options.background
    return replace(options.only(NOW_OPTION_NAMES), layout="list", background=background, sample=options.sample)
