"""Shapes of the SVG in CSS pixels at scale 1, before they are mirrored for right-to-left languages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from widget.web.embed.view_model import TrackView

Edge = Literal["left", "right", "middle"]
ColorRole = Literal["title", "muted", "accent", "ink"]
"""The palette's color that a text has."""

Visibility = Literal["always", "now", "then"]
"""``now`` is visible until the item has ended, ``then`` from then on."""

BARS_WIDTH = 13
_OTHER: dict[Edge, Edge] = {"left": "right", "right": "left", "middle": "middle"}


@dataclass(frozen=True, slots=True)
class Style:
    """Style of a line: ``size`` in pixels, ``weight`` as in CSS, ``anchor`` the edge at x.

    ``tabular`` figures are all of one width.
    """

    size: float
    kind: ColorRole
    weight: int = 400
    anchor: Edge = "left"
    moment: Visibility = "always"
    tabular: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text with its edge at ``x`` and its baseline at ``y``; ``rtl`` is its direction.

    ``length`` is the width it is set to, whatever the font; None if any font has room.
    """

    text: str
    x: float
    y: float
    style: Style
    rtl: bool = False
    length: float | None = None

    @property
    def anchor(self) -> str:
        """The ``text-anchor`` of the physical side, as renderers disagree on right-to-left text."""
        return {"left": "start", "right": "end", "middle": "middle"}[self.style.anchor]

    @property
    def css_class(self) -> str:
        """The classes that the style sheet needs: color, weight, direction, figures and moment."""
        weight = {500: "medium", 600: "semi", 650: "bold"}.get(self.style.weight, "")
        moment = "" if self.style.moment == "always" else self.style.moment
        names = (self.style.kind, weight, "rtl" if self.rtl else "", "times" if self.style.tabular else "", moment)
        return " ".join(filter(None, names))

    @property
    def ending(self) -> str:
        """A right-to-left mark, which keeps the ellipsis at the end in renderers without ``direction``."""
        return "\u200f" if self.rtl and self.text.endswith("…") else ""

    def moved(self, down: float) -> Text:
        return replace(self, y=self.y + down)

    def mirrored(self, width: float) -> Text:
        return replace(self, x=width - self.x, style=replace(self.style, anchor=_OTHER[self.style.anchor]))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; ``kind`` names its color."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    kind: Literal["badge", "track"]

    def moved(self, down: float) -> Box:
        return replace(self, y=self.y + down)

    def mirrored(self, width: float) -> Box:
        return replace(self, x=width - self.x - self.width)


@dataclass(frozen=True, slots=True)
class ArtworkShape:
    """A square for the artwork of ``entry``, or for a drawing if it has none."""

    x: float
    y: float
    side: float
    radius: float
    entry: TrackView | None

    def mirrored(self, width: float) -> ArtworkShape:
        return replace(self, x=width - self.x - self.side)


@dataclass(frozen=True, slots=True)
class Bars:
    """Three bars of ``height`` that stand on ``bottom``; dots while the music is paused."""

    x: float
    bottom: float
    height: float

    def moved(self, down: float) -> Bars:
        return replace(self, bottom=self.bottom + down)

    def mirrored(self, width: float) -> Bars:
        return replace(self, x=width - self.x - BARS_WIDTH)


@dataclass(frozen=True, slots=True)
class Icon:
    """The source's icon, never mirrored itself."""

    x: float
    y: float
    size: float

    def mirrored(self, width: float) -> Icon:
        return replace(self, x=width - self.x - self.size)


@dataclass(slots=True)
class Drawing:
    """A whole picture, ``width`` by ``height``; ``line`` is the progress bar."""

    width: float
    height: float = 0.0
    texts: list[Text] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    covers: list[ArtworkShape] = field(default_factory=list)
    bars: Bars | None = None
    icon: Icon | None = None
    line: Box | None = None

    def add(self, part: Drawing, down: float) -> None:
        """Add the texts, boxes and bars of ``part``, moved ``down``."""
        self.texts += [text.moved(down) for text in part.texts]
        self.boxes += [box.moved(down) for box in part.boxes]
        self.bars = part.bars.moved(down) if part.bars else self.bars

    def mirrored(self) -> Drawing:
        """Return the same for languages that begin on the right."""
        width = self.width
        return replace(
            self,
            texts=[text.mirrored(width) for text in self.texts],
            boxes=[box.mirrored(width) for box in self.boxes],
            covers=[cover.mirrored(width) for cover in self.covers],
            bars=self.bars and self.bars.mirrored(width),
            icon=self.icon and self.icon.mirrored(width),
            line=self.line and self.line.mirrored(width),
        )
