"""How large each layout is, in CSS pixels, where a place wants a fixed size."""

from collections.abc import Mapping
from math import ceil
from typing import Literal

from widget.web.embed.options import Layout

PngSize = Literal["share", "card"]

PNG_SIZES: Mapping[PngSize, tuple[int, int]] = {"share": (1200, 630), "card": (840, 280)}
"""Width and height in pixels; the larger first."""

PNG_ARTWORK_WIDTHS: Mapping[PngSize, int] = {"share": 502, "card": 224}
"""Pixels, as the layouts draw it."""

DEFAULT_WIDTHS: Mapping[Layout, int] = {"card": 420, "compact": 420, "cover": 320, "list": 420}
CARD_HEIGHT = 140
COMPACT_HEIGHT = 56
MIN_WIDTH, MAX_WIDTH = 200, 900
COVER_MAX_WIDTH = 420
_COVER_TEXT_HEIGHT = 127
"""What the cover layout needs beside its square artwork, less the padding left and right; with a title of two lines."""
_LIST_PADDING, _ROW_HEIGHT = 16, 40
ATTRIBUTION_HEIGHT = 20
"""What a list needs for the credit that its source is due, below its rows."""
COVER_NARROW_BELOW, COVER_ATTRIBUTION_HEIGHT = 288, 13.2
"""A cover narrower than this has that credit on a line of its own, which needs so much more."""

MIN_FRAME_HEIGHT, MIN_COVER_HEIGHT = 110, 240
"""Any layout in a frame lower than this is compact; a cover sooner, for little would be left of its artwork."""
MIN_FRAME_HEIGHT_SCALED = 100
"""The same at the smallest scale."""
TEXT_ONLY_BELOW = 48
"""And in a frame lower than this the words stand alone."""


def min_height(layout: Layout, scale: float = 1.0) -> float:
    """In a frame lower than this ``layout`` gives way to compact."""
    return MIN_COVER_HEIGHT * scale if layout == "cover" else max(MIN_FRAME_HEIGHT * scale, MIN_FRAME_HEIGHT_SCALED)


def full_height(layout: Layout, scale: float = 1.0) -> float:
    """In a frame lower than this something of ``layout`` gives way."""
    if layout in ("card", "compact"):
        return {"card": CARD_HEIGHT, "compact": TEXT_ONLY_BELOW}[layout] * scale
    return min_height(layout, scale)


def base_height(layout: Layout) -> int:
    """The height of ``layout`` at scale 1: the cover's beside its artwork, the list's without rows."""
    return {"card": CARD_HEIGHT, "compact": COMPACT_HEIGHT, "cover": _COVER_TEXT_HEIGHT, "list": COMPACT_HEIGHT}[layout]


def list_extra_height(*, credited: bool) -> int:
    """What a list with rows needs beside them, at scale 1; ``credited``: whether a credit is due to the source."""
    return _LIST_PADDING + (ATTRIBUTION_HEIGHT if credited else 0)


def default_width(layout: Layout, scale: float = 1.0) -> int:
    """The width of ``layout`` where none was chosen."""
    return round(DEFAULT_WIDTHS[layout] * scale)


def layout_height(layout: Layout, width: int, scale: float = 1.0, rows: int = 0, *, credited: bool = False) -> int:
    """The height of ``layout`` at ``width``; ``rows`` is how many earlier items the list shows, ``credited`` whether
    a credit is due to the source. Never so low that the layout would give way to another."""
    high: float = base_height(layout)
    if layout == "cover":
        high += COVER_ATTRIBUTION_HEIGHT if credited and width < COVER_NARROW_BELOW * scale else 0
        return ceil(min(width, COVER_MAX_WIDTH * scale) + high * scale)
    if layout != "list" or not rows:
        return ceil(high * scale)
    high += _ROW_HEIGHT * rows + list_extra_height(credited=credited)
    return ceil(max(high * scale, min_height(layout, scale)))
