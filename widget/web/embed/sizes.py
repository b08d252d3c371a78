"""Sizes of each layout in CSS pixels, for places that need a fixed size."""

from collections.abc import Mapping
from math import ceil
from typing import Literal

from widget.web.embed.options import Layout

PngSize = Literal["share", "card"]

PNG_SIZES: Mapping[PngSize, tuple[int, int]] = {"share": (1200, 630), "card": (840, 280)}
"""Width and height in pixels; the larger first."""

PNG_ARTWORK_WIDTHS: Mapping[PngSize, int] = {"share": 502, "card": 224}
"""Pixels, as the layouts draw it."""

DEFAULT_WIDTHS: Mapping[Layout, int] = {"card": 420, "compact": 420, "cover": 320, "list": 420, "pill": 320}
CARD_HEIGHT = 140
COMPACT_HEIGHT = 56
PILL_HEIGHT = 32
PILL_ARTWORK_FROM = 36
"""A pill lower than this has no artwork."""

WORDS_HEIGHT = 72
"""A card of nothing but title and artists."""

MIN_WIDTH, MAX_WIDTH = 200, 900
COVER_MAX_WIDTH = 420
_COVER_TEXT_HEIGHT = 127
"""Height of a cover without its square artwork, less the padding left and right; with two lines of title."""
LIST_PADDING, ROW_HEIGHT = 16, 40
ATTRIBUTION_HEIGHT = 20
"""Height of the source's attribution at the foot of a list."""
COVER_NARROW_BELOW, COVER_ATTRIBUTION_HEIGHT = 288, 13.2
"""A cover narrower than the one shows the attribution on a separate line, as high as the other."""

MIN_FRAME_HEIGHT, MIN_COVER_HEIGHT = 110, 240
"""In a lower frame a layout is compact; a cover sooner, as too little of its artwork would be left."""
MIN_FRAME_HEIGHT_SCALED = 100
"""The same at the smallest scale."""
TEXT_ONLY_BELOW = 48
"""A lower frame shows the words alone."""


def min_height(layout: Layout, scale: float = 1.0, *, words_only: bool = False) -> float:
    """Return the height below which a frame shows compact instead of ``layout``."""
    if layout == "pill":
        return 0.0
    if words_only:
        return WORDS_HEIGHT * scale
    return MIN_COVER_HEIGHT * scale if layout == "cover" else max(MIN_FRAME_HEIGHT * scale, MIN_FRAME_HEIGHT_SCALED)


def full_height(layout: Layout, scale: float = 1.0, *, words_only: bool = False) -> float:
    """Return the height below which a frame leaves something of ``layout`` out."""
    if words_only:
        return WORDS_HEIGHT * scale
    if layout in ("card", "compact", "pill"):
        return {"card": CARD_HEIGHT, "compact": TEXT_ONLY_BELOW, "pill": PILL_HEIGHT}[layout] * scale
    return min_height(layout, scale)


def base_height(layout: Layout, *, credited: bool = False) -> int:
    """Return the height of ``layout`` at scale 1, a cover's without artwork, a list's without rows.

    ``credited``: whether the source requires attribution, for which a list has a line of its own.
    """
    heights: Mapping[Layout, int] = {
        "card": CARD_HEIGHT,
        "compact": COMPACT_HEIGHT,
        "cover": _COVER_TEXT_HEIGHT,
        "list": COMPACT_HEIGHT + (ATTRIBUTION_HEIGHT if credited else 0),
        "pill": PILL_HEIGHT,
    }
    return heights[layout]


def default_width(layout: Layout, scale: float = 1.0) -> int:
    """Return the width of ``layout`` unless another is chosen."""
    return round(DEFAULT_WIDTHS[layout] * scale)


def layout_height(layout: Layout, width: int, scale: float = 1.0, rows: int = 0, *, credited: bool = False) -> int:
    """Return the height of ``layout`` at ``width``, high enough to show no other layout.

    ``rows`` is the number of earlier items in a list; ``credited``: whether the source requires attribution.
    """
    high: float = base_height(layout, credited=credited)
    if layout == "cover":
        high += COVER_ATTRIBUTION_HEIGHT if credited and width < COVER_NARROW_BELOW * scale else 0
        return ceil(min(width, COVER_MAX_WIDTH * scale) + high * scale)
    if layout != "list" or not rows:
        return ceil(high * scale)
    high += LIST_PADDING + ROW_HEIGHT * rows
    return ceil(max(high * scale, min_height(layout, scale)))
