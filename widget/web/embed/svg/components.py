"""The parts that the layouts of the picture are made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from widget.web.embed.i18n import Translations
from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.options import WidgetOptions
from widget.web.embed.svg.shapes import BARS_WIDTH, Bars, Box, Drawing, Style
from widget.web.embed.svg.text import BASELINE_EM, TextLayout
from widget.web.embed.view_model import TrackView, ViewModel

GAP = 2.0
LABEL_HEIGHT, BYLINE_HEIGHT, FOOT_HEIGHT = 16.2, 19.6, 12.0
SEPARATOR = "\u2002·\u2002"
DIGIT_EM = 0.55
"""The least that a digit is given, so that the line does not jump with the figures."""


@dataclass(frozen=True, slots=True)
class SvgContext:
    """What is drawn, and how. What moves stops when ``ends_in_ms`` have passed; None where nobody knows an end."""

    view: ViewModel
    options: WidgetOptions
    words: Translations
    ends_in_ms: int | None = None

    @property
    def setter(self) -> TextLayout:
        return TextLayout(self.options.font)

    @property
    def has_artwork(self) -> bool:
        return "artwork" in self.view.visible_parts

    @property
    def has_icon(self) -> bool:
        """Whether the source has a mark; its name stands there where it has none."""
        return self.view.source_label is None

    @property
    def credits(self) -> tuple[str, ...]:
        """What must stand beside the source's name."""
        credit = self.view.source.credit
        return () if credit is None else (credit.text,)

    @property
    def has_foot(self) -> bool:
        """Whether card and cover have a last line."""
        return self.view.has_line or self.view.has_times or not self.has_icon

    @property
    def ends(self) -> bool:
        """Whether what is told of an item that plays becomes untrue by itself."""
        return self.view.is_animated and self.ends_in_ms is not None

    @property
    def has_bars(self) -> bool:
        """Whether bars or dots tell that there is something to hear."""
        return self.view.state in ("playing", "paused")

    def icon_size(self, size: float) -> float:
        """``size`` at scale 1, and 21 px at the least on the reader's screen."""
        return max(size, MIN_ICON_SIZE / self.options.scale)


def draw_text_block(scene: SvgContext, left: float, size: float, room: float, byline_room: float) -> Drawing:
    """Mark of state, title (``size`` pixels) and artists, one below the other, as high as they need."""
    view, part = scene.view, Drawing(left + byline_room)
    if view.has_state_line:
        draw_status(scene, part, left, room)
        part.height += LABEL_HEIGHT + GAP
    style = Style(size, "muted" if view.entry is None else "title", 650)
    lines, height = scene.setter.title(view.headline, left, part.height, room, style)
    part.texts += lines
    part.height += height
    if view.entry is not None and (view.byline or view.explicit):
        part.height += GAP
        middle = part.height + BYLINE_HEIGHT / 2
        x = draw_explicit_badge(part, view.entry, left, middle, 15, 10)
        part.texts.append(scene.setter.line(view.byline, x, middle, byline_room - (x - left), Style(14, "muted")))
        part.height += BYLINE_HEIGHT
    return part


def draw_status(scene: SvgContext, part: Drawing, left: float, room: float) -> None:
    """The mark of state; that of an item which plays becomes that of one which was played when it has ended."""
    view, middle, x = scene.view, LABEL_HEIGHT / 2, left
    style = Style(12, "accent" if view.is_animated else "muted", 600, moment="now" if scene.ends else "always")
    if scene.ends:
        then = Style(12, "muted", 600, moment="then")
        part.texts.append(scene.setter.line(scene.words["last"], left, middle, room, then))
    if scene.has_bars:
        part.bars = Bars(left, middle + BASELINE_EM * style.size, 10)
        x += BARS_WIDTH + 7
    part.texts.append(scene.setter.line(view.label, x, middle, room - (x - left), style))


def draw_explicit_badge(part: Drawing, entry: TrackView, x: float, middle: float, side: float, size: float) -> float:
    """The E mark for explicit items; gives where the artists begin."""
    if not entry.explicit:
        return x
    part.boxes.append(Box(x, middle - side / 2, side, side, 3, "badge"))
    part.texts.append(
        TextLayout("system").line("E", x + side / 2, middle, side, Style(size, "ink", 700, anchor="middle"))
    )
    return x + side + 6


def draw_footer(scene: SvgContext, drawing: Drawing, left: float, right: float, top: float) -> None:
    """Draw elapsed time, line and duration; for a source without a mark its name too, with the credit that is due."""
    view, setter, middle = scene.view, scene.setter, top + FOOT_HEIGHT / 2
    if view.source_label is not None:
        named, style = SEPARATOR.join((view.source_label, *scene.credits)), Style(12, "muted")
        if not (view.has_line or view.has_times):
            drawing.texts.append(setter.line(named, left, middle, right - left, style))
            return
        room = (right - left) / 3
        drawing.texts.append(setter.line(named, right, middle, room, replace(style, anchor="right")))
        right -= min(setter.width(named, style), room) + 10 if named else 0
    if view.has_times:
        begin = Style(12, "muted", moment="now" if scene.ends else "always", tabular=True)
        end = replace(begin, anchor="right")
        width = max(setter.width(view.duration, end), len(view.duration) * DIGIT_EM * end.size)
        drawing.texts.append(setter.line(view.elapsed, left, middle, width, begin))
        drawing.texts.append(setter.line(view.duration, right, middle, width, end))
        left, right = left + width + 10, right - width - 10
    if view.has_line:
        drawing.line = Box(left, middle - 2, right - left, 4, 2, "track")
