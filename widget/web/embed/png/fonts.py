"""The fonts of the PNG: Inter, which ships with the program, then fonts that the machine has.

Pillow draws a run of text in one font and has no fallback. So every grapheme is given a font that holds it, and a
line of which one grapheme is in no font is not drawn.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FOLDER = Path(__file__).parent / "inter"
INTER = tuple(
    FOLDER / f"inter-{subset}.woff2"
    for subset in ("latin", "latin-ext", "vietnamese", "greek", "greek-ext", "cyrillic", "cyrillic-ext")
)
BOLD_WEIGHT = 600
"""From this CSS weight on, the bold file of a system font is taken."""

EMOJI_STRIKE_SIZE = 109
"""Pixels of Noto Color Emoji's bitmaps; FreeType opens that font at no other size."""

# Large enough for two glyphs to differ.
_PROBE_SIZE = 16
_MISSING = "\U0010fffd"
"""A private character in no font, drawn as the missing glyph."""

_IGNORABLE = frozenset(
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u2060\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"
)
_SYSTEM_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/.local/share/fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
_GENERAL = (
    "NotoSans-Regular",
    "DejaVuSans",
    "Arial Unicode",
    "segoeui",
    "NotoSansSymbols-Regular",
    "NotoSansSymbols2-Regular",
)
_BY_SCRIPT = {
    "ARABIC": ("NotoSansArabic-Regular", "NotoNaskhArabic-Regular", "DejaVuSans", "GeezaPro", "tahoma"),
    "HEBREW": ("NotoSansHebrew-Regular", "DejaVuSans", "ArialHB", "tahoma"),
    "DEVANAGARI": ("NotoSansDevanagari-Regular", "Kohinoor", "Nirmala"),
    "THAI": ("NotoSansThai-Regular", "Thonburi", "leelawui"),
    "CJK": ("NotoSansCJK-Regular", "PingFang", "msyh"),
    "HIRAGANA": ("NotoSansCJK-Regular", "ヒラギノ角ゴシック W3", "YuGothM"),
    "KATAKANA": ("NotoSansCJK-Regular", "ヒラギノ角ゴシック W3", "YuGothM"),
    "HANGUL": ("NotoSansCJK-Regular", "AppleSDGothicNeo", "malgun"),
    "FULLWIDTH": ("NotoSansCJK-Regular", "PingFang", "msyh"),
    "IDEOGRAPHIC": ("NotoSansCJK-Regular", "PingFang", "msyh"),
}
_EMOJI = "NotoColorEmoji"


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font that can draw some graphemes; ``is_emoji`` fonts hold bitmaps of one size."""

    path: Path
    is_emoji: bool = False


def has_raqm() -> bool:
    """Return whether Pillow can shape and order text, which needs FriBiDi on the system."""
    from PIL import features

    return bool(features.check("raqm"))


def is_ignorable(character: str) -> bool:
    """Return whether ``character`` draws nothing: joiners, direction marks, variation selectors."""
    return character in _IGNORABLE


def needs_shaping(character: str) -> bool:
    """Return whether ``character`` needs raqm: right-to-left letters and combining marks."""
    return unicodedata.bidirectional(character) in ("R", "AL") or unicodedata.category(character) in ("Mn", "Mc")


def fonts_for(character: str) -> Iterator[FontFile]:
    """Yield the fonts that may hold ``character``, the best first."""
    yield from (FontFile(path) for path in INTER)
    script = unicodedata.name(character, "").partition(" ")[0].partition("-")[0]
    installed = _installed_fonts()
    for stem in (*_BY_SCRIPT.get(script, ()), f"NotoSans{script.title()}-Regular", *_GENERAL):
        if stem in installed:
            yield FontFile(installed[stem])
    if _EMOJI in installed:
        yield FontFile(installed[_EMOJI], is_emoji=True)


@lru_cache(maxsize=4096)
def has_glyph(font: FontFile, character: str) -> bool:
    """Return whether ``font`` draws ``character`` as something else than a missing glyph."""
    size = EMOJI_STRIKE_SIZE if font.is_emoji else _PROBE_SIZE
    probe = _open_basic(font.path, size)
    if probe is None:
        return False
    if font.is_emoji:
        # A COLRv1 font advances and draws nothing: FreeType leaves that format to its caller.
        mask = probe.getmask(character, mode="RGBA")
        # Not bytes(), which takes gray masks alone.
        return mask.getbbox() is not None and list(mask) != list(probe.getmask(_MISSING, mode="RGBA"))
    drawn, missing = probe.getmask(character), probe.getmask(_MISSING)
    return character == " " or (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


def open_font(font: FontFile, size: float, weight: int) -> FreeTypeFont:
    """Return ``font`` at ``size`` pixels and CSS ``weight``, opened anew.

    The weight belongs to the font object and threads would mix it up, so nobody shares one.
    """
    from PIL import ImageFont

    if font.is_emoji:
        return ImageFont.truetype(str(font.path), EMOJI_STRIKE_SIZE)
    if font.path.parent == FOLDER:
        opened = ImageFont.truetype(str(font.path), size)
        opened.set_variation_by_axes([weight])
        return opened
    bold = font.path.with_stem(font.path.stem.replace("-Regular", "-Bold"))
    if font.path.stem == "DejaVuSans":
        bold = font.path.with_stem("DejaVuSans-Bold")
    path = bold if weight >= BOLD_WEIGHT and bold.exists() else font.path
    return ImageFont.truetype(str(path), size)


@lru_cache(maxsize=64)
def _open_basic(path: Path, size: int) -> FreeTypeFont | None:
    from PIL import ImageFont

    try:
        # Basic: raqm can draw letters that are not in the font's own table.
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    except OSError:
        return None


@lru_cache(maxsize=1)
def _installed_fonts() -> dict[str, Path]:
    """Return the fonts of this machine by file name without suffix."""
    folders = [Path(folder).expanduser() for folder in _SYSTEM_FOLDERS if not _is_foreign(folder)]
    found: dict[str, Path] = {}
    # By file name, without fontconfig, which a host may lack.
    for folder in folders:
        for directory, _, names in os.walk(folder):
            for name in names:
                path = Path(directory) / name
                if path.suffix.lower() in (".ttf", ".otf", ".ttc"):
                    found.setdefault(path.stem, path)
    return found


def _is_foreign(folder: str) -> bool:
    return folder.startswith("C:") and sys.platform != "win32"
