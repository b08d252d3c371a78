"""Lines of text for the PNG: broken at words, cut with an ellipsis, drawn run by run. Called off the event loop."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import wcwidth

from widget.web.embed.png.fonts import (
    EMOJI_STRIKE_SIZE,
    INTER,
    FontFile,
    fonts_for,
    has_glyph,
    has_raqm,
    is_ignorable,
    needs_shaping,
    open_font,
)
from widget.web.embed.view_model import is_right_to_left

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

ELLIPSIS = "…"
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
"""White space, and characters that raqm can't measure (U+001C to U+001E, U+0085, U+2029)."""

_WORDS = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighboring graphemes that one font draws."""

    text: str
    font: FontFile


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be drawn; ``width`` in pixels."""

    runs: tuple[Run, ...]
    width: float
    is_rtl: bool


class TextPainter:
    """Measures and draws one text at one size and weight, in one thread.

    Its direction is that of the first strong letter, for every line of it (UAX #9, rule P2). ``can_shape``: whether
    Pillow has raqm, looked up if None.
    """

    def __init__(self, text: str, size: float, weight: int, *, can_shape: bool | None = None) -> None:
        self.size = size
        self._can_shape = has_raqm() if can_shape is None else can_shape
        self._text = _BREAKS.sub(" ", unicodedata.normalize("NFC", text)).strip()
        self._is_rtl = is_right_to_left(self._text)
        self._weight = weight
        self._fonts: dict[FontFile, FreeTypeFont] = {}

    def fit_lines(self, max_width: float, max_lines: int) -> list[Line]:
        """Return at most ``max_lines`` lines of ``max_width`` pixels, the last one cut with an ellipsis.

        Empty if a grapheme is in no font or can't be shaped here: nothing is drawn then, never boxes.
        """
        if self._line(self._text) is None:
            return []
        lines: list[Line] = []
        rest = self._text
        while rest and len(lines) < max_lines:
            head, tail = self._split(rest, max_width)
            if tail and len(lines) == max_lines - 1:
                head, tail = self._truncate(rest, max_width), ""
            line = self._line(head)
            if line is not None:
                lines.append(line)
            rest = tail
        return lines

    def draw(self, image: Image, line: Line, x: float, baseline: float, color: str) -> None:
        """Draw ``line`` with its left edge at ``x`` and its baseline at ``baseline``."""
        from PIL import ImageDraw

        canvas = ImageDraw.Draw(image)
        for run in line.runs:
            if run.font.is_emoji:
                self._draw_emoji(image, run, x, baseline)
            else:
                direction = "rtl" if line.is_rtl else None
                font = self._font(run.font)
                canvas.text((x, baseline), run.text, fill=color, font=font, anchor="ls", direction=direction)
            x += self._run_width(run)

    def _line(self, text: str) -> Line | None:
        runs = _single_font_run(text, self._can_shape) if self._is_rtl else _runs(text, self._can_shape)
        if runs is None:
            return None
        return Line(runs, sum(map(self._run_width, runs)), self._is_rtl)

    def _width(self, text: str) -> float:
        line = self._line(text)
        return 0.0 if line is None else line.width

    def _split(self, text: str, max_width: float) -> tuple[str, str]:
        """Split ``text`` after the last word that fits, or within a word that is too long."""
        fitting = ""
        for word in _WORDS.findall(text):
            if self._width((fitting + word).rstrip()) > max_width:
                break
            fitting += word
        if not fitting or _has_no_spaces(text):
            fitting = self._longest_prefix(text, max_width)
        return fitting.rstrip(), text[len(fitting) :].lstrip()

    def _longest_prefix(self, text: str, max_width: float) -> str:
        """Return the graphemes of ``text`` that fit, at least one."""
        graphemes = list(wcwidth.iter_graphemes(text))
        # Bisected, as measuring every prefix of a long title is slow.
        low, high = 1, len(graphemes)
        while low < high:
            middle = (low + high + 1) // 2
            if self._width("".join(graphemes[:middle])) <= max_width:
                low = middle
            else:
                high = middle - 1
        return "".join(graphemes[:low])

    def _truncate(self, text: str, max_width: float) -> str:
        room = max_width - self._width(ELLIPSIS)
        return f"{self._longest_prefix(text, room).rstrip()}{ELLIPSIS}"

    def _font(self, font: FontFile) -> FreeTypeFont:
        if font not in self._fonts:
            self._fonts[font] = open_font(font, self.size, self._weight)
        return self._fonts[font]

    def _run_width(self, run: Run) -> float:
        scale = self.size / EMOJI_STRIKE_SIZE if run.font.is_emoji else 1
        return float(self._font(run.font).getlength(run.text)) * scale

    def _draw_emoji(self, image: Image, run: Run, x: float, baseline: float) -> None:
        from PIL import Image as Images
        from PIL import ImageDraw
        from PIL.Image import Resampling

        font = self._font(run.font)
        side = EMOJI_STRIKE_SIZE
        strip = Images.new("RGBA", (max(1, round(font.getlength(run.text))), round(side * 1.25)))
        ImageDraw.Draw(strip).text((0, side), run.text, font=font, anchor="ls", embedded_color=True)
        scale = self.size / side
        small = strip.resize((max(1, round(strip.width * scale)), round(strip.height * scale)), Resampling.LANCZOS)
        image.paste(small, (round(x), round(baseline - side * scale)), small)


