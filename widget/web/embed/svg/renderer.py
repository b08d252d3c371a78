"""The picture's bytes, from what is drawn where."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from widget.artwork.fetcher import ArtworkFile
from widget.model.playback import Item
from widget.web.embed.icons import PATHS
from widget.web.embed.options import FONT_FAMILIES, WidgetOptions
from widget.web.embed.palette import ColorScheme, Palette, palette
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.layouts import draw_layout
from widget.web.embed.svg.shapes import Drawing
from widget.web.embed.svg.text import strip_invalid_xml
from widget.web.templating import jinja_environment

MAX_SVG_BYTES = 60 * 1024
MAX_ANIMATION_MS = 600_000
"""For how long bars move where nobody knows an end."""

BAR_ANIMATION_MS = 1100
_IMAGE_BYTES = 200
"""What an image element needs beside its data."""


def render_svg(
    scene: SvgContext, files: Mapping[Item, ArtworkFile], art: str | None = None, hue: str | None = None
) -> bytes:
    """The picture, of 60 KiB at most: artworks that are too many bytes give way to the drawing, the rows' first.

    ``files`` are the artworks that could be had, ``art`` is the main one's colour.
    """
    drawing = draw_layout(scene)
    bare = _render(scene, drawing, {}, art, hue)
    if not files:
        return bare
    order = [cover.entry.item for cover in drawing.covers if cover.entry is not None]
    fitting = dict(_fitting([item for item in order if item in files], files, MAX_SVG_BYTES - len(bare)))
    return _render(scene, drawing, fitting, art, hue)


def _fitting(items: list[Item], files: Mapping[Item, ArtworkFile], room: int) -> Iterator[tuple[Item, str]]:
    """The data URIs (RFC 2397) of those of ``items`` for which there is room, in their order."""
    for item in items:
        file = files[item]
        uri = f"data:{file.media_type};base64,{base64.b64encode(file.body).decode()}"
        if len(uri) + _IMAGE_BYTES <= room:
            room -= len(uri) + _IMAGE_BYTES
            yield item, uri


def _render(
    scene: SvgContext, drawing: Drawing, pictures: Mapping[Item, str], art: str | None, hue: str | None
) -> bytes:
    view, options, line = scene.view, scene.options, drawing.line
    left_ms = (view.duration_ms or 0) - (view.progress_ms or 0)
    moving_ms = MAX_ANIMATION_MS if scene.ends_in_ms is None else scene.ends_in_ms
    begins = 0.0 if line is None else (view.progress_fraction - 1) * line.width
    text = (
        jinja_environment()
        .get_template("now-playing.svg")
        .render(
            shown=view.state != "hidden",
            drawing=drawing,
            covers=[(cover, pictures.get(cover.entry.item) if cover.entry else None) for cover in drawing.covers],
            words=scene.words,
            label=strip_invalid_xml(view.label),
            summary=strip_invalid_xml(" – ".join(filter(None, (view.title, view.byline))) or view.label),
            font=FONT_FAMILIES[options.font],
            icon=PATHS.get(view.source.icon or "", ""),
            palettes=_palettes(options, art, hue),
            bare=options.background == "none",
            radius=min(options.radius, drawing.height / 2),
            scale=options.scale,
            moving=view.is_animated,
            mark="accent" if view.is_animated else "muted",
            beats=moving_ms // BAR_ANIMATION_MS if options.motion == "auto" else 0,
            left_ms=left_ms,
            line_begins=-begins if scene.words.direction == "rtl" else begins,
            ends_in_ms=scene.ends_in_ms if scene.ends else None,
            px=_px,
        )
    )
    return text.strip().encode()


def _palettes(options: WidgetOptions, art: str | None, hue: str | None) -> list[Palette]:
    """The colours, and for ``theme=auto`` those of the dark theme after them."""
    tones: tuple[ColorScheme, ...] = ("light", "dark") if options.theme == "auto" else (options.theme,)
    background = "card" if options.background == "glass" else options.background
    palettes = [palette(tone, background, options.accent, art, hue) for tone in tones]
    return palettes[:1] if palettes[0] == palettes[-1] else palettes


def _px(value: float) -> str:
    """A number of pixels, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
