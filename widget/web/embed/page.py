"""``/widget``: the page for the iframe, rendered with the current state, then live by its script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from widget.clock import format_rfc3339_ms
from widget.config.settings import Settings
from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.web.builder.snippets import oembed_url, page_url
from widget.web.caching import stale_directives
from widget.web.context import AppContext, get_cache, public_base_url
from widget.web.embed import sizes
from widget.web.embed.icons import PATHS
from widget.web.embed.options import FONT_FAMILIES, Layout, WidgetOptions
from widget.web.embed.palette_css import color_rules, css_variables
from widget.web.embed.request import RenderColors, ViewRequest, artwork_colors, read_request
from widget.web.embed.sizes import (
    COVER_ATTRIBUTION_HEIGHT,
    COVER_MAX_WIDTH,
    COVER_NARROW_BELOW,
    LIST_PADDING,
    base_height,
    full_height,
)
from widget.web.embed.view_model import ViewModel, may_wrap, needs_tall_line
from widget.web.responses import build_response
from widget.web.static_files import static_url
from widget.web.templating import jinja_environment

ARTWORK_WIDTHS: Mapping[Layout, int] = {"card": 112, "compact": 40, "cover": COVER_MAX_WIDTH, "list": 40, "pill": 24}
ROW_ARTWORK_WIDTH = 64
COLOR_WAIT_SECONDS = 0.6
"""The page waits no longer for the artwork's color; later it comes as an event."""

CLIENT_TEXTS = ("playing", "paused", "ad", "break", "last", "nothing", "listen", "link")
"""The translations that the page's script needs."""

# Options multiply to far more looks, so the number of pages must have an end.
MAX_CACHED_PAGES = 64


@dataclass(frozen=True, slots=True)
class PageKind:
    """The differences between ``/widget`` and ``/now``.

    ``style_sheet`` is a template. The artwork's widths are in image pixels, None for the layout's own. ``share_url`` is
    our address in the tags for link previews, None for an embedded page.
    """

    style_sheet: str
    artwork_width: int | None = None
    row_artwork_width: int = ROW_ARTWORK_WIDTH
    is_ambient: bool = False
    share_url: str | None = None


WIDGET_PAGE = PageKind("widget/widget.css")


class PageCache:
    """Rendered pages of the current snapshot and second: a page holds progress and the server's clock."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._second = 0
        self._pages: dict[tuple[object, ...], bytes] = {}

    def get(self, snapshot: Snapshot, now: float, key: tuple[object, ...]) -> bytes | None:
        """Return the page of ``key`` at ``now`` (s since the epoch); None if it must be rendered."""
        is_past = snapshot is not self._snapshot or int(now) != self._second
        if is_past or len(self._pages) > MAX_CACHED_PAGES:
            self._snapshot, self._second, self._pages = snapshot, int(now), {}
        return self._pages.get(key)

    def set(self, key: tuple[object, ...], page: bytes) -> None:
        """Store ``page`` for the rest of the second of the last :meth:`get`."""
        self._pages[key] = page


async def widget_page(request: Request) -> Response:
    """Return the page with the current state."""
    view_request = await read_request(request)
    settings, options = view_request.context.settings, view_request.options
    body = await cached_page(request, view_request, is_top_level(request.headers.get("sec-fetch-dest")))
    vary = "Sec-Fetch-Site, Sec-Fetch-Dest" if options.lang else "Accept-Language, Sec-Fetch-Site, Sec-Fetch-Dest"
    headers = {
        "Content-Security-Policy": page_policy(request, settings),
        # Else a host page with the same policy could not show the frame.
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Vary": vary,
    }
    return build_response(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control=page_cache_control(view_request),
        headers=headers,
        compress=True,
    )


def page_cache_control(view_request: ViewRequest) -> str:
    """Return the ``Cache-Control`` of a page, which shared caches keep for a second."""
    stale = stale_directives(view_request.snapshot, view_request.now, fresh_seconds=1, revalidate_seconds=10)
    return f"public, max-age=0, s-maxage=1, {stale}"


async def cached_page(
    request: Request, view_request: ViewRequest, top_level: bool | None, kind: PageKind = WIDGET_PAGE
) -> bytes:
    """Return the page, rendered once a second at most for each look; a sample always anew.

    ``top_level``: whether the page is in no frame, None if its script has to find out.
    """
    context, options = view_request.context, view_request.options
    colors = await artwork_colors(context, view_request.view.item, view_request.remaining(COLOR_WAIT_SECONDS))
    if options.sample is not None:
        return render(view_request, colors, top_level, kind)
    pages = get_cache(request, "pages", PageCache)
    # Without lang: the translation stands beside it, and a visitor's header must not add entries.
    key = (replace(options, lang=None), view_request.translations.tag, top_level, kind, colors)
    body = pages.get(view_request.snapshot, view_request.now, key)
    if body is None:
        body = render(view_request, colors, top_level, kind)
        pages.set(key, body)
    return body


def render(view_request: ViewRequest, colors: RenderColors, top_level: bool | None, kind: PageKind) -> bytes:
    """Return the page's bytes."""
    context, options, view = view_request.context, view_request.options, view_request.view
    public_url = context.settings.public_url  # One from the request would be kept for others by caches.
    has_artwork = "artwork" in view.visible_parts
    width = kind.artwork_width or artwork_width(options)
    row_artworks = [
        artwork_url(context, row.item, kind.row_artwork_width) if has_artwork else None for row in view.rows
    ]
    return (
        jinja_environment()
        .get_template("widget.html")
        .render(
            view=view,
            rows=list(zip(view.rows, row_artworks, strict=True)),
            options=options,
            words=view_request.translations,
            heading=" – ".join(filter(None, (view.label, view.title, view.byline))),
            top_level=top_level,
            font=FONT_FAMILIES[options.font],
            icon=PATHS.get(context.source.icon or ""),
            needs_tall_line=needs_tall_line,
            may_wrap=may_wrap,
            sizes=sizes,
            artwork=artwork_url(context, view.item, width),
            kind=kind,
            colors=css_variables(options, *colors),
            color_rules=color_rules,
            script=static_url("widget.js"),
            ambient_script=static_url("ambient.js"),
            client=client_config(view_request, colors, width),
            oembed=None if public_url is None else oembed_url(public_url, options),
            public_url=public_url,
            page_address=None if public_url is None else page_url(public_url, options),
            description=view.byline or view.label,
        )
        .encode("utf-8", "replace")
    )


