"""``/``: the builder: whether it works, a live preview, the look, and the finished snippet for each place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.model.parsers import is_loopback
from widget.model.sources import SourceInfo
from widget.web.builder.form import FIELD_ERRORS, READY_LOOKS, BuilderForm
from widget.web.builder.snippets import now_url, oembed_url, page_url, snippets
from widget.web.builder.status import status_banner
from widget.web.context import cache_control_for, get_context, public_base_url
from widget.web.embed.i18n import language_names
from widget.web.embed.oembed import png_url
from widget.web.embed.options import OPTIONS, OPTIONS_BY_NAME, WidgetOptions
from widget.web.embed.sizes import MAX_WIDTH, MIN_WIDTH, default_width, layout_height
from widget.web.responses import build_response
from widget.web.static_files import static_url
from widget.web.templating import jinja_environment

CONTENT_SECURITY_POLICY = (
    # data: is for the drawings in the style sheet.
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAMPLES: tuple[tuple[str, str], ...] = (
    ("", "Live"),
    ("playing", "Playing"),
    ("paused", "Paused"),
    ("last", "Last played"),
    ("nothing", "Nothing playing"),
    ("ad", "Advertisement"),
    ("long", "Long title"),
    ("rtl", "Right-to-left"),
)


MORE_WORDS = frozenset(option.name for option in OPTIONS if option.values and not option.syntax) - {
    "layout",
    "theme",
    "without",
}
"""Options that are a choice of words and stand under "More options"."""


async def builder_page(request: Request) -> Response:
    """The page; its own query holds the choices, so that it can be bookmarked."""
    services = get_context(request)
    health = await services.health()
    banner = status_banner(health, services)
    choices = BuilderForm.from_query(request.query_params)
    if banner.code == "not_configured" and "sample" not in request.query_params:
        choices = choices.with_sample("playing")  # There is nothing else to look at yet.
    options, address = choices.options, public_base_url(request, services.settings)
    usual = default_width(options.layout, options.scale)
    rows, credited = services.settings.recent, services.source.credit is not None
    page = (
        jinja_environment()
        .get_template("index.html")
        .render(
            standing=banner,
            choices=choices,
            options=options,
            wrong=FIELD_ERRORS,
            samples=available_samples(services.source),
            languages=language_names(),
            narrowest=MIN_WIDTH,
            widest=MAX_WIDTH,
            usual_width=usual,
            rows=rows,
            snippets=snippets(address, options, choices.width, rows, credited=credited),
            preview=preview_url(choices.preview),
            preview_width=choices.width or usual,
            preview_height=layout_height(
                options.layout, choices.width or usual, options.scale, rows, credited=credited
            ),
            table=OPTIONS_BY_NAME,
            more_words=[option for option in OPTIONS if option.name in MORE_WORDS],
            look_values=options.values(),
            looks=[ready_look(name, look, options) for name, look in READY_LOOKS],
            now_page=now_url("", WidgetOptions()),
            picture=png_url(address, WidgetOptions()),
            oembed=oembed_url(address, options),
            address=address,
            only_here=is_loopback(urlsplit(address).hostname or ""),
            source_label=services.labelled_source.label,
            source_url=services.source.url,
            credit=services.source.credit,
            renews=services.has_setup,
            style=static_url("site.css"),
            builder_style=static_url("builder.css"),
            script=static_url("builder.js"),
        )
    )
    return build_response(
        request,
        page.encode("utf-8", "replace"),
        media_type="text/html; charset=utf-8",
        # Without PUBLIC_URL the snippets hold the request's Host.
        cache_control=cache_control_for("no-cache", services.settings),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        compress=True,
    )


@dataclass(frozen=True, slots=True)
class ReadyLook:
    """A finished look as a tile: ``query`` chooses it, ``preview`` is its widget, in pixels as large as its snippet."""

    name: str
    query: str
    preview: str
    width: int
    height: int
    scheme: str
    layout: str
    values: Mapping[str, str]
    is_chosen: bool


def ready_look(name: str, look: WidgetOptions, chosen: WidgetOptions) -> ReadyLook:
    """Return the tile for ``look``. Its widget shows a sample: a live one each would use up a browser's connections."""
    width = default_width(look.layout, look.scale)
    return ReadyLook(
        name,
        look.query(),
        preview_url(replace(look, sample="playing")),
        width,
        layout_height(look.layout, width, look.scale),
        look.theme,
        look.layout,
        look.values(),
        replace(chosen, sample=None) == look,
    )


def available_samples(source: SourceInfo) -> tuple[tuple[str, str], ...]:
    """Return the states that the preview offers: those that ``source`` can report."""
    missing = {"paused"} if not source.has_pauses else set()
    missing |= {"ad"} if not source.has_ads else set()
    return tuple(sample for sample in SAMPLES if sample[0] not in missing)


def preview_url(options: WidgetOptions) -> str:
    """The address of the preview, relative to the page; its sample stands in no snippet."""
    path = page_url("", options).removeprefix("/")
    if options.sample is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}sample={options.sample}"
