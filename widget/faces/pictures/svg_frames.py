"""The measures of the picture, layout by layout."""

from collections.abc import Mapping
from dataclasses import dataclass

from widget.faces.pictures.options import Layout


@dataclass(frozen=True, slots=True)
class Frame:
    """One layout's measures, in pixels."""

    width: int
    height: int
    artwork: tuple[int, int, int]
    artwork_width: int
    text_x: int
    text_right: int


FRAMES: Mapping[Layout, Frame] = {
    "card": Frame(420, 140, (15, 15, 110), 110, 141, 405),
    "compact": Frame(400, 48, (8, 8, 32), 64, 50, 388),
    "list": Frame(400, 48, (8, 8, 32), 64, 50, 388),
    "cover": Frame(320, 438, (15, 15, 290), 300, 15, 305),
}
