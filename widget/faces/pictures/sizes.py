"""How large each layout is, in CSS pixels, where a place wants a fixed size."""

from collections.abc import Mapping

from widget.faces.pictures.options import Layout

DEFAULT_WIDTHS: Mapping[Layout, int] = {"card": 420, "compact": 400, "cover": 320, "list": 400}
CARD_HEIGHT = 140
COMPACT_HEIGHT = 48
NARROWEST, WIDEST = 200, 600
_COVER_WIDEST = 420
_COVER_TEXT_HEIGHT = 128
"""What the cover layout needs beside its square artwork, less the padding left and right."""


def height_of(layout: Layout, width: int) -> int:
    """The height of ``layout`` at ``width``."""
    if layout == "cover":
        return min(width, _COVER_WIDEST) + _COVER_TEXT_HEIGHT
    return COMPACT_HEIGHT if layout in ("compact", "list") else CARD_HEIGHT
