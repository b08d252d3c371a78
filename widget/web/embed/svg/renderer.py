"""The picture's bytes, from what is drawn where."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping

from widget.artwork.fetcher import ArtworkFile
from widget.model.playback import Item
from widget.web.embed.fonts import FAMILIES
from widget.web.embed.icons import PATHS
from widget.web.embed.options import Options
from widget.web.embed.palette import Palette, Tone, palette
from widget.web.embed.svg.components import Scene
from widget.web.embed.svg.layouts import draw
from widget.web.embed.svg.shapes import Drawing
from widget.web.embed.svg.text import xml_text
from widget.web.templating import environment

LARGEST_BYTES = 60 * 1024
LONGEST_MOTION_MS = 600_000
"""For how long bars move where nobody knows an end."""

BEAT_MS = 1100
_IMAGE_BYTES = 200
"""What an image element needs beside its data."""


def render(scene: Scene, files: Mapping[Item, ArtworkFile], art: str | None = None) -> bytes:
    """The picture, of 60 KiB at most: artworks that are too many bytes give way to the drawing, the rows' first.

    ``files`` are the artworks that could be had, ``art`` is the main one's colour.
    """
    drawing = draw(scene)
    bare = _render(scene, drawing, {}, art)
    if not files:
        return bare
    order = [cover.entry.item for cover in drawing.covers if cover.entry is not None]
    fitting = dict(_fitting([item for item in order if item in files], files, LARGEST_BYTES - len(bare)))
    return _render(scene, drawing, fitting, art)


def _fitting(items: list[Item], files: Mapping[Item, ArtworkFile], room: int) -> Iterator[tuple[Item, str]]:
    """The data URIs (RFC 2397) of those of ``items`` for which there is room, in their order."""
    for item in items:
        file = files[item]
        uri = f"data:{file.media_type};base64,{base64.b64encode(file.body).decode()}"
        if len(uri) + _IMAGE_BYTES <= room:
            room -= len(uri) + _IMAGE_BYTES
            yield item, uri


def _render(scene: Scene, drawing: Drawing, pictures: Mapping[Item, str], art: str | None) -> bytes:
    view, options, line = scene.view, scene.options, drawing.line
    left_ms = (view.duration_ms or 0) - (view.progress_ms or 0)
    moving_ms = LONGEST_MOTION_MS if scene.ends_in_ms is None else scene.ends_in_ms
    begins = 0.0 if line is None else (view.share - 1) * line.width
    text = (
        environment()
        .get_template("now-playing.svg")
        .render(
            shown=view.state != "hidden",
            drawing=drawing,
            covers=[(cover, pictures.get(cover.entry.item) if cover.entry else None) for cover in drawing.covers],
            words=scene.words,
            label=xml_text(view.label),
            summary=xml_text(" – ".join(filter(None, (view.title, view.byline))) or view.label),
            font=FAMILIES[options.font],
            icon=PATHS.get(view.source.icon or "", ""),
            palettes=_palettes(options, art),
            bare=options.background == "none",
            radius=min(options.radius, drawing.height / 2),
            scale=options.scale,
            moving=view.moves,
            mark="accent" if view.moves else "muted",
            beats=moving_ms // BEAT_MS if options.motion == "auto" else 0,
            left_ms=left_ms,
            line_begins=-begins if scene.words.direction == "rtl" else begins,
            ends_in_ms=scene.ends_in_ms if scene.ends else None,
            px=_px,
        )
    )
    return text.strip().encode()


def _palettes(options: Options, art: str | None) -> list[Palette]:
    """The colours, and for ``theme=auto`` those of the dark theme after them."""
    tones: tuple[Tone, ...] = ("light", "dark") if options.theme == "auto" else (options.theme,)
    palettes = [palette(tone, options.background, options.accent, art) for tone in tones]
    return palettes[:1] if palettes[0] == palettes[-1] else palettes


def _px(value: float) -> str:
    """A number of pixels, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
