"""The picture outside of browsers: in librsvg, resvg, CairoSVG and Qt, once per layout."""

import base64
import io
import os
import subprocess
from collections.abc import Callable, Mapping
from typing import get_args

import pytest
from PIL import Image, ImageChops

from tests.support.programs import require
from tests.support.web_harness import ARABIC, HEBREW, WebHarness, item, paused, playing
from widget.artwork.oklch import Rgb, parse_hex
from widget.model.playback import PlayedItem
from widget.model.snapshot import Snapshot
from widget.web.embed.i18n import get_translations
from widget.web.embed.options import Layout, WidgetOptions
from widget.web.embed.palette import palette
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.layouts import draw_layout
from widget.web.embed.svg.renderer import render_svg
from widget.web.embed.view_model import build_view_model

NOW = 1_795_000_000.0
ART = "#ff5a00"
PINK: Rgb = (255, 0, 200)


def with_librsvg(svg: bytes) -> bytes:
    return subprocess.run([require("rsvg-convert")], input=svg, capture_output=True, check=True).stdout


def with_resvg(svg: bytes) -> bytes:
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg.decode(), font_dirs=["/usr/share/fonts"]))


def with_cairosvg(svg: bytes) -> bytes:
    import cairosvg  # type: ignore[import-untyped]

    png: bytes = cairosvg.svg2png(bytestring=svg)
    return png


def with_qt(svg: bytes) -> bytes:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])
    renderer = QSvgRenderer(QByteArray(svg))
    image = QImage(renderer.defaultSize(), QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    assert application is not None
    return bytes(buffer.data().data())


RENDERERS: Mapping[str, Callable[[bytes], bytes]] = {
    "librsvg": with_librsvg,
    "resvg": with_resvg,
    "CairoSVG": with_cairosvg,
    "Qt": with_qt,
}


def cover() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), PINK).save(stream, "PNG")
    return stream.getvalue()


def scene(snapshot: Snapshot, query: Mapping[str, str], lang: str = "en") -> SvgContext:
    options, words = WidgetOptions.from_query({"theme": "light", **query}), get_translations(lang)
    return SvgContext(build_view_model(snapshot, options, words, NOW), options, words, 150_000)


def drawn(renderer: str, scene: SvgContext) -> Image.Image:
    """The picture as ``renderer`` draws it, its artwork pink."""
    uri = f'xlink:href="data:image/png;base64,{base64.b64encode(cover()).decode()}"'
    svg = render_svg(scene, {}, ART).decode()
    # In place of the drawn note: what the cache would fetch.
    for shape in draw_layout(scene).covers:
        place = f'x="{shape.x:g}" y="{shape.y:g}" width="{shape.side:g}" height="{shape.side:g}"'
        svg = svg.replace('<path class="note"', f'<image {place} {uri}/><path display="none" class="seen"', 1)
    with Image.open(io.BytesIO(RENDERERS[renderer](svg.encode()))) as image:
        return image.convert("RGB")


def near(color: object, other: Rgb, most: int = 6) -> bool:
    assert isinstance(color, tuple)
    return bool(max(abs(a - b) for a, b in zip(color, other, strict=True)) <= most)


@pytest.mark.parametrize("layout", get_args(Layout))
@pytest.mark.parametrize("renderer", RENDERERS)
def test_line_artwork_ground_and_icon_are_there(renderer: str, layout: Layout) -> None:
    snapshot = playing(NOW, recent=(PlayedItem(item("Another"), NOW - 100),))
    shown = scene(snapshot, {"layout": layout, "scale": "1.25" if layout == "pill" else "1", "radius": "0"})
    drawing, image, colors = draw_layout(shown), drawn(renderer, shown), palette("light", "art", None, ART)
    scale = shown.options.scale

    def at(x: float, y: float) -> object:
        return image.getpixel((int(x * scale), int(y * scale)))

    assert list(image.size) == pytest.approx([drawing.width * scale, drawing.height * scale], abs=1)
    assert near(at(2, drawing.height - 1.5), parse_hex(colors.background))
    for square in drawing.covers:
        assert near(at(square.x + square.side / 2, square.y + square.side / 2), PINK), "artwork"
    assert drawing.icon is not None
    assert near(at(drawing.icon.x + 10, drawing.icon.y + 2), parse_hex(colors.text), 12)
    if drawing.line is not None:
        line, end = drawing.line, drawing.line.x + drawing.line.width * 61 / 214
        middle = line.y + line.height / 2
        assert near(at(line.x + 5, middle), parse_hex(colors.accent)), "begin of the line"
        assert near(at(end - 3, middle), parse_hex(colors.accent)), "before the line's end"
        assert near(at(end + 4, middle), parse_hex(colors.track)), "behind the line's end"


@pytest.mark.parametrize("layout", get_args(Layout))
@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize(("what", "lang"), [(item(), "en"), (HEBREW, "en"), (ARABIC, "ar")], ids=["en", "he", "ar"])
def test_no_ink_lies_beyond_the_texts_edge(renderer: str, layout: Layout, what: object, lang: str) -> None:
    """Texts begin at their real side, and nothing is drawn over artwork or edge: "Last played" is not seen yet."""
    shown = scene(paused(NOW, what), {"layout": layout, "radius": "0", "without": "label"}, lang)  # type: ignore[arg-type]
    drawing, image = draw_layout(shown), drawn(renderer, shown)
    ground = Image.new("RGB", image.size, palette("light", "art", None, ART).background)
    titles = [text for text in drawing.texts if text.style.kind == "title"]
    assert titles
    for text in titles:
        top, bottom = int(text.y - text.style.size * 0.6), int(text.y)
        left = 0 if text.style.anchor == "left" else int(text.x) + 2
        right = int(text.x) - 2 if text.style.anchor == "left" else image.width
        for square in drawing.covers:  # Its place is beside the text, or above it.
            if text.style.anchor == "left" and square.x < text.x:
                left = max(left, int(square.x + square.side) + 2)
            elif text.style.anchor == "right" and square.x > text.x:
                right = min(right, int(square.x) - 2)
        if drawing.bars is not None and abs(drawing.bars.x - text.x) < 30:
            continue  # In a pill the dots stand right before the title.
        box = (left, top, right, bottom)
        difference = ImageChops.difference(image.crop(box), ground.crop(box)).convert("L")
        assert difference.point(lambda value: 255 if value > 12 else 0).getbbox() is None, text.text


@pytest.mark.parametrize("renderer", RENDERERS)
async def test_the_place_of_a_missing_artwork_is_as_light_as_its_ground(renderer: str, harness: WebHarness) -> None:
    async with harness.client() as client:
        svg = (await client.get("/now-playing.svg?sample=nothing&theme=light")).content
    with Image.open(io.BytesIO(RENDERERS[renderer](svg))) as image:
        assert near(image.convert("RGB").getpixel((24, 24)), (240, 240, 240))


async def test_each_renderer_draws_what_a_readme_gets(harness: WebHarness) -> None:
    async with harness.client() as client:
        svg = (await client.get("/now-playing.svg?sample=last&theme=light")).content
    for render in RENDERERS.values():
        with Image.open(io.BytesIO(render(svg))) as image:
            assert image.size == (420, 140)
