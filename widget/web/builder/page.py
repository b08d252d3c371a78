"""The builder at ``/``: the status, a live preview, the options, and the finished snippet for each place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from widget.model.parsers import is_loopback
from widget.model.sources import SourceInfo
from widget.web.builder.form import FIELD_ERRORS, FIRST_OPTION_NAMES, LIMITS, PRESETS, BuilderForm
from widget.web.builder.snippets import oembed_url, page_url, snippets
from widget.web.builder.status import status_banner
from widget.web.context import cache_control_for, get_context, public_base_url
from widget.web.embed.i18n import language_names
from widget.web.embed.oembed import png_url
from widget.web.embed.options import OPTIONS, OPTIONS_BY_NAME, WidgetOptions
from widget.web.embed.sizes import default_width, layout_height
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

CHOICE_OPTIONS = tuple(
    option
    for option in OPTIONS
    if option.values and not option.syntax and option.name not in (*FIRST_OPTION_NAMES, "without")
)
"""The options under "More options" that have nothing but a few values."""


async def builder_page(request: Request) -> Response:
    """Return the page; its own query holds the choices, so that it can be bookmarked."""
    context = get_context(request)
    health = await context.health()
    banner = status_banner(health, context)
    choices = BuilderForm.from_query(request.query_params)
    if banner.code == "not_configured" and "sample" not in request.query_params:
        choices = choices.with_sample("playing")  # There is nothing else to look at yet.
    options, address = choices.options, public_base_url(request, context.settings)
    usual_width = default_width(options.layout, options.scale)
    width = choices.width or usual_width
    rows, credited = context.settings.recent, context.source.credit is not None
    page = (
        jinja_environment()
        .get_template("index.html")
        .render(
            banner=banner,
            choices=choices,
            options=options,
            field_errors=FIELD_ERRORS,
            limits=LIMITS,
            samples=available_samples(context.source),
            languages=language_names(),
            default_width=usual_width,
            recent=rows,
            snippets=snippets(address, options, choices.width, rows, credited=credited),
            preview=preview_url(choices.preview),
            preview_width=width,
            preview_height=layout_height(options.layout, width, options.scale, rows, credited=credited),
            option_table=OPTIONS_BY_NAME,
            choice_options=CHOICE_OPTIONS,
            option_values=options.values(),
            presets=[preset_tile(name, look, options) for name, look in PRESETS],
            picture=png_url(address, WidgetOptions()),
            oembed=oembed_url(address, options),
            address=address,
            is_loopback=is_loopback(urlsplit(address).hostname or ""),
            source_label=context.labelled_source.label,
            source_url=context.source.url,
            credit=context.source.credit,
            has_setup=context.has_setup,
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
        cache_control=cache_control_for("no-cache", context.settings),
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        compress=True,
    )


@dataclass(frozen=True, slots=True)
class PresetTile:
    """A preset with the ``query`` that selects it.

    ``preview`` is the address of its widget, of ``width`` by ``height`` CSS pixels.
    """

    name: str
    query: str
    preview: str
    width: int
    height: int
    scheme: str
    layout: str
    background: str
    values: Mapping[str, str]
    is_chosen: bool


def preset_tile(name: str, look: WidgetOptions, chosen: WidgetOptions) -> PresetTile:
    """Return the tile for ``look``.

    Its widget shows a sample, as many live ones would use up a browser's connections.
    """
    width = default_width(look.layout, look.scale)
    return PresetTile(
        name,
        look.query(),
        preview_url(replace(look, sample="playing")),
        width,
        layout_height(look.layout, width, look.scale),
        look.theme,
        look.layout,
        look.background,
        look.values(),
        replace(chosen, sample=None) == look,
    )


def available_samples(source: SourceInfo) -> tuple[tuple[str, str], ...]:
    """Return the preview states that ``source`` can report."""
    missing = {"paused": not source.has_pauses, "ad": not source.has_ads}
    return tuple((name, label) for name, label in SAMPLES if not missing.get(name))


def preview_url(options: WidgetOptions) -> str:
    """Return the address of the preview relative to the page, with its sample."""
    path = page_url("", options).removeprefix("/")
    if options.sample is None:
        return path
    return f"{path}{'&' if '?' in path else '?'}sample={options.sample}"
