"""Where everything stands in the picture, layout by layout: the same lines, order and measures as the page's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from widget.web.embed.icons import MIN_ICON_SIZE
from widget.web.embed.options import Layout
from widget.web.embed.sizes import ATTRIBUTION_HEIGHT, DEFAULT_WIDTHS
from widget.web.embed.svg.components import FOOT_HEIGHT, SvgContext, draw_footer, draw_text_block
from widget.web.embed.svg.shapes import ArtworkShape, Box, Drawing, Icon, Style
from widget.web.embed.svg.svg_strip import HEIGHT, ROW_HEIGHT, draw_compact, draw_list_row

PADDING = 14.0
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
