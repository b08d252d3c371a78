"""Lines of text laid out: cut if they do not fit, and fixed in width if a font could overflow."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from widget.web.embed.options import Font
from widget.web.embed.svg.shapes import Style, Text
from widget.web.embed.svg.text_metrics import (
    ELLIPSIS,
    collapse_whitespace,
    text_width,
    truncate,
    wrap_two_lines,
)
from widget.web.embed.view_model import is_right_to_left, needs_tall_line

FIXED_WIDTH_THRESHOLD = 0.6
"""A text whose estimated share of the room is larger has a fixed width: a wide font would overflow."""

BASELINE_EM = 0.37
"""Distance from the middle of a line to its baseline: the mean of the usual fonts."""

BOLD_WEIGHT = 600
LINE_EM, TALL_LINE_EM = 1.3, 1.5

MAX_LINE_LENGTH = 200
"""Characters; more fit into no picture, unless they are marks without a width."""

# Characters that XML 1.0 cannot hold, escaped or not: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def strip_invalid_xml(text: str) -> str:
    """Return ``text`` without characters that XML can't hold; a lone surrogate becomes U+FFFD."""
    return _NOT_XML.sub(lambda match: "\ufffd" if "\ud800" <= match[0] <= "\udfff" else "", text)


@dataclass(frozen=True, slots=True)
class TextLayout:
    """Lays out lines in one of the fonts of the option."""

    font: Font

    def width(self, text: str, style: Style) -> float:
        """Return the estimated width of ``text``."""
        return text_width(text, style.size, bold=style.weight >= BOLD_WEIGHT, mono=self.font == "mono")

    def line(self, text: str, x: float, middle: float, room: float, style: Style, *, fixed: bool = False) -> Text:
        """Return one line centered on ``middle``; ``fixed`` if something follows on the same line."""
        text = _bounded(text, MAX_LINE_LENGTH)
        fitting = truncate(text, style.size, room, bold=style.weight >= BOLD_WEIGHT, mono=self.font == "mono")
        width = self.width(fitting, style)
        return Text(
            fitting,
            x,
            middle + BASELINE_EM * style.size,
            style,
            rtl=is_right_to_left(text),
            # textLength squeezes a font that is wider than the estimate.
            length=min(width, room) if fixed or width > FIXED_WIDTH_THRESHOLD * room else None,
        )

    def title(self, text: str, x: float, top: float, room: float, style: Style) -> tuple[list[Text], float]:
        """Return one or two lines from ``top`` on, and their height."""
        bold, mono = style.weight >= BOLD_WEIGHT, self.font == "mono"
        text = _bounded(text, 2 * MAX_LINE_LENGTH)
        height = style.size * (TALL_LINE_EM if needs_tall_line(text) else LINE_EM)
        parts = wrap_two_lines(text, style.size, room, bold=bold, mono=mono)
        middles = (top + (number + 0.5) * height for number in range(len(parts)))
        lines = [self.line(part, x, middle, room, style) for part, middle in zip(parts, middles, strict=True)]
        # A second line may begin with Latin letters, and still belongs to a right-to-left title.
        return [replace(line, rtl=is_right_to_left(text)) for line in lines], height * len(lines)


def _bounded(text: str, max_length: int) -> str:
    """Return ``text`` with white space as in HTML and at most ``max_length`` characters."""
    # Cut before the work, as a title may have any length.
    text = collapse_whitespace(strip_invalid_xml(text[: 2 * max_length]))
    return text if len(text) <= max_length else text[:max_length] + ELLIPSIS
