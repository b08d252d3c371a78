"""Renders a drawing to the bytes of the picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from widget.artwork.fetcher import ArtworkFile
from widget.artwork.oklch import to_hex
from widget.model.playback import Item
from widget.web.embed.icons import PATHS
from widget.web.embed.options import FONT_FAMILIES, WidgetOptions
from widget.web.embed.palette import ColorScheme, Palette, palette, parse_palette_color
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.layouts import draw_layout
from widget.web.embed.svg.shapes import Box, Drawing
from widget.web.embed.svg.text import strip_invalid_xml
from widget.web.templating import jinja_environment

# A README's picture travels through GitHub's proxy at each view.
MAX_SVG_BYTES = 60 * 1024
MAX_ANIMATION_MS = 600_000
"""Bars move for so long if no end is known."""

BEAT_MS = 1200
"""Two poses of the bars. All that moves changes at once, for each change paints the picture anew."""

BAR_POSES = ((0.55, 1.0, 0.75), (0.9, 0.5, 1.0))
# About a frame of most screens.
MIN_STEP_MS = 20
_IMAGE_BYTES = 200
"""Bytes of an image element beside its data."""


class _Color(NamedTuple):
    """A color as attributes: many renderers know no ``rgba()``."""

    hex: str
    opacity: str | None


def render_svg(
    scene: SvgContext, files: Mapping[Item, ArtworkFile], art: str | None = None, hue: str | None = None
) -> bytes:
    """Return the SVG, at most 60 KiB: a drawing replaces artwork that is too large, in the rows first.

    ``files`` are the artworks at hand, ``art`` and ``hue`` the main one's colors.
    """
    drawing = draw_layout(scene)
    # Rendered without artwork first, to know how many bytes are left for it.
    bare = _render(scene, drawing, {}, art, hue)
    if not files:
        return bare
    order = [cover.entry.item for cover in drawing.covers if cover.entry is not None]
    fitting = dict(_fitting([item for item in order if item in files], files, MAX_SVG_BYTES - len(bare)))
    return _render(scene, drawing, fitting, art, hue)


def _fitting(items: list[Item], files: Mapping[Item, ArtworkFile], room: int) -> Iterator[tuple[Item, str]]:
    """Yield data URIs (RFC 2397) of those ``items``, in order, that fit into ``room`` bytes."""
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
    mirrored = scene.words.direction == "rtl"
    beats = moving_ms // BEAT_MS if options.motion == "auto" else 0
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
            parse_color=_parse_color,
            bare=options.background == "none",
            radius=min(options.radius, drawing.height / 2),
            scale=options.scale,
            moving=view.is_animated,
            mark="accent" if view.is_animated else "muted",
            poses=BAR_POSES if view.is_animated and beats else BAR_POSES[:1],
            beats=beats,
            beat_ms=BEAT_MS,
            motion=None if line is None else _line_motion(scene, line, left_ms, mirrored=mirrored),
            mirrored=mirrored,
            ends_in_ms=scene.ends_in_ms if scene.ends else None,
            px=_px,
        )
    )
    return text.strip().encode()


class _LineMotion(NamedTuple):
    """The line now and at its end, and the steps in which it gets there."""

    begin: Box
    end: Box
    steps: int
    milliseconds: float


def _line_motion(scene: SvgContext, line: Box, left_ms: int, *, mirrored: bool) -> _LineMotion:
    """Move the line with the bars, or more often if it would jump by more than a pixel."""
    fraction = scene.view.progress_fraction
    pixels, step = line.width * (1 - fraction) * scene.options.scale, BEAT_MS / 2
    while step > MIN_STEP_MS and pixels * step > left_ms:
        step /= 2
    steps = max(1, int(left_ms // step))
    milliseconds = min(steps * step, float(left_ms))
    at_end = fraction + (1 - fraction) * milliseconds / left_ms if left_ms else 1.0
    begin, end = (_part(line, part, mirrored=mirrored) for part in (fraction, at_end))
    return _LineMotion(begin, end, steps, milliseconds)


def _part(line: Box, fraction: float, *, mirrored: bool) -> Box:
    width = line.width * fraction
    return replace(line, width=width, x=line.x + line.width - width if mirrored else line.x)


def _palettes(options: WidgetOptions, art: str | None, hue: str | None) -> list[Palette]:
    """Return the colors, and those of the dark scheme after them if the theme is ``auto``."""
    schemes: tuple[ColorScheme, ...] = ("light", "dark") if options.theme == "auto" else (options.theme,)
    # An image can't blur the page behind it.
    background = "card" if options.background == "glass" else options.background
    palettes = [palette(scheme, background, options.accent, art, hue) for scheme in schemes]
    return palettes[:1] if palettes[0] == palettes[-1] else palettes


def _parse_color(color: str) -> _Color:
    if color == "transparent":
        return _Color("none", None)
    channels, opacity = parse_palette_color(color)
    return _Color(to_hex(channels), None if opacity == 1 else f"{opacity:g}")


def _px(value: float) -> str:
    """Format a number of pixels, to a hundredth."""
    # A picture holds hundreds of numbers, and each digit counts.
    return f"{value:.2f}".rstrip("0").rstrip(".")
