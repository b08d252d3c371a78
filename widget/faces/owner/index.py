"""``/``: the owner's page: whether it works, a live preview, and the finished snippet for each place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from widget.clock import utc
from widget.faces.address import kept_by_all, public_url
from widget.faces.http import respond
from widget.faces.owner.snippets import oembed_url, page_url, picture_url, snippets
from widget.faces.pictures.options import Ground, Idle, Layout, Motion, Options, Theme
from widget.faces.pictures.sizes import DEFAULT_WIDTHS, NARROWEST, WIDEST, height_of
from widget.faces.pictures.words import language_names
from widget.faces.services import services_of
from widget.faces.static_files import static_path
from widget.faces.templating import environment
from widget.owner.health import Health

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CHOICES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("theme", "Theme", get_args(Theme)),
    ("layout", "Layout", get_args(Layout)),
    ("background", "Background", get_args(Ground)),
    ("idle", "When nothing plays", get_args(Idle)),
    ("motion", "Motion", get_args(Motion)),
)
WORDS = {
    "auto": "Auto",
    "light": "Light",
    "dark": "Dark",
    "card": "Card",
    "art": "The artwork’s colour",
    "list": "List",
    "compact": "Compact",
    "cover": "Cover",
    "none": "None",
    "last": "Last played",
    "message": "A quiet message",
    "hide": "Nothing at all",
    "off": "Off",
}


async def index(request: Request) -> Response:
    """The page; its own query holds the options, so that it can be bookmarked."""
    services = services_of(request)
    options = Options.from_query(request.query_params)
    width = width_of(request.query_params)
    address = public_url(request, services.settings)
    health = await services.health()
    page = (
        environment()
        .get_template("index.html")
        .render(
            health=health,
            standing=standing(health),
            options=options,
            width=width,
            narrowest=NARROWEST,
            widest=WIDEST,
            choices=CHOICES,
            words=WORDS,
            languages=language_names(),
            names=[option.name for option in fields(options)],
            snippets=snippets(address, options, width),
            preview="widget" + page_url("", options).removeprefix("/widget"),
            preview_width=width or DEFAULT_WIDTHS[options.layout],
            preview_height=height_of(options.layout, width or DEFAULT_WIDTHS[options.layout]),
            picture=picture_url(address, Options()),
            oembed=oembed_url(address, options),
            address=address,
            renews=services.settings.setup_key is not None,
            style=static_path("site.css"),
            script=static_path("builder.js"),
        )
    )
    return respond(
        request,
        page.encode("utf-8", "replace"),
        media_type="text/html; charset=utf-8",
        cache_control=kept_by_all("no-cache", services.settings),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        compress=True,
    )


def width_of(query: Mapping[str, str]) -> int | None:
    """The width in pixels that was chosen; None for as wide as the place, or for anything that is no width."""
    text = query.get("width", "")
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        return None
    return min(WIDEST, max(NARROWEST, int(text)))


def standing(health: Health) -> str:
    """One sentence for the owner about the authorization's end; empty where there is nothing to say."""
    ends = health.token.expires_at
    if health.token.state not in ("ok", "expires_soon") or ends is None:
        return ""
    return f"The authorization lasts until {utc(ends):%Y-%m-%d} ({health.token.days_left} days)."
