"""The size of the picture, layout by layout, at scale 1."""

from collections.abc import Mapping
from dataclasses import dataclass

from widget.faces.pictures.options import Layout


@dataclass(frozen=True, slots=True)
class Frame:
    """In CSS pixels; ``height`` is the largest where it depends on what is shown, less the rows of a list."""

    width: int
    height: int


FRAMES: Mapping[Layout, Frame] = {
    "card": Frame(420, 140),
    "compact": Frame(420, 56),
    "list": Frame(420, 56),
    "cover": Frame(320, 447),
}
