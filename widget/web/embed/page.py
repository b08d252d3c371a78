"""``/widget``: the page for the iframe, rendered with the current state, then live by its script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from widget.clock import format_rfc3339_ms
from widget.model.playback import Item
from widget.model.snapshot import Snapshot
from widget.web.builder.snippets import oembed_url, page_url
from widget.web.caching import stale_directives
from widget.web.context import AppContext, get_cache, public_base_url
from widget.web.embed import sizes
from widget.web.embed.i18n import Translations
from widget.web.embed.icons import PATHS
from widget.web.embed.options import FONT_FAMILIES, Layout, WidgetOptions
from widget.web.embed.palette_css import color_rules, css_variables
from widget.web.embed.request import RenderRequest, artwork_color, read_request
from widget.web.embed.sizes import (
    COVER_ATTRIBUTION_HEIGHT,
    COVER_MAX_WIDTH,
    COVER_NARROW_BELOW,
    base_height,
    full_height,
    list_extra_height,
)
from widget.web.embed.view_model import ViewModel, needs_tall_line
from widget.web.responses import build_response
from widget.web.static_files import static_url
from widget.web.templating import jinja_environment

ARTWORK_WIDTHS: Mapping[Layout, int] = {"card": 112, "compact": 40, "cover": COVER_MAX_WIDTH, "list": 40, "pill": 24}
ROW_ARTWORK_WIDTH = 64
COLOR_WAIT_SECONDS = 0.6
"""The page waits no longer for the artwork's color; later it comes as an event."""

CLIENT_WORDS = ("playing", "paused", "ad", "break", "last", "nothing", "listen", "link")

# Options multiply to far more looks, so the number of pages must have an end.
MAX_CACHED_PAGES = 64


@dataclass(frozen=True, slots=True)
class PageKind:
    """The differences between the pages: ``sheet`` is the template of the style sheet.

    Widths are those of the artwork that is asked for, in pixels; None for the layout's own.
    """

    sheet: str
    artwork_width: int | None = None
    row_artwork_width: int = ROW_ARTWORK_WIDTH
    is_ambient: bool = False
    share_address: str | None = None


WIDGET_PAGE = PageKind("widget/widget.css")


class PageCache:
    """Rendered pages of the current snapshot, each rendered at most once a second."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._pages: dict[tuple[object, ...], bytes] = {}

    def get(self, snapshot: Snapshot, key: tuple[object, ...]) -> bytes | None:
        """Return the page of ``key``; None if it must be rendered."""
        if snapshot is not self._snapshot or len(self._pages) > MAX_CACHED_PAGES:
            self._snapshot, self._pages = snapshot, {}
        return self._pages.get(key)

    def set(self, key: tuple[object, ...], page: bytes) -> None:
        """Store ``page`` until the snapshot changes."""
        self._pages[key] = page


async def widget_page(request: Request) -> Response:
    """Return the page with the current state."""
    wanted = await read_request(request)
    services, options, snapshot, now = wanted.services, wanted.options, wanted.snapshot, wanted.now
    body = await cached_page(request, wanted, is_top_level(request.headers.get("sec-fetch-dest")))
    ancestors = frame_ancestors(services.settings.frame_ancestors, request.headers.get("sec-fetch-site", ""))
    vary = "Sec-Fetch-Site, Sec-Fetch-Dest" if options.lang else "Accept-Language, Sec-Fetch-Site, Sec-Fetch-Dest"
    stale = stale_directives(snapshot, now, fresh_seconds=1, revalidate_seconds=10)
    headers = {
        "Content-Security-Policy": content_security_policy(ancestors, public_base_url(request, services.settings)),
        # Else a host page with the same policy could not show the frame.
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Vary": vary,
    }
    return build_response(
        request,
        body,
        media_type="text/html; charset=utf-8",
        cache_control=f"public, max-age=0, s-maxage=1, {stale}",
        headers=headers,
        compress=True,
    )


async def cached_page(
    request: Request, wanted: RenderRequest, alone: bool | None, kind: PageKind = WIDGET_PAGE
) -> bytes:
    """Return the page's bytes, rendered once a second at most for each look; a sample is rendered each time."""
    services, options, snapshot, now = wanted.services, wanted.options, wanted.snapshot, wanted.now
    art = await artwork_color(services, wanted.view.item, wanted.remaining(COLOR_WAIT_SECONDS))
    hue = None if wanted.view.item is None else services.artwork.accent_color(wanted.view.item)
    pages = get_cache(request, "pages", PageCache)
    # Includes the second, as the page holds progress and the server's clock. Without lang: the translation stands
    # beside it, and a visitor's header must not add entries.
    key = (replace(options, lang=None), wanted.words.tag, alone, kind, art, hue, int(now))
    body = None if options.sample else pages.get(snapshot, key)
    if body is None:
        body = render(wanted.view, snapshot, options, wanted.words, services, now, art, hue, alone, kind)
        if options.sample is None:
            pages.set(key, body)
    return body


