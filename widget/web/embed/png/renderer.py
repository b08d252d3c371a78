"""The PNG: a view drawn by Pillow, in two sizes. Called off the event loop: a picture takes some 80 ms of CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from widget.artwork.oklch import Rgb, mix, parse_hex, to_hex
from widget.web.embed.palette import ColorScheme, Palette, palette, parse_palette_color
from widget.web.embed.png.text import Line, TextPainter
from widget.web.embed.view_model import is_right_to_left

if TYPE_CHECKING:
    from PIL.Image import Image

    from widget.web.embed.options import WidgetOptions
    from widget.web.embed.sizes import PngSize
    from widget.web.embed.view_model import ViewModel

MAX_PNG_BYTES = 300_000
MAX_ARTWORK_SIDE = 2_000
"""Pixels; a larger artwork is not decoded, for its pixels would take more memory than the program has."""

BARS = (0.55, 1.0, 0.75)
"""Heights of the three bars beside the state, as parts of the highest."""

RING_OPACITY = 0.1
"""Of the ring around the artwork, in the color of the text."""

_ICONS = {"spotify": Path(__file__).parent / "spotify.png"}
_SUPERSAMPLING = 4
_MIDDLE_GRAY: Rgb = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class PngLayout:
    """Measures of one size in pixels; font sizes with the CSS weights of the card."""

    width: int
    height: int
    padding: int
    gap: int
    artwork_radius: int
    state_size: int
    title_size: int
    byline_size: int
    title_lines: int
    byline_lines: int
    icon_size: int
    source_size: int
    icon_at_top: bool

    @property
    def artwork_side(self) -> int:
        return self.height - 2 * self.padding


LAYOUTS: Mapping[PngSize, PngLayout] = {
    "share": PngLayout(1200, 630, 64, 56, 16, 30, 60, 38, 3, 2, 48, 29, icon_at_top=False),
    "card": PngLayout(840, 280, 28, 28, 8, 24, 32, 28, 2, 1, 42, 24, icon_at_top=True),
}


def render_png(
    view: ViewModel, options: WidgetOptions, art: str | None, hue: str | None, artwork: bytes | None, size: PngSize
) -> bytes:
    """Return the picture of ``view`` as PNG bytes, at most :data:`MAX_PNG_BYTES`.

    ``art`` is the artwork's color (``#rrggbb``), ``hue`` the accent of a gray one, ``artwork`` its image; None if there
    is none. Raises ImportError without Pillow.
    """
    from PIL import Image

    layout = LAYOUTS[size]
    colors = _palette(options, art, hue, size)
    mode = "RGBA" if colors.background == "transparent" else "RGB"
    image = Image.new(mode, (layout.width, layout.height), (0, 0, 0, 0) if mode == "RGBA" else colors.background)
    _Painter(image, layout, colors, view).paint(artwork)
    return _encode(image)


class _Painter:
    """Draws one picture, mirrored for a right-to-left title."""

    def __init__(self, image: Image, layout: PngLayout, colors: Palette, view: ViewModel) -> None:
        self._image = image
        self._layout = layout
        self._colors = colors
        self._view = view
        self._is_rtl = is_right_to_left(view.headline)

    def paint(self, artwork: bytes | None) -> None:
        layout = self._layout
        left, right = layout.padding, layout.width - layout.padding
        title = self._fit(self._view.headline, layout.title_size, 650, layout.title_lines, self._text_width())
        has_artwork = self._view.entry is not None and "artwork" in self._view.visible_parts
        if has_artwork:
            side = layout.artwork_side
            # Without a title that can be drawn the cover takes the room: it is all that there is to see.
            x = left if title[1] else (layout.width - side) // 2
            self._paint_artwork(artwork, right - side - x + left if self._is_rtl else x, layout.padding, side)
            if self._is_rtl:
                right -= side + layout.gap
            else:
                left += side + layout.gap
        self._paint_words(title, left, right)
        self._paint_source(left, right)

    def _text_width(self) -> float:
        layout = self._layout
        width = layout.width - 2.0 * layout.padding
        if self._view.entry is not None and "artwork" in self._view.visible_parts:
            width -= layout.artwork_side + layout.gap
        return width - (layout.icon_size + layout.gap / 2 if layout.icon_at_top else 0)

    def _fit(self, text: str, size: int, weight: int, lines: int, width: float) -> tuple[TextPainter, list[Line]]:
        painter = TextPainter(text, size, weight)
        return painter, painter.fit_lines(width, lines)

    def _paint_words(self, title: tuple[TextPainter, list[Line]], left: float, right: float) -> None:
        """Draw state, title and artists as one block, centered above the source's mark."""
        layout, view, width = self._layout, self._view, self._text_width()
        mark = layout.byline_size * 1.25 if view.explicit else 0.0
        state = self._fit(view.label if view.has_state_line else "", layout.state_size, 600, 1, width - 60)
        byline = self._fit(view.byline, layout.byline_size, 400, layout.byline_lines, width - mark)
        if not title[1]:
            return
        mark_color = self._colors.accent if view.is_animated else self._colors.muted
        title_color = self._colors.muted if view.entry is None else self._colors.text
        blocks = [(state, mark_color), (title, title_color), (byline, self._colors.muted)]
        height = sum(len(lines) * painter.size * 1.3 for (painter, lines), _ in blocks)
        foot = 0 if layout.icon_at_top and view.source.icon else layout.icon_size + layout.gap / 2
        y = (layout.height - foot - height) / 2
        for (painter, lines), color in blocks:
            for number, line in enumerate(lines):
                baseline = y + painter.size * 1.0
                offset = 0.0
                if painter is byline[0] and number == 0 and mark:
                    offset = mark
                    self._paint_explicit_mark(right if self._is_rtl else left, baseline)
                elif painter is state[0] and view.state in ("playing", "paused"):
                    offset = self._paint_bars(right if self._is_rtl else left, baseline, color)
                x = right - offset - line.width if self._is_rtl else left + offset
                painter.draw(self._image, line, x, baseline, color)
                y += painter.size * 1.3

    def _paint_bars(self, edge: float, baseline: float, color: str) -> float:
        """Draw the bars, or dots while paused, from ``edge`` on; return the width that they take before the state."""
        unit = round(self._layout.state_size / 4)
        gap, height = round(unit * 2 / 3), self._layout.state_size * 0.83
        width = 3 * unit + 2 * gap
        x = round(edge) - width if self._is_rtl else round(edge)
        for number, part in enumerate(BARS):
            left = x + number * (unit + gap)
            high = round(height * part) if self._view.is_animated else unit
            self._paint_box((left, round(baseline) - high, left + unit, round(baseline)), unit // 3, color)
        return width + self._layout.state_size * 0.58

    def _paint_explicit_mark(self, edge: float, baseline: float) -> None:
        side = round(self._layout.byline_size * 0.82)
        left, top = round(edge - side if self._is_rtl else edge), round(baseline - side * 0.94)
        self._paint_box((left, top, left + side, top + side), side // 6, self._colors.muted)
        letter = TextPainter("E", side * 0.72, 700)
        for line in letter.fit_lines(side, 1):
            x = left + (side - line.width) / 2
            letter.draw(self._image, line, x, top + side * 0.76, self._colors.mark_ink)

    def _paint_source(self, left: float, right: float) -> None:
        """Draw the source's icon at the top of the card, else icon and name below the words."""
        layout, source = self._layout, self._view.source
        path, size = _ICONS.get(source.icon or ""), layout.icon_size
        if layout.icon_at_top and path is not None:
            corner = layout.padding if self._is_rtl else layout.width - layout.padding - size
            self._paint_icon(path, corner, layout.padding, size)
            return
        top = layout.height - layout.padding - size
        beside = size * 1.3 if path is not None else 0.0
        if path is not None:
            self._paint_icon(path, right - size if self._is_rtl else left, top, size)
        words = [source.label, *([source.credit.text] if source.credit else [])]
        label = TextPainter(" · ".join(filter(None, words)), layout.source_size, 600)
        for line in label.fit_lines(right - left - beside, 1):
            x = right - beside - line.width if self._is_rtl else left + beside
            label.draw(self._image, line, x, top + size / 2 + layout.source_size * 0.35, self._colors.muted)

    def _paint_icon(self, path: Path, x: float, y: float, size: int) -> None:
        from PIL import Image
        from PIL.Image import Resampling

        with Image.open(path) as mask:
            self._image.paste(self._colors.text, (round(x), round(y)), mask.resize((size, size), Resampling.LANCZOS))

    def _paint_artwork(self, body: bytes | None, x: float, y: float, side: int) -> None:
        from PIL import Image

        cover = Image.new("RGB", (side, side), self._blend(*parse_palette_color(self._colors.placeholder)))
        picture = None if body is None else _decode(body, side)
        if picture is not None:
            cover.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        mask = _rounded_mask(side, side, self._layout.artwork_radius)
        ring = _rounded_mask(side + 4, side + 4, self._layout.artwork_radius + 2)
        color = self._blend(parse_hex(self._colors.text), RING_OPACITY)
        self._image.paste(color, (round(x) - 2, round(y) - 2), ring)
        self._image.paste(cover, (round(x), round(y)), mask)

    def _blend(self, color: Rgb, opacity: float) -> str:
        """Return ``color`` as it looks on the background, as ``#rrggbb``."""
        background = self._colors.background
        # Behind a transparent picture the page is unknown, so the middle errs least.
        under = _MIDDLE_GRAY if background == "transparent" else parse_hex(background)
        return to_hex(mix(under, color, opacity))

    def _paint_box(self, box: tuple[int, int, int, int], radius: int, color: str) -> None:
        mask = _rounded_mask(box[2] - box[0], box[3] - box[1], radius)
        self._image.paste(color, box[:2], mask)


def _palette(options: WidgetOptions, art: str | None, hue: str | None, size: PngSize) -> Palette:
    """Return the colors: ``auto`` is dark, as an image can't follow the visitor's theme."""
    scheme: ColorScheme = "light" if options.theme == "light" else "dark"
    background = options.background
    if background == "glass":  # There is no page behind a picture.
        background = "card"
    elif background == "art" and size == "share":
        background = "vivid"
    return palette(scheme, background, options.accent, art, hue)


def _decode(body: bytes, side: int) -> Image | None:
    """Return the whole image in ``body``, its longer side ``side`` pixels; None if unreadable."""
    from PIL import Image
    from PIL.Image import Resampling

    try:
        with Image.open(BytesIO(body), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
            if max(image.size) > MAX_ARTWORK_SIDE:
                return None
            # A JPEG is then decoded at a fraction of its size.
            image.draft("RGB", (side, side))
            # Resizing an image with a palette would be without interpolation.
            whole = image.convert("RGB")
    except Exception:
        return None
    scale = side / max(whole.size)
    size = (max(1, round(whole.width * scale)), max(1, round(whole.height * scale)))
    return whole.resize(size, Resampling.LANCZOS)


def _rounded_mask(width: int, height: int, radius: int) -> Image:
    """Return a mask with smooth corners: Pillow's own rounded rectangle is not antialiased."""
    from PIL import Image, ImageDraw
    from PIL.Image import Resampling

    factor = _SUPERSAMPLING
    mask = Image.new("L", (width * factor, height * factor))
    box = (0, 0, width * factor - 1, height * factor - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, radius * factor, fill=255)
    return mask.resize((width, height), Resampling.BOX)


def _encode(image: Image) -> bytes:
    """Return PNG bytes, with a palette of 256 colors if a detailed cover needs it."""
    body = _save(image)
    if len(body) > MAX_PNG_BYTES:
        from PIL.Image import Dither, Quantize

        body = _save(image.quantize(256, Quantize.FASTOCTREE, dither=Dither.NONE))
    return body


def _save(image: Image) -> bytes:
    buffer = BytesIO()
    # Without optimize, which took 3 s on noise.
    image.save(buffer, "PNG")
    return buffer.getvalue()
