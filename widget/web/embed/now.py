"""``/now``: a page about the music, to link to, for a second screen, OBS or a television."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from widget.web.caching import stale_directives
from widget.web.context import cache_control_for, get_cache, public_base_url
from widget.web.embed.options import WidgetOptions
from widget.web.embed.page import (
    COLOR_WAIT_SECONDS,
    PageCache,
    PageKind,
    content_security_policy,
    frame_ancestors,
    render,
)
from widget.web.embed.request import artwork_color, read_request
from widget.web.responses import build_response

# The page fills a second screen or a television.
ARTWORK_WIDTH = 640
ROW_ARTWORK_WIDTH = 208


async def now_page(request: Request) -> Response:
    """Answer with the page, rendered with the current state, then live by the widget's own script."""
    wish = await read_request(request, page_options)
    services, options, snapshot, now = wish.services, wish.options, wish.snapshot, wish.now
    art = await artwork_color(services, wish.view.item, wish.remaining(COLOR_WAIT_SECONDS))
    hue = None if wish.view.item is None else services.artwork.accent_color(wish.view.item)
    kind = PageKind(
        "now/now.css",
        ARTWORK_WIDTH,
        ROW_ARTWORK_WIDTH,
        is_ambient=request.query_params.get("ambient") == "1",
        share_address=public_base_url(request, services.settings),
    )
    pages = get_cache(request, "pages", PageCache)
    # Without lang: the translation stands beside it, and a visitor's header must not add entries.
    key = (replace(options, lang=None), wish.words.tag, kind, art, hue, int(now))
    body = None if options.sample else pages.get(snapshot, key)
    if body is None:
        body = render(wish.view, snapshot, options, wish.words, services, now, art, hue, True, kind)
        if options.sample is None:
            pages.set(key, body)
    ancestors = frame_ancestors(services.settings.frame_ancestors, request.headers.get("sec-fetch-site", ""))
    stale = stale_directives(snapshot, now, fresh_seconds=1, revalidate_seconds=10)
    vary = "Sec-Fetch-Site" if options.lang else "Accept-Language, Sec-Fetch-Site"
    return build_response(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control=cache_control_for(f"public, max-age=0, s-maxage=1, {stale}", services.settings),
        headers={"Content-Security-Policy": content_security_policy(ancestors, kind.share_address or ""), "Vary": vary},
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