def render(
    view: ViewModel,
    snapshot: Snapshot,
    options: WidgetOptions,
    words: Translations,
    services: AppContext,
    now: float,
    art: str | None,
    hue: str | None,
    alone: bool | None,
    kind: PageKind = WIDGET_PAGE,
) -> bytes:
    """Return the page's bytes at ``now`` (s since the epoch).

    ``art`` and ``hue`` are the artwork's colors; ``alone``: whether the page is in no frame, None if its script has to
    find out.
    """
    address = services.settings.public_url  # One from the request would be kept for others by caches.
    pictured = "artwork" in view.visible_parts
    width = kind.artwork_width or artwork_width(options)

    def row_artwork(item: Item) -> str | None:
        return artwork_url(services, item, kind.row_artwork_width)

    return (
        jinja_environment()
        .get_template("widget.html")
        .render(
            view=view,
            rows=[
                (row, artwork_url(services, row.item, kind.row_artwork_width) if pictured else None)
                for row in view.rows
            ],
            options=options,
            words=words,
            heading=" – ".join(filter(None, (view.label, view.title, view.byline))),
            alone=alone,
            font=FONT_FAMILIES[options.font],
            icon=PATHS.get(services.source.icon or ""),
            is_tall=needs_tall_line,
            sizes=sizes,
            artwork=artwork_url(services, view.item, width),
            kind=kind,
            colors=css_variables(options, art, hue),
            color_rules=color_rules,
            script=static_url("widget.js"),
            ambient_script=static_url("ambient.js"),
            client=client_config(view, options, words, snapshot, now, art, hue, width),
            oembed=None if address is None else oembed_url(address, options),
            address=address,
            page_address=None if address is None else page_url(address, options),
            description=view.byline or view.label,
        )
        .encode("utf-8", "replace")
    )


def artwork_width(options: WidgetOptions) -> int:
    """Return the width of the artwork, in pixels of a screen with two to each CSS pixel."""
    return round(ARTWORK_WIDTHS[options.layout] * 2 * options.scale)


def artwork_url(services: AppContext, item: Item | None, width: int) -> str | None:
    """Return the address of the artwork of ``item``, relative to the page; None if there is none."""
    path = None if item is None else services.artwork.path(item)
    return None if path is None else f"{path[1:]}?w={width}"


def client_config(
    view: ViewModel,
    options: WidgetOptions,
    words: Translations,
    snapshot: Snapshot,
    now: float,
    art: str | None,
    hue: str | None,
    width: int,
) -> str:
    """Return the initial state for the page's script, as JSON.

    ``now`` (s since the epoch) is the server's clock, ``width`` is that of the artwork in pixels.
    """
    words_only = options.is_words_only and not view.source_label
    known = {
        "words": {
            name: words[name] for name in ("playing", "paused", "ad", "break", "last", "nothing", "listen", "link")
        },
        "label": view.source.label,
        "url": view.source.url,
        "progress": view.source.has_progress,
        "idle": options.idle,
        "scale": options.scale,
        "low": full_height(options.layout, options.scale, words_only=words_only),
        "high": base_height(options.layout) * options.scale,
        **_measures(view, options),
        "background": options.background,
        "accent": options.accent is not None,
        "width": width,
        "calm": options.motion == "off",
        "sample": options.sample is not None,
        "clock": round(now, 1),
        "painted": (art or "") + (hue or ""),
        "listed": format_rfc3339_ms(snapshot.recent[0].played_at) if snapshot.recent else "",
        "now": {
            "status": snapshot.status,
            "progress_ms": view.progress_ms,
            "started_at": _moment(snapshot.started_at if snapshot.status == "playing" else None),
            "valid_until": _moment(snapshot.valid_until),
            "item": {"duration_ms": view.duration_ms},
        },
    }
    needed = {name: value for name, value in known.items() if value is not False}  # Missing is false to the script.
    text = json.dumps(needed, ensure_ascii=False, separators=(",", ":"))
    # Else a title could end the script element.
    return text.replace("<", "\\u003c")


def _moment(timestamp: float | None) -> str | None:
    return None if timestamp is None else format_rfc3339_ms(timestamp)


def _measures(view: ViewModel, options: WidgetOptions) -> dict[str, float]:
    """Return measures from which the page's script computes the height of the chosen layout in a low frame.

    ``wide`` is the limit of a cover's artwork, ``more`` what a ``narrow`` one needs, or a list beside its rows.
    """
    credited, scale = view.source.credit is not None, options.scale
    if options.layout == "list":
        return {"more": list_extra_height(credited=credited) * scale}
    if options.layout != "cover":
        return {}
    cover = {"wide": COVER_MAX_WIDTH * scale}
    return (
        {**cover, "more": COVER_ATTRIBUTION_HEIGHT * scale, "narrow": COVER_NARROW_BELOW * scale} if credited else cover
    )


def is_top_level(sec_fetch_dest: str | None) -> bool | None:
    """Return whether the page is opened in no frame (https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header).

    None if the browser does not say: old ones, and all of them unless the address is https or loopback.
    """
    return None if sec_fetch_dest is None else sec_fetch_dest == "document"


def frame_ancestors(allowed: str | None, sec_fetch_site: str) -> str | None:
    """Return the CSP sources that may embed the page; our own pages, which show a preview, may as well."""
    # 'self' beside * would change nothing, and beside 'none' is invalid.
    if allowed is None or allowed in ("*", "'none'") or sec_fetch_site != "same-origin":
        return allowed
    return f"{allowed} 'self'"


def content_security_policy(frame_ancestors: str | None, base_url: str) -> str:
    """Return the policy of the embeddable page: its own script, artwork and events only (https://www.w3.org/TR/CSP3/).

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
