"""Lines of text set into their room: cut where they do not fit, and fixed in width where a font could leave it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from widget.web.embed.options import Font
from widget.web.embed.svg.shapes import Style, Text
from widget.web.embed.svg.text_metrics import (
    ELLIPSIS,
    collapse_whitespace,
    is_right_to_left,
    text_width,
    truncate,
    wrap_two_lines,
)
from widget.web.embed.view_model import needs_tall_line

FIXED_WIDTH_THRESHOLD = 0.6
"""A text this near to its room (as we estimate it) has its width fixed: with a wide font it would leave the room."""

BASELINE_EM = 0.37
"""How far under the middle of a line its baseline lies: the mean of the usual fonts."""

BOLD_WEIGHT = 600
LINE_EM, TALL_LINE_EM = 1.3, 1.5


MAX_LINE_LENGTH = 200
"""Characters; more have no room in any picture, unless they are marks without a width."""

# Characters that XML 1.0 cannot hold, escaped or not: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def strip_invalid_xml(text: str) -> str:
    """``text`` without the characters that XML cannot hold; a lone surrogate becomes U+FFFD."""
    return _NOT_XML.sub(lambda match: "\ufffd" if "\ud800" <= match[0] <= "\udfff" else "", text)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """Sets lines in one of the fonts that a face may ask for."""

    font: Font

    def width(self, text: str, style: Style) -> float:
        """How wide ``text`` will be, as far as that can be known."""
        return text_width(text, style.size, bold=style.weight >= BOLD_WEIGHT, mono=self.font == "mono")

    def line(self, text: str, x: float, middle: float, room: float, style: Style, *, fixed: bool = False) -> Text:
        """One line whose middle is at the height ``middle``; ``fixed`` where something follows on the same line."""
        text = _bounded(text, MAX_LINE_LENGTH)
        fitting = truncate(text, style.size, room, bold=style.weight >= BOLD_WEIGHT, mono=self.font == "mono")
        width = self.width(fitting, style)
        return Text(
            fitting,
            x,
            middle + BASELINE_EM * style.size,
            style,
            rtl=is_right_to_left(text),
            length=min(width, room) if fixed or width > FIXED_WIDTH_THRESHOLD * room else None,
        )

    def title(self, text: str, x: float, top: float, room: float, style: Style) -> tuple[list[Text], float]:
        """One or two lines from ``top`` on, and how high they are."""
        bold, mono = style.weight >= BOLD_WEIGHT, self.font == "mono"
        text = _bounded(text, 2 * MAX_LINE_LENGTH)
        height = style.size * (TALL_LINE_EM if needs_tall_line(text) else LINE_EM)
        parts = wrap_two_lines(text, style.size, room, bold=bold, mono=mono)
        middles = (top + (number + 0.5) * height for number in range(len(parts)))
        lines = [self.line(part, x, middle, room, style) for part, middle in zip(parts, middles, strict=True)]
        return [replace(line, rtl=is_right_to_left(text)) for line in lines], height * len(lines)


def _bounded(text: str, most: int) -> str:
    """``text`` as it may be drawn: white space as in HTML, and no longer than can be read."""
    text = collapse_whitespace(strip_invalid_xml(text[: 2 * most]))
    return text if len(text) <= most else text[:most] + ELLIPSIS
