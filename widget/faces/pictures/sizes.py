"""How large each layout is, in CSS pixels, where a place wants a fixed size."""

from collections.abc import Mapping
from math import ceil

from widget.faces.pictures.options import Layout

DEFAULT_WIDTHS: Mapping[Layout, int] = {"card": 420, "compact": 420, "cover": 320, "list": 420}
CARD_HEIGHT = 140
COMPACT_HEIGHT = 56
NARROWEST, WIDEST = 200, 900
_COVER_WIDEST = 420
_COVER_TEXT_HEIGHT = 127
"""What the cover layout needs beside its square artwork, less the padding left and right; with a title of two lines."""
_LIST_PADDING, _ROW_HEIGHT = 16, 40


def default_width(layout: Layout, scale: float = 1.0) -> int:
    """The width of ``layout`` where none was chosen."""
    return round(DEFAULT_WIDTHS[layout] * scale)


def height_of(layout: Layout, width: int, scale: float = 1.0, rows: int = 0) -> int:
    """The height of ``layout`` at ``width``; ``rows`` is how many earlier items the list shows."""
    if layout == "cover":
        return ceil(min(width, _COVER_WIDEST * scale) + _COVER_TEXT_HEIGHT * scale)
    if layout == "list":
        return ceil((COMPACT_HEIGHT + (_LIST_PADDING + _ROW_HEIGHT * rows if rows else 0)) * scale)
    return ceil((COMPACT_HEIGHT if layout == "compact" else CARD_HEIGHT) * scale)
