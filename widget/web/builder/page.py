"""``/``: the builder: whether it works, a live preview, the look, and the finished snippet for each place."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.artwork.fetcher import is_loopback
from widget.model.sources import Source
from widget.web.address import kept_by_all, public_url
from widget.web.builder.form import WRONG, Choices
from widget.web.builder.snippets import oembed_url, page_url, picture_url, snippets
from widget.web.builder.status import standing_of
from widget.web.context import services_of
from widget.web.embed.i18n import language_names
from widget.web.embed.options import Options
from widget.web.embed.sizes import NARROWEST, WIDEST, default_width, height_of
from widget.web.responses import respond
from widget.web.static_files import static_path
from widget.web.templating import environment

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAMPLES: tuple[tuple[str, str], ...] = (
    ("", "As it is now"),
    ("playing", "Playing"),
    ("paused", "Paused"),
    ("last", "Last played"),
    ("nothing", "Nothing"),
    ("ad", "Advertisement"),
    ("long", "Long title"),
    ("rtl", "Right-to-left"),
)

INTERRUPTIONS = frozenset({"paused", "ad"})


async def index(request: Request) -> Response:
    """The page; its own query holds the choices, so that it can be bookmarked."""
    services = services_of(request)
    health = await services.health()
    standing = standing_of(health, services)
    choices = Choices.from_query(request.query_params)
    if standing.code == "not_configured" and "sample" not in request.query_params:
        choices = choices.showing("playing")  # There is nothing else to look at yet.
    options, address = choices.options, public_url(request, services.settings)
    usual = default_width(options.layout, options.scale)
    rows, credited = services.settings.recent, services.source.credit is not None
    page = (
        environment()
        .get_template("index.html")
        .render(
            standing=standing,
            choices=choices,
            options=options,
            wrong=WRONG,
            samples=samples_of(services.source),
            languages=language_names(),
            narrowest=NARROWEST,
            widest=WIDEST,
            usual_width=usual,
            rows=rows,
            snippets=snippets(address, options, choices.width, rows, credited=credited),
            preview=preview_path(choices.preview),
            preview_width=choices.width or usual,
            preview_height=height_of(options.layout, choices.width or usual, options.scale, rows, credited=credited),
            picture=picture_url(address, Options()),
            oembed=oembed_url(address, options),
            address=address,
            only_here=is_loopback(urlsplit(address).hostname or ""),
            source_label=services.source.label,
            source_url=services.source.url,
            credit=services.source.credit,
            renews=services.settings.setup_key is not None and services.source.needs_authorization,
            style=static_path("site.css"),
            builder_style=static_path("builder.css"),
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


def samples_of(source: Source) -> tuple[tuple[str, str], ...]:
    """What the preview can show: of the states, those that ``source`` can tell."""
    return SAMPLES if source.tells_pauses else tuple(one for one in SAMPLES if one[0] not in INTERRUPTIONS)


def preview_path(options: Options) -> str:
    """The address of the preview, relative to the page; its sample stands in no snippet."""
    path = page_url("", options).removeprefix("/")
    if options.sample is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}sample={options.sample}"
