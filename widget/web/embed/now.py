"""``/now``: a page about the music, to link to, for a second screen, OBS or a television."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.cache import UNKNOWN_ORIGIN
from widget.web.caching import stale_directives
from widget.web.context import cache_control_for, public_base_url
from widget.web.embed.options import WidgetOptions
from widget.web.embed.page import PageKind, cached_page, content_security_policy, frame_ancestors
from widget.web.embed.request import read_request
from widget.web.responses import build_response

# The page fills a second screen or a television.
ARTWORK_WIDTH = 640
ROW_ARTWORK_WIDTH = 208


async def now_page(request: Request) -> Response:
    """Answer with the page, rendered with the current state, then live by the widget's own script."""
    wanted = await read_request(request, page_options)
    services = wanted.services
    base_url = public_base_url(request, services.settings)
    kind = PageKind(
        "now/now.css",
        ARTWORK_WIDTH,
        ROW_ARTWORK_WIDTH,
        is_ambient=request.query_params.get("ambient") == "1",
        # One page in the cache, whatever Host header visitors send.
        share_address=services.settings.public_url or UNKNOWN_ORIGIN,
    )
    body = (await cached_page(request, wanted, True, kind)).replace(UNKNOWN_ORIGIN.encode(), base_url.encode())
    ancestors = frame_ancestors(services.settings.frame_ancestors, request.headers.get("sec-fetch-site", ""))
    stale = stale_directives(wanted.snapshot, wanted.now, fresh_seconds=1, revalidate_seconds=10)
    vary = "Sec-Fetch-Site" if wanted.options.lang else "Accept-Language, Sec-Fetch-Site"
    return build_response(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control=cache_control_for(f"public, max-age=0, s-maxage=1, {stale}", services.settings),
        headers={"Content-Security-Policy": content_security_policy(ancestors, base_url), "Vary": vary},
        compress=True,
    )


def page_options(options: WidgetOptions) -> WidgetOptions:
    """Return the look of the page: its layout is its own, and its ground is vivid unless another one was chosen."""
    return WidgetOptions(
        theme=options.theme,
        layout="list",
        background="vivid" if options.background == "art" else options.background,
        motion=options.motion,
        lang=options.lang,
        idle=options.idle,
        sample=options.sample,
    )
