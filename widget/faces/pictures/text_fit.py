"""How wide a text is in a generic sans-serif font, and where to cut it: at a grapheme, never inside one."""

import unicodedata
from collections.abc import Iterable

import wcwidth

ELLIPSIS = "…"
WIDE_EM = 1.0
SAFETY = 1.04
"""Fonts differ: a little more room than Helvetica needs."""

# Advance widths in 1/1000 em, grouped: what the common sans-serif fonts agree on within a few percent.
_GROUPS = (
    (222, "ijl'|‘’`"),
    (278, " !,./:;I[\\]ft()·"),
    (333, 'r-{}"*“”°'),
    (500, "csvxyzkJ^"),
    (556, "abdeghnopquL0123456789?_$#§€£<>+=~–"),
    (667, "ABEKPSVXYZ&TF"),
    (722, "CDHNRUwGOQ"),
    (833, "Mm%—W@…"),
)
_WIDTHS = {character: width / 1000 for width, characters in _GROUPS for character in characters}
_AVERAGE_EM = 0.58
_RIGHT_TO_LEFT_EM = 0.48


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of ``text`` in pixels at a font size of ``size`` pixels; a little too wide rather than too narrow."""
    width = sum(_grapheme_em(grapheme) for grapheme in wcwidth.iter_graphemes(text)) * size * SAFETY
    return width * 1.06 if bold else width


def shortened(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """``text`` as it fits into ``room`` pixels: whole, else cut at a grapheme (at a word, if one is near) with …"""
    room_beside_ellipsis = room - text_width(ELLIPSIS, size, bold=bold)
    kept: list[str] = []
    used, fitting = 0.0, 0
    for grapheme in wcwidth.iter_graphemes(text):  # No further than it fits: a text may be endless.
        used += text_width(grapheme, size, bold=bold)
        if used > room:
            return _at_a_word(kept[:fitting]) + ELLIPSIS
        kept.append(grapheme)
        if used <= room_beside_ellipsis:
            fitting = len(kept)
    return text


def is_right_to_left(text: str) -> bool:
    """The direction that the first strong character gives (Unicode Standard Annex 9, rule P2)."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _at_a_word(graphemes: list[str]) -> str:
    text = "".join(graphemes).rstrip()
    head, space, tail = text.rpartition(" ")
    return head.rstrip(" ,;:-–") if space and len(tail) <= len(text) // 4 else text


def _grapheme_em(grapheme: str) -> float:
    if wcwidth.wcswidth(grapheme) == 2:
        return WIDE_EM
    return max(_character_ems(grapheme), default=0.0)


def _character_ems(grapheme: str) -> Iterable[float]:
    for character in unicodedata.normalize("NFD", grapheme):
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf", "Cc"):
            continue
        narrow = unicodedata.bidirectional(character) in ("R", "AL")
        yield _WIDTHS.get(character, _RIGHT_TO_LEFT_EM if narrow else _AVERAGE_EM)
