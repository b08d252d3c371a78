"""Widths of text in a usual sans-serif font, and where to cut it: at a grapheme, never inside one.

An estimate: which font it will be, only the reader's machine knows. The widths are the mean of a narrow font and a
wide one (Helvetica, Noto Sans), so that both are met within a few percent.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator

import wcwidth

from widget.web.embed.view_model import MAX_TEXT_LENGTH

ELLIPSIS = "…"
EMOJI_EM = 1.24
MONO_EM = 0.602
BOLD = 1.06

# Advance widths in 1/1000 em.
_GROUPS = (
    (200, "’‘'"),
    (250, "ijlł"),
    (275, " !,.:;·ı"),
    (300, "[]If`"),
    (325, "()-/\\t"),
    (350, "{}“”"),
    (375, '"Jr•'),
    (400, "|"),
    (425, "°"),
    (475, "*z"),
    (500, "?_csvy"),
    (525, "^kx–§"),
    (550, "LaeŁ"),
    (575, "$+<=>~0123456789FTbdghnopqu£€đ"),
    (600, "#ESZßø"),
    (625, "PVXY"),
    (650, "ABK"),
    (675, "CR"),
    (700, "&"),
    (725, "DHU"),
    (750, "GNw"),
    (775, "OQØ"),
    (850, "%"),
    (875, "Mmæ"),
    (900, "…"),
    (925, "W"),
    (950, "@Æœ"),
    (1000, "—"),
)
_WIDTHS = {character: width / 1000 for width, characters in _GROUPS for character in characters}

# By the first character of a run of scripts: the mean width of a letter, in em.
_SCRIPTS = (
    (0x0000, 0.58),
    (0x0530, 0.66),  # Armenian
    (0x0590, 0.54),  # Hebrew
    (0x0600, 0.48),  # Arabic
    (0x0900, 0.5),  # Devanagari
    (0x0980, 0.5),  # Bengali
    (0x0A00, 0.45),  # Gurmukhi, Gujarati
    (0x0B80, 0.83),  # Tamil
    (0x0C00, 0.52),  # Telugu
    (0x0C80, 0.66),  # Kannada
    (0x0D00, 0.69),  # Malayalam
    (0x0D80, 0.62),  # Sinhala
    (0x0E00, 0.58),  # Thai
    (0x0E80, 0.68),  # Lao
    (0x0F00, 0.54),  # Tibetan
    (0x1000, 0.7),  # Burmese
    (0x10A0, 0.58),
    (0x1200, 0.68),  # Ethiopic
    (0x1380, 0.58),
    (0x1780, 0.5),  # Khmer
    (0x1800, 0.58),
    (0x3000, 1.0),  # Chinese, Japanese
    (0xAC00, 0.92),  # Korean
    (0xD7B0, 0.58),
    (0xF900, 1.0),
    (0xFB1D, 0.54),  # Hebrew
    (0xFB50, 0.48),  # Arabic
    (0xFE00, 0.58),
    (0xFE70, 0.48),  # Arabic
    (0xFF00, 1.0),
    (0xFF61, 0.58),
    (0x20000, 1.0),
)
_SCRIPT_STARTS = [start for start, _ in _SCRIPTS]

_SPACES = re.compile("[ \t\n\r\f]+")
_BREAK_AFTER = frozenset("-–—")
# Punctuation and small kana that no line may begin with (JIS X 4051).
_NOT_FIRST = frozenset("、。，．・：；？！）］｝〕〉》」』】…ー々ゝっッぁァぃィぅゥぇェぉォゃャゅュょョ,.!?:;)]}”’")
_NOT_LAST = frozenset("（［｛〔〈《「『【([{“‘")


def text_width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """Return the width of ``text`` in pixels at a font size of ``size`` pixels."""
    return sum(_grapheme_em(grapheme, bold, mono) for grapheme in wcwidth.iter_graphemes(text[:MAX_TEXT_LENGTH])) * size


def truncate(text: str, size: float, room: float, *, bold: bool = False, mono: bool = False) -> str:
    """Return ``text`` if it fits into ``room`` pixels, else cut at a grapheme, with an ellipsis."""
    room_beside_ellipsis = room - text_width(ELLIPSIS, size, bold=bold, mono=mono)
    fitting = 0
    for end, used in _measured(text, size, bold, mono):
        if used > room:
            return text[:fitting].rstrip() + ELLIPSIS
        if used <= room_beside_ellipsis:
            fitting = end
    return text if len(text) <= MAX_TEXT_LENGTH else text[:fitting].rstrip() + ELLIPSIS


def wrap_two_lines(text: str, size: float, room: float, *, bold: bool = False, mono: bool = False) -> tuple[str, ...]:
    """Return ``text`` as one line of ``room`` pixels if it fits, else as two, the second truncated.

    Broken as in a browser: after a space or a hyphen, between wide characters, inside a word only if it is longer than
    the line.
    """
    text = text[:MAX_TEXT_LENGTH]
    before, opportunity, fitting = 0, 0, 0
    for end, used in _measured(text, size, bold, mono):
        grapheme = text[before:end]
        if used > room and not grapheme.isspace():
            # At least one grapheme, however narrow the room.
            cut = opportunity or fitting or end
            rest = text[cut:].lstrip(" ")
            return text[:cut].rstrip(" "), truncate(rest, size, room, bold=bold, mono=mono)
        fitting = end
        if _may_break(grapheme, text[end : end + 1]):
            opportunity = end
        before = end
    return (text,)


def collapse_whitespace(text: str) -> str:
    """Return ``text`` with white space as HTML shows it: one space for several, none around it."""
    return _SPACES.sub(" ", text).strip(" ")


def _measured(text: str, size: float, bold: bool, mono: bool) -> Iterator[tuple[int, float]]:
    """Yield the end of each grapheme, and the width of the text up to it."""
    end, used = 0, 0.0
    for grapheme in wcwidth.iter_graphemes(text[:MAX_TEXT_LENGTH]):
        end += len(grapheme)
        used += _grapheme_em(grapheme, bold, mono) * size
        yield end, used


def _may_break(grapheme: str, following: str) -> bool:
    if grapheme == " ":
        return True
    if following in _NOT_FIRST or grapheme in _NOT_LAST:
        return False
    return grapheme in _BREAK_AFTER or _is_wide(grapheme) or (following != "" and _is_wide(following))


def _is_wide(text: str) -> bool:
    """Return whether ``text`` is a CJK letter or an emoji."""
    # Clusters of Indian scripts may count two cells, too.
    return wcwidth.wcwidth(text[0]) == 2 or (wcwidth.wcswidth(text) == 2 and _is_emoji(text))


def _is_emoji(text: str) -> bool:
    return unicodedata.category(text[0]) == "So"


def _grapheme_em(grapheme: str, bold: bool, mono: bool) -> float:
    if _is_wide(grapheme):
        return EMOJI_EM if _is_emoji(grapheme) else _letter_em(grapheme[0])
    return sum(_character_ems(grapheme, mono)) * (BOLD if bold and not mono else 1)


def _character_ems(grapheme: str, mono: bool) -> Iterable[float]:
    # Decomposed, so that a letter with an accent has the width of the letter.
    for character in unicodedata.normalize("NFD", grapheme):
        if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf", "Cc"):
            continue
        yield MONO_EM if mono else _WIDTHS.get(character, _letter_em(character))


def _letter_em(character: str) -> float:
    return _SCRIPTS[bisect_right(_SCRIPT_STARTS, ord(character)) - 1][1]
