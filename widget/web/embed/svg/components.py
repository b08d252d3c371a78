"""Components that the layouts of the picture share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from widget.web.embed.i18n import Translations
from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.options import WidgetOptions
from widget.web.embed.svg.shapes import BARS_WIDTH, Bars, Box, Drawing, Style, Visibility
from widget.web.embed.svg.text import BASELINE_EM, TextLayout
from widget.web.embed.view_model import TrackView, ViewModel

GAP = 2.0
LABEL_HEIGHT, BYLINE_HEIGHT, FOOT_HEIGHT = 16.2, 19.6, 12.0
SEPARATOR = "\u2002·\u2002"
DIGIT_EM = 0.55
"""Minimum width of a digit, so that the line does not jump with the figures."""


@dataclass(frozen=True, slots=True)
class SvgContext:
    """A view and its options. Motion stops after ``ends_in_ms``; None if no end is known."""

    view: ViewModel
    options: WidgetOptions
    words: Translations
    ends_in_ms: int | None = None

    @property
    def layout(self) -> TextLayout:
        return TextLayout(self.options.font)

    @property
    def has_artwork(self) -> bool:
        return "artwork" in self.view.visible_parts

    @property
    def has_icon(self) -> bool:
        """Whether the source has an icon; else its name is drawn."""
        return self.view.source_label is None

    @property
    def credits(self) -> tuple[str, ...]:
        """The attribution beside the source's name."""
        credit = self.view.source.credit
        return () if credit is None else (credit.text,)

    @property
    def has_foot(self) -> bool:
        """Whether card and cover have a last line."""
        return self.view.has_line or self.view.has_times or not self.has_icon

    @property
    def ends(self) -> bool:
        """Whether the item's end is known, at which the picture becomes untrue by itself."""
        return self.view.is_animated and self.ends_in_ms is not None

    @property
    def has_bars(self) -> bool:
        """Whether bars or dots are drawn."""
        return self.view.state in ("playing", "paused")

    def icon_size(self, size: float) -> float:
        """Return ``size`` at scale 1, at least 21 px on the reader's screen."""
        # Spotify's guidelines set 21 px as the minimum.
        return max(size, MIN_ICON_SIZE / self.options.scale)


def draw_text_block(scene: SvgContext, left: float, size: float, room: float, byline_room: float) -> Drawing:
    """Draw state, title (``size`` pixels) and artists, one below the other."""
    view, part = scene.view, Drawing(left + byline_room)
    if view.has_state_line:
        draw_status(scene, part, left, room)
        part.height += LABEL_HEIGHT + GAP
    style = Style(size, "muted" if view.entry is None else "title", 650)
    lines, height = scene.layout.title(view.headline, left, part.height, room, style)
    part.texts += lines
    part.height += height
    if view.entry is not None and (view.byline or view.explicit):
        part.height += GAP
        middle = part.height + BYLINE_HEIGHT / 2
        x = draw_explicit_badge(part, view.entry, left, middle, 15, 10)
        part.texts.append(scene.layout.line(view.byline, x, middle, byline_room - (x - left), Style(14, "muted")))
        part.height += BYLINE_HEIGHT
    return part


def draw_status(scene: SvgContext, part: Drawing, left: float, room: float) -> None:
    """Draw the state; that of a playing item becomes "last played" at its end."""
    view, middle, x = scene.view, LABEL_HEIGHT / 2, left
    style = Style(12, "accent" if view.is_animated else "muted", 600, moment="now" if scene.ends else "always")
    if scene.ends:
        then = Style(12, "muted", 600, moment="then")
        # Both states are in the picture, as nothing in it can ask the server at the end.
        part.texts.append(scene.layout.line(scene.words["last"], left, middle, room, then))
    if scene.has_bars:
        part.bars = Bars(left, middle + BASELINE_EM * style.size, 10)
        x += BARS_WIDTH + 7
    part.texts.append(scene.layout.line(view.label, x, middle, room - (x - left), style))


def draw_explicit_badge(part: Drawing, entry: TrackView, x: float, middle: float, side: float, size: float) -> float:
    """Draw the E mark of explicit items, and return the x at which the artists begin."""
    if not entry.explicit:
        return x
    part.boxes.append(Box(x, middle - side / 2, side, side, 3, "badge"))
    part.texts.append(
        TextLayout("system").line("E", x + side / 2, middle, side, Style(size, "ink", 700, anchor="middle"))
    )
    return x + side + 6


def draw_footer(scene: SvgContext, drawing: Drawing, left: float, right: float, top: float) -> None:
    """Draw elapsed time, line and duration, and the name of a source without an icon."""
    view, layout, middle = scene.view, scene.layout, top + FOOT_HEIGHT / 2
    if view.source_label is not None:
        named, style = SEPARATOR.join((view.source_label, *scene.credits)), Style(12, "muted")
        if not (view.has_line or view.has_times):
            drawing.texts.append(layout.line(named, left, middle, right - left, style))
            return
        room = (right - left) / 3
        drawing.texts.append(layout.line(named, right, middle, room, replace(style, anchor="right")))
        right -= min(layout.width(named, style), room) + 10 if named else 0
    if view.has_times and "progress" not in view.visible_parts:
        moment: Visibility = "now" if scene.ends else "always"
        times = f"{view.elapsed} / {view.duration}"
        drawing.texts.append(layout.line(times, left, middle, right - left, Style(12, "muted", moment=moment)))
        return
    if view.has_times:
        begin = Style(12, "muted", moment="now" if scene.ends else "always", tabular=True)
        end = replace(begin, anchor="right")
        width = max(layout.width(view.duration, end), len(view.duration) * DIGIT_EM * end.size)
        drawing.texts.append(layout.line(view.elapsed, left, middle, width, begin))
        drawing.texts.append(layout.line(view.duration, right, middle, width, end))
        left, right = left + width + 10, right - width - 10
    if view.has_line:
        drawing.line = Box(left, middle - 2, right - left, 4, 2, "track")
