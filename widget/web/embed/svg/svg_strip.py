"""Compact's two lines, and the rows of the list, which are made like them."""

from __future__ import annotations

from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.svg.components import SEPARATOR, SvgContext, draw_explicit_badge
from widget.web.embed.svg.shapes import BARS_WIDTH, ArtworkShape, Bars, Box, Drawing, Icon, Style
from widget.web.embed.view_model import HistoryRow

HEIGHT = 56.0
PADDING = 14.0
MIDDLE = HEIGHT / 2
TITLE_MIDDLE, BYLINE_MIDDLE = 18.25, 38.75
MAX_SOURCE_WIDTH = 120.0
MIN_BYLINE_WIDTH = 24.0

ROW_HEIGHT = 40.0
AGO_GAP = 16.0
"""More than the page has: how wide a font is, the page knows."""

ROW_TITLE_MIDDLE, ROW_BYLINE_MIDDLE = 12.2, 28.45


def draw_compact(scene: SvgContext, drawing: Drawing) -> None:
    """Artwork, two lines, bars and icon, and the line of the progress near the bottom."""
    view, setter = scene.view, scene.setter
    inset = 8.0 if scene.has_artwork else PADDING
    left = max(inset, scene.options.radius * 0.5)
    if scene.has_artwork:
        drawing.covers.append(ArtworkShape(left, 8, 40, 4, view.entry))
        left += 40 + 12
    right = _end(scene, drawing)
    if view.entry is None:
        drawing.texts.append(setter.line(view.label, left, MIDDLE, right - left, Style(14, "muted", 600)))
        return
    lines = _second_line(scene, drawing, left, right)
    middle = TITLE_MIDDLE if lines else MIDDLE
    drawing.texts.append(setter.line(view.title, left, middle, right - left, Style(14, "title", 600)))
    if view.has_line:
        inset = max(inset, scene.options.radius * 0.6)
        drawing.line = Box(inset, HEIGHT - 5, drawing.width - 2 * inset, 2, 1, "track")


def _second_line(scene: SvgContext, drawing: Drawing, left: float, right: float) -> bool:
    """The state where nothing plays, the E mark, the artists; whether there is any of it."""
    view, setter, style = scene.view, scene.setter, Style(12.5, "muted")
    has_lead = view.has_state_line and view.state in ("paused", "last")
    has_more = bool(view.byline) or view.explicit
    x = left
    if has_lead:
        words = view.label + (SEPARATOR if has_more else "")
        lead = setter.line(words, x, BYLINE_MIDDLE, right - x, style, fixed=has_more)
        drawing.texts.append(lead)
        x += lead.length or 0
    if view.entry is not None and right - x > MIN_BYLINE_WIDTH:
        x = draw_explicit_badge(drawing, view.entry, x, BYLINE_MIDDLE, 14, 9.5)
        drawing.texts.append(setter.line(view.byline, x, BYLINE_MIDDLE, right - x, style))
    return has_lead or has_more


def _end(scene: SvgContext, drawing: Drawing) -> float:
    """Icon or name, and the bars before it; gives where the text has to end."""
    view, right = scene.view, drawing.width - PADDING
    if view.source_label is None:
        size = scene.icon_size(MIN_ICON_SIZE)
        drawing.icon = Icon(right - size, MIDDLE - size / 2, size)
        right -= size + 12
    else:
        style = Style(12, "muted", anchor="right")
        name = scene.setter.line(view.source_label, right, MIDDLE, MAX_SOURCE_WIDTH, style, fixed=True)
        drawing.texts.append(name)
        right -= (name.length or 0) + 12
    if scene.has_bars:
        drawing.bars = Bars(right - BARS_WIDTH, MIDDLE + (6 if view.is_animated else 1.5), 12)
        right -= BARS_WIDTH + 14
    return right


def draw_list_row(scene: SvgContext, drawing: Drawing, played: HistoryRow, top: float) -> None:
    """One item that was played before: artwork, title and artists, how long ago."""
    setter, left, right = scene.setter, PADDING, drawing.width - PADDING
    if scene.has_artwork:
        drawing.covers.append(ArtworkShape(12, top + 4, 32, 4, played))
        left = 60.0
    style = Style(12, "muted", anchor="right", tabular=True)
    ago = setter.line(played.ago, right, top + ROW_HEIGHT / 2, right - left, style)
    right -= setter.width(played.ago, style) + AGO_GAP
    two = bool(played.byline) or played.explicit
    middle = top + (ROW_TITLE_MIDDLE if two else ROW_HEIGHT / 2)
    drawing.texts += [ago, setter.line(played.title, left, middle, right - left, Style(13, "title", 500))]
    if two:
        x = draw_explicit_badge(drawing, played, left, top + ROW_BYLINE_MIDDLE, 13, 9)
        drawing.texts.append(setter.line(played.byline, x, top + ROW_BYLINE_MIDDLE, right - x, Style(12, "muted")))