def _runs(text: str, can_shape: bool) -> tuple[Run, ...] | None:
    """Return ``text`` cut where the font must change; None if a grapheme is in no font."""
    runs: list[Run] = []
    for grapheme in wcwidth.iter_graphemes(text):
        font = _font_for(grapheme, runs[-1].font if runs else None, can_shape)
        if font is None:
            return None
        if runs and runs[-1].font == font:
            runs[-1] = Run(runs[-1].text + grapheme, font)
        else:
            runs.append(Run(grapheme, font))
    return tuple(runs)


def _single_font_run(text: str, can_shape: bool) -> tuple[Run, ...] | None:
    """Return a right-to-left ``text`` as one run, as several would lose order and joins."""
    letters = [character for character in text if not is_ignorable(character)]
    if not can_shape:
        return None
    first = next((character for character in letters if needs_shaping(character)), " ")
    for font in fonts_for(first):
        if not font.is_emoji and all(has_glyph(font, character) for character in letters):
            return (Run(text, font),)
    return None


def _font_for(grapheme: str, previous: FontFile | None, can_shape: bool) -> FontFile | None:
    characters = [character for character in grapheme if not is_ignorable(character)]
    if any(map(needs_shaping, characters)) and not can_shape:
        return None
    candidates = [*([previous] if previous else []), *(fonts_for(characters[0]) if characters else ())]
    # Text fonts hold some of these signs too, in one color.
    if "\ufe0f" in grapheme or ("\ufe0e" not in grapheme and _is_emoji(characters)):
        candidates.sort(key=lambda font: not font.is_emoji)
    # The emoji font holds digits too, as parts of keycaps.
    elif characters and characters[0].isascii():
        candidates = [font for font in candidates if not font.is_emoji]
    # Else a sign of another font would keep the letters behind it.
    if characters and characters[0].isalnum():
        candidates.sort(key=lambda font: font.path not in INTER)
    return next((font for font in candidates if all(has_glyph(font, one) for one in characters)), None)


def _is_emoji(characters: list[str]) -> bool:
    """Return whether the first character is shown as a colored picture by default (UTS #51, section 2.2)."""
    first = characters[0] if characters else " "
    return unicodedata.category(first) == "So" and unicodedata.east_asian_width(first) == "W"


def _has_no_spaces(text: str) -> bool:
    """Return whether lines of ``text`` may break anywhere, as in Chinese and Japanese."""
    # A title may mix scripts, so the majority decides.
    wide = sum(unicodedata.east_asian_width(character) in ("W", "F") for character in text)
    return wide > len(text) / 2