def artwork_width(options: WidgetOptions) -> int:
    """Return the width of the artwork, in pixels of a screen with two to each CSS pixel."""
    return round(ARTWORK_WIDTHS[options.layout] * 2 * options.scale)


def artwork_url(context: AppContext, item: Item | None, width: int) -> str | None:
    """Return the address of the artwork of ``item`` relative to the page; None without artwork."""
    path = None if item is None else context.artwork.path(item)
    return None if path is None else f"{path[1:]}?w={width}"


def client_config(view_request: ViewRequest, colors: RenderColors, width: int) -> str:
    """Return the initial state for the script, as JSON; ``width`` is the artwork's in image pixels."""
    view, options, snapshot = view_request.view, view_request.options, view_request.snapshot
    words_only = options.is_words_only and not view.source_label
    config = {
        "words": {name: view_request.translations[name] for name in CLIENT_TEXTS},
        "label": view.source.label,
        "url": view.source.url,
        "progress": view.source.has_progress,
        "idle": options.idle,
        "scale": options.scale,
        "low": full_height(options.layout, options.scale, words_only=words_only),
        "high": base_height(options.layout, credited=view.source.credit is not None) * options.scale,
        **_measures(view, options),
        "background": options.background,
        "accent": options.accent is not None,
        "width": width,
        "motionless": options.motion == "off",
        "sample": options.sample is not None,
        "clock": round(view_request.now, 1),
        "colors": "".join(filter(None, colors)),
        "newest": format_rfc3339_ms(snapshot.recent[0].played_at) if snapshot.recent else "",
        "now": {
            "status": snapshot.status,
            "progress_ms": view.progress_ms,
            "started_at": _timestamp(snapshot.started_at if snapshot.status == "playing" else None),
            "valid_until": _timestamp(snapshot.valid_until),
            "item": {"duration_ms": view.duration_ms},
        },
    }
    needed = {name: value for name, value in config.items() if value is not False}  # Missing is false to the script.
    text = json.dumps(needed, ensure_ascii=False, separators=(",", ":"))
    # Else a title could end the script element.
    return text.replace("<", "\\u003c")


def _timestamp(timestamp: float | None) -> str | None:
    return None if timestamp is None else format_rfc3339_ms(timestamp)


def _measures(view: ViewModel, options: WidgetOptions) -> dict[str, float]:
    """Return measures for the script, which reports the layout's height from a low frame too.

    ``wide`` is the largest artwork of a cover, ``narrow`` the width below which it is higher by ``more``. A list with
    rows is higher by ``more`` than these and what plays.
    """
    credited, scale = view.source.credit is not None, options.scale
    if options.layout == "list":
        return {"more": LIST_PADDING * scale}
    if options.layout != "cover":
        return {}
    cover = {"wide": COVER_MAX_WIDTH * scale}
    if credited:
        cover |= {"more": COVER_ATTRIBUTION_HEIGHT * scale, "narrow": COVER_NARROW_BELOW * scale}
    return cover


def is_top_level(sec_fetch_dest: str | None) -> bool | None:
    """Return whether the page is in no frame; None if the browser does not say.

    Old browsers do not, and none does unless the address is https or loopback
    (https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header).
    """
    return None if sec_fetch_dest is None else sec_fetch_dest == "document"


def frame_ancestors(allowed: str | None, sec_fetch_site: str) -> str | None:
    """Return the CSP sources that may embed the page; our own builder always may."""
    # 'self' beside * would change nothing, and beside 'none' is invalid.
    if allowed is None or allowed in ("*", "'none'") or sec_fetch_site != "same-origin":
        return allowed
    return f"{allowed} 'self'"


def page_policy(request: Request, settings: Settings) -> str:
    """Return the policy of the embeddable page in the response to ``request``."""
    ancestors = frame_ancestors(settings.frame_ancestors, request.headers.get("sec-fetch-site", ""))
    return content_security_policy(ancestors, public_base_url(request, settings))


def content_security_policy(frame_ancestors: str | None, base_url: str) -> str:
    """Return the policy of the embeddable page (https://www.w3.org/TR/CSP3/): nothing from elsewhere.

    The origin of ``base_url`` stands beside ``'self'``, which matches nothing in WebKit in a sandbox without
    allow-same-origin; CSP has no word for an IPv6 address. Everyone may embed the page if ``frame_ancestors`` is None:
    ``*`` would leave out ``file:`` and sandboxed pages.
    """
    scheme, _, host = base_url.partition("://")
    own = "'self'" if "[" in host else f"'self' {scheme}://{host.partition('/')[0]}"
    policy = (
        f"default-src 'none'; script-src {own}; style-src 'unsafe-inline'; img-src {own} data:; connect-src {own}; "
        "base-uri 'none'; form-action 'none'"
    )
    return policy if frame_ancestors is None else f"{policy}; frame-ancestors {frame_ancestors}"
