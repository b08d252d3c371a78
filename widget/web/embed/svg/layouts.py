"""The layouts of the SVG: positions of all parts, with the same lines, order and measures as the page.

All measures are CSS pixels at scale 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil

from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.options import Layout
from widget.web.embed.sizes import (
    ATTRIBUTION_HEIGHT,
    CARD_HEIGHT,
    COMPACT_HEIGHT,
    DEFAULT_WIDTHS,
    LIST_PADDING,
    PILL_ARTWORK_FROM,
    PILL_HEIGHT,
    ROW_HEIGHT,
    WORDS_HEIGHT,
)
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

PADDING = 14.0
ICON_SPACE = 32.0
MAX_SOURCE_WIDTH = 120.0
MIN_BYLINE_WIDTH = 24.0

COMPACT_MIDDLE = COMPACT_HEIGHT / 2
TITLE_MIDDLE, BYLINE_MIDDLE = 18.25, 38.75
LINE_SHIFT = 3.0
"""The progress line moves the rest up by this; in a list it lies lower by this instead."""

EDGE_GAP = 6.0
"""Between the inset of a list and the words or icons at its edges."""

AGO_GAP = 16.0
"""More than in the page, which knows the width of its font."""

ROW_TITLE_MIDDLE, ROW_BYLINE_MIDDLE = 12.2, 28.45

PILL_GAP = 8.0
PILL_ARTWORK = 24.0
PILL_PADDING = 7.0
"""Beside the icon."""


def draw_layout(scene: SvgContext) -> Drawing:
    """Return the whole picture, mirrored for a right-to-left language; empty if it is hidden."""
    drawing = Drawing(DEFAULT_WIDTHS[scene.options.layout], 1)
    if scene.view.state == "hidden":
        return drawing
    _DRAWERS[scene.options.layout](scene, drawing)
    return drawing.mirrored() if scene.words.direction == "rtl" else drawing


def _compact(scene: SvgContext, drawing: Drawing) -> None:
    """Draw artwork, two lines, bars and icon, and the progress near the bottom."""
    drawing.height = COMPACT_HEIGHT
    view, layout = scene.view, scene.layout
    is_list = bool(scene.view.rows)
    inset = _list_inset(scene) if is_list else 8.0 if scene.has_artwork else PADDING
    left = max(inset, scene.options.radius * 0.5)
    middle = COMPACT_MIDDLE - LINE_SHIFT if view.has_line and not is_list else COMPACT_MIDDLE
    if scene.has_artwork:
        drawing.covers.append(ArtworkShape(left, middle - 20, 40, 4, view.entry))
        left += 40 + 12
    elif is_list:
        left += EDGE_GAP
    right = _draw_icon_and_bars(scene, drawing, middle)
    if view.entry is None:
        drawing.texts.append(layout.line(view.label, left, middle, right - left, Style(14, "muted", 600)))
        return
    if _draw_second_line(scene, drawing, left, right, middle + BYLINE_MIDDLE - COMPACT_MIDDLE):
        middle += TITLE_MIDDLE - COMPACT_MIDDLE
    drawing.texts.append(layout.line(view.title, left, middle, right - left, Style(14, "title", 600)))
    if view.has_line:
        inset = inset if is_list else max(inset, scene.options.radius * 0.6)
        drawing.line = Box(inset, COMPACT_HEIGHT - 5, drawing.width - 2 * inset, 2, 1, "track")


def _list_inset(scene: SvgContext) -> float:
    """Return the inset of line, artwork and rows in a list, the same for all at every radius."""
    # Half of the radius keeps square artwork inside a round corner.
    return max(8.0, scene.options.radius / 2)


def _draw_second_line(scene: SvgContext, drawing: Drawing, left: float, right: float, middle: float) -> bool:
    """Draw the state unless the item plays, E mark and artists. Return whether anything was drawn."""
    view, layout, style = scene.view, scene.layout, Style(12.5, "muted")
    has_state = view.has_state_line and view.state in ("paused", "last", "ad")
    has_byline = bool(view.byline) or view.explicit
    x = left
    if has_state:
        text = view.label + (SEPARATOR if has_byline else "")
        state = layout.line(text, x, middle, right - x, style, fixed=has_byline)
        drawing.texts.append(state)
        x += state.length or 0
    if view.entry is not None and right - x > MIN_BYLINE_WIDTH:
        x = draw_explicit_badge(drawing, view.entry, x, middle, 14, 9.5)
        drawing.texts.append(layout.line(view.byline, x, middle, right - x, style))
    return has_state or has_byline


def _draw_icon_and_bars(scene: SvgContext, drawing: Drawing, middle: float) -> float:
    """Draw icon or name, and the bars before it. Return the x at which the text must end."""
    view, right = scene.view, drawing.width - PADDING
    if view.rows:
        right = drawing.width - _list_inset(scene) - EDGE_GAP
    if view.source_label is None:
        size = scene.icon_size(MIN_ICON_SIZE)
        drawing.icon = Icon(right - size, middle - size / 2, size)
        right -= size + 12
    else:
        style = Style(12, "muted", anchor="right")
        name = scene.layout.line(view.source_label, right, middle, MAX_SOURCE_WIDTH, style, fixed=True)
        drawing.texts.append(name)
        right -= (name.length or 0) + 12
    if scene.has_bars:
        drawing.bars = Bars(right - BARS_WIDTH, middle + (6 if view.is_animated else 1.5), 12)
        right -= BARS_WIDTH + 14
    return right


def _draw_row(scene: SvgContext, drawing: Drawing, played: HistoryRow, top: float) -> None:
    """Draw one earlier item: artwork, title and artists, how long ago."""
    layout, inset = scene.layout, _list_inset(scene)
    left, right = inset + EDGE_GAP, drawing.width - inset - EDGE_GAP
    if scene.has_artwork:
        drawing.covers.append(ArtworkShape(inset + 4, top + 4, 32, 4, played))
        left = inset + 52
    style = Style(12, "muted", anchor="right", tabular=True)
    ago = layout.line(played.ago, right, top + ROW_HEIGHT / 2, right - left, style)
    right -= layout.width(played.ago, style) + AGO_GAP
    two = bool(played.byline) or played.explicit
    middle = top + (ROW_TITLE_MIDDLE if two else ROW_HEIGHT / 2)
    drawing.texts += [ago, layout.line(played.title, left, middle, right - left, Style(13, "title", 500))]
    if two:
        x = draw_explicit_badge(drawing, played, left, top + ROW_BYLINE_MIDDLE, 13, 9)
        drawing.texts.append(layout.line(played.byline, x, top + ROW_BYLINE_MIDDLE, right - x, Style(12, "muted")))


def _card(scene: SvgContext, drawing: Drawing) -> None:
    """Draw the artwork as high as the card, and beside it the text, centered above the foot."""
    drawing.height, foot = CARD_HEIGHT, FOOT_HEIGHT + 8 if scene.has_foot else 0
    if scene.options.is_words_only and not foot:
        words = draw_text_block(
            scene, PADDING, 16, drawing.width - 2 * PADDING - ICON_SPACE, drawing.width - 2 * PADDING
        )
        drawing.height = max(WORDS_HEIGHT, words.height + 2 * PADDING)
    left, right, bottom = PADDING, drawing.width - PADDING, drawing.height - PADDING
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
    """Draw the artwork as wide as the card, below it the text beside the icon, and the foot."""
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


def _list(scene: SvgContext, drawing: Drawing) -> None:
    """Draw the current item as in compact, then the earlier ones below a line."""
    _compact(scene, drawing)
    if scene.view.rows:
        _draw_rows(scene, drawing)
    for credit in scene.credits:
        left = _list_inset(scene) + EDGE_GAP
        middle, room = drawing.height + ATTRIBUTION_HEIGHT / 2 - 4, drawing.width - 2 * left
        drawing.texts.append(scene.layout.line(credit, left, middle, room, Style(12, "muted")))
        drawing.height += ATTRIBUTION_HEIGHT


def _draw_rows(scene: SvgContext, drawing: Drawing) -> None:
    """Draw the earlier items below a line, or below the progress, which then lies lower."""
    if drawing.line is not None:
        drawing.line = drawing.line.moved(LINE_SHIFT)
    else:
        drawing.boxes.append(
            Box(_list_inset(scene), COMPACT_HEIGHT, drawing.width - 2 * _list_inset(scene), 1, 0, "track")
        )
    for number, played in enumerate(scene.view.rows):
        _draw_row(scene, drawing, played, COMPACT_HEIGHT + LIST_PADDING / 2 + ROW_HEIGHT * number)
    drawing.height = COMPACT_HEIGHT + LIST_PADDING + ROW_HEIGHT * len(scene.view.rows)


def _pill(scene: SvgContext, drawing: Drawing) -> None:
    """Draw bars, title and artists on one line, and the icon; as wide as the words."""
    view, layout, middle = scene.view, scene.layout, PILL_HEIGHT / 2
    drawing.height = PILL_HEIGHT
    x = max(8.0, min(scene.options.radius, middle) * 0.6)
    if scene.has_artwork and PILL_HEIGHT * scene.options.scale >= PILL_ARTWORK_FROM:
        drawing.covers.append(ArtworkShape(4, middle - PILL_ARTWORK / 2, PILL_ARTWORK, 4, view.entry))
        x = 4 + PILL_ARTWORK + PILL_GAP
    if scene.has_bars:
        drawing.bars = Bars(x, middle + (5 if view.is_animated else 1.5), 10)
        x += BARS_WIDTH + PILL_GAP
    size = scene.icon_size(MIN_ICON_SIZE)
    named, muted = Style(12, "muted"), Style(13, "muted")
    dot = 2 * PILL_GAP + layout.width("·", muted)
    end = size + PILL_PADDING if scene.has_icon else min(layout.width(view.source.label, named), MAX_SOURCE_WIDTH) + 12
    room = drawing.width - x - PILL_GAP - end
    style = Style(13, "muted" if view.entry is None else "title", 600)
    # Some room stays for the artists, however long the title is.
    byline_room = min(layout.width(view.byline, named) + 12, 72) + dot + 19 * view.explicit if view.byline else 0
    title = layout.line(view.headline, x, middle, room - byline_room, style, fixed=True)
    drawing.texts.append(title)
    x, room = x + (title.length or 0), room - (title.length or 0) - dot
    if view.entry is not None and view.byline and room > MIN_BYLINE_WIDTH:
        drawing.texts.append(layout.line("·", x + PILL_GAP, middle, dot, muted))
        x = draw_explicit_badge(drawing, view.entry, x + dot, middle, 13, 9)
        artists = layout.line(view.byline, x, middle, drawing.width - x - PILL_GAP - end, muted, fixed=True)
        drawing.texts.append(artists)
        x += artists.length or 0
    x += PILL_GAP
    drawing.width = min(drawing.width, ceil(x + end))
    if scene.has_icon:
        drawing.icon = Icon(drawing.width - PILL_PADDING - size, middle - size / 2, size)
    else:
        drawing.texts.append(layout.line(view.source.label, x, middle, end - 12, named, fixed=True))


_DRAWERS: Mapping[Layout, Callable[[SvgContext, Drawing], None]] = {
    "card": _card,
    "compact": _compact,
    "cover": _cover,
    "list": _list,
    "pill": _pill,
}
