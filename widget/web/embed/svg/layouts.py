"""Where everything stands in the picture, layout by layout: the same lines, order and measures as the page's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.options import Layout
from widget.web.embed.sizes import ATTRIBUTION_HEIGHT, DEFAULT_WIDTHS
from widget.web.embed.svg.components import (
    FOOT_HEIGHT,
    SEPARATOR,
    SvgContext,
    draw_explicit_badge,
    draw_footer,
    draw_text_block,
)
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


CARD_HEIGHT = 140.0
ICON_SPACE = 32.0


def draw_layout(scene: SvgContext) -> Drawing:
    """The whole picture, mirrored for a language that begins on the right; nothing where it is hidden."""
    drawing = Drawing(DEFAULT_WIDTHS[scene.options.layout], 1)
    if scene.view.state == "hidden":
        return drawing
    _DRAWERS[scene.options.layout](scene, drawing)
    return drawing.mirrored() if scene.words.direction == "rtl" else drawing


def _card(scene: SvgContext, drawing: Drawing) -> None:
    """The artwork as high as the card, beside it the text, which stands centred in what the foot leaves."""
    drawing.height = CARD_HEIGHT
    left, right, bottom = PADDING, drawing.width - PADDING, CARD_HEIGHT - PADDING
    if scene.has_artwork:
        side = CARD_HEIGHT - 2 * PADDING
        drawing.covers.append(ArtworkShape(left, PADDING, side, 4, scene.view.entry))
        left += side + 16
    if scene.has_icon:
        size = scene.icon_size(MIN_ICON_SIZE)
        drawing.icon = Icon(right - size, PADDING, size)
    if scene.has_foot:
        draw_footer(scene, drawing, left, right, bottom - FOOT_HEIGHT)
        bottom -= FOOT_HEIGHT + 8
    text = draw_text_block(scene, left, 16, right - left - ICON_SPACE, right - left)
    drawing.add(text, (PADDING + bottom - text.height) / 2)


def _cover(scene: SvgContext, drawing: Drawing) -> None:
    """The artwork as wide as the card, below it the text beside the icon, and the foot."""
    right, top = drawing.width - PADDING, PADDING
    if scene.has_artwork:
        side = drawing.width - 2 * PADDING
        drawing.covers.append(ArtworkShape(PADDING, top, side, 8, scene.view.entry))
        top += side + PADDING
    size = scene.icon_size(24) if scene.has_icon else 0
    room = right - PADDING - (size + 14 if size else 0)
    text = draw_text_block(scene, PADDING, 18, room, room)
    high = max(text.height, size)
    drawing.add(text, top + (high - text.height) / 2)
    if size:
        drawing.icon = Icon(right - size, top + (high - size) / 2, size)
    top += high
    if scene.has_foot:
        draw_footer(scene, drawing, PADDING, right, top + PADDING)
        top += PADDING + FOOT_HEIGHT
    drawing.height = top + PADDING


def _compact(scene: SvgContext, drawing: Drawing) -> None:
    drawing.height = HEIGHT
    draw_compact(scene, drawing)


def _list(scene: SvgContext, drawing: Drawing) -> None:
    """What plays as in compact; the line parts it from what was played before."""
    _compact(scene, drawing)
    if not scene.view.rows:
        return
    if drawing.line is not None:
        drawing.line = drawing.line.moved(3)
    else:
        drawing.boxes.append(Box(8, HEIGHT, drawing.width - 16, 1, 0, "track"))
    for number, played in enumerate(scene.view.rows):
        draw_list_row(scene, drawing, played, HEIGHT + 8 + ROW_HEIGHT * number)
    drawing.height = HEIGHT + 16 + ROW_HEIGHT * len(scene.view.rows)
    for credit in scene.credits:
        middle, room = drawing.height + ATTRIBUTION_HEIGHT / 2 - 4, drawing.width - 2 * PADDING
        drawing.texts.append(scene.setter.line(credit, PADDING, middle, room, Style(12, "muted")))
        drawing.height += ATTRIBUTION_HEIGHT


_DRAWERS: Mapping[Layout, Callable[[SvgContext, Drawing], None]] = {
    "card": _card,
    "compact": _compact,
    "cover": _cover,
    "list": _list,
}
