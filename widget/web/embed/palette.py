"""Colors of a widget, for light and for dark: neutral, from the artwork, or around a chosen background.

Hue and chroma come from the artwork, the lightness of each part is fixed. So the contrast holds for every artwork:
7:1 for the text, 4.5:1 for all other words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import degrees
from typing import Literal

from widget.artwork.oklch import Oklch, Rgb, contrast, ensure_contrast, max_contrast_bw, mix, parse_hex, to_hex

ColorScheme = Literal["light", "dark"]
SchemeName = Literal["light", "dark", "vivid"]

_TRACK_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Palette:
    """Colors of one scheme, as CSS writes them.

    ``accent`` is for the state, the bars and the line; ``track`` lies under the line; ``placeholder`` fills the place
    of an artwork. ``halo`` surrounds letters without a background, else it is None.
    """

    background: str
    edge: str
    text: str
    muted: str
    accent: str
    track: str
    placeholder: str
    halo: str | None = None

    @property
    def mark_ink(self) -> str:
        """The letter on the E mark, which is filled with ``muted``."""
        return self.halo or self.background


NEUTRAL_PALETTES: Mapping[ColorScheme, Palette] = {
    "light": Palette(
        background="#ffffff",
        edge="rgba(0,0,0,.1)",
        text="#202020",
        muted="#555555",
        accent="#383838",
        track="rgba(0,0,0,.13)",
        placeholder="rgba(0,0,0,.06)",
    ),
    "dark": Palette(
        background="#191414",
        edge="rgba(255,255,255,.09)",
        text="#f6f6f6",
        muted="#d2d2d2",
        accent="#f6f6f6",
        track="rgba(255,255,255,.2)",
        placeholder="rgba(255,255,255,.08)",
    ),
}
"""Without a color, and the base of all others."""

TRANSPARENT_PALETTES: Mapping[ColorScheme, Palette] = {
    "light": Palette(
        background="transparent",
        edge="transparent",
        text="#111111",
        muted="#262626",
        accent="#111111",
        track="rgba(0,0,0,.28)",
        placeholder="rgba(255,255,255,.35)",
        halo="#ffffff",
    ),
    "dark": Palette(
        background="transparent",
        edge="transparent",
        text="#ffffff",
        muted="#ececec",
        accent="#ffffff",
        track="rgba(255,255,255,.36)",
        placeholder="rgba(0,0,0,.3)",
        halo="#000000",
    ),
}
"""Without a background: the host's page behind is unknown, so each letter brings a halo."""


@dataclass(frozen=True, slots=True)
class ColorRole:
    """Fixed ``lightness`` of a part, its ``share`` of the artwork's chroma, and ``max_chroma``."""

    lightness: float
    share: float
    max_chroma: float

    def of(self, color: Oklch) -> Rgb:
        """Return the part's color for an artwork's ``color``."""
        return Oklch(self.lightness, min(color.chroma * self.share, self.max_chroma), color.hue).rgb

    def css(self, source: str) -> str:
        """Return the same as a CSS color relative to ``source``, a CSS color too."""
        share = "c" if self.share == 1 else f"c*{self.share:g}"
        return f"oklch(from {source} {self.lightness:g} min({share},{self.max_chroma:g}) h)"


OLIVE_HUE, OLIVE_REACH = 95.0, 35.0
"""Degrees: dark yellow is olive, so grounds around this hue take less chroma and lightness."""

GRAY_CHROMA = 0.02
"""Below this chroma a ground keeps more and more of the artwork's own lightness."""


@dataclass(frozen=True, slots=True)
class GroundRole(ColorRole):
    """The ground's role.

    A gray artwork keeps its lightness, within ``gray`` (darkest and lightest). ``olive`` is how much lightness and
    limit of chroma a yellow hue loses.
    """

    gray: tuple[float, float]
    olive: tuple[float, float] = (0.0, 0.0)

    def of(self, color: Oklch) -> Rgb:
        colored = min(1.0, color.chroma / GRAY_CHROMA)
        olive = max(0.0, 1 - abs(degrees(color.hue) % 360 - OLIVE_HUE) / OLIVE_REACH)
        darkest, lightest = self.gray
        gray = darkest + (lightest - darkest) * color.lightness
        lightness = colored * (self.lightness - self.olive[0] * olive) + (1 - colored) * gray
        return Oklch(lightness, min(color.chroma * self.share, self.max_chroma - self.olive[1] * olive), color.hue).rgb

    def css(self, source: str) -> str:
        colored, (darkest, lightest) = f"min(1,c*{1 / GRAY_CHROMA:g})", self.gray
        lightness, max_chroma = f"{self.lightness:g}", f"{self.max_chroma:g}"
        if self.olive[0]:
            # Not abs(): it came to browsers years after relative colors.
            olive = f"max(0,1 - max(h - {OLIVE_HUE:g},{OLIVE_HUE:g} - h)/{OLIVE_REACH:g})"
            lightness = f"({lightness} - {self.olive[0]:g}*{olive})"
            max_chroma = f"{max_chroma} - {self.olive[1]:g}*{olive}"
        gray = f"({darkest:g} + {lightest - darkest:g}*l)"
        share = "c" if self.share == 1 else f"c*{self.share:g}"
        return f"oklch(from {source} calc({colored}*{lightness} + (1 - {colored})*{gray}) min({share},{max_chroma}) h)"


@dataclass(frozen=True, slots=True)
class SchemeRoles:
    """All parts of one scheme; the page's style sheet is made from the same numbers."""

    ground: GroundRole
    text: ColorRole
    muted: ColorRole
    accent: ColorRole
    track: ColorRole


COLOR_ROLES: Mapping[SchemeName, SchemeRoles] = {
    "light": SchemeRoles(
        ground=GroundRole(0.94, 0.5, 0.035, gray=(0.90, 0.985)),
        text=ColorRole(0.24, 1, 0.035),
        muted=ColorRole(0.45, 1, 0.045),
        accent=ColorRole(0.45, 1.5, 0.13),
        track=ColorRole(0.82, 0.8, 0.055),
    ),
    "dark": SchemeRoles(
        ground=GroundRole(0.36, 1, 0.12, gray=(0.20, 0.34), olive=(0.04, 0.065)),
        text=ColorRole(0.98, 1, 0.01),
        muted=ColorRole(0.90, 1, 0.03),
        accent=ColorRole(0.92, 1, 0.09),
        track=ColorRole(0.52, 1, 0.09),
    ),
    "vivid": SchemeRoles(
        ground=GroundRole(0.40, 1, 0.15, gray=(0.20, 0.34), olive=(0.03, 0.07)),
        text=ColorRole(0.99, 1, 0.005),
        muted=ColorRole(0.93, 1, 0.03),
        accent=ColorRole(0.97, 1, 0.04),
        track=ColorRole(0.56, 1, 0.12),
    ),
}

GRAY_EDGES: Mapping[SchemeName, tuple[int, float]] = {"light": (0, 0.1), "dark": (1, 0.09), "vivid": (1, 0.09)}
"""The hairline around a gray ground: black or white, and how opaque it is."""

GLASS_PALETTES: Mapping[ColorScheme, Palette] = {
    "light": replace(
        NEUTRAL_PALETTES["light"],
        background="rgba(255,255,255,.85)",
        edge="rgba(0,0,0,.08)",
        text="#141414",
        muted="#434343",
        track="rgba(0,0,0,.2)",
    ),
    "dark": replace(
        NEUTRAL_PALETTES["dark"],
        background="rgba(20,20,20,.72)",
        edge="rgba(255,255,255,.14)",
        text="#ffffff",
        muted="#e4e4e4",
        track="rgba(255,255,255,.3)",
    ),
}
"""A scrim over the host's own page, which the iframe element blurs; it is readable on black and on white alone, too."""

GLASS_ACCENTS: Mapping[ColorScheme, ColorRole] = {"light": ColorRole(0.40, 1.5, 0.12), "dark": ColorRole(0.93, 1, 0.06)}

WORST_CASE_BACKGROUNDS: Mapping[str, Mapping[ColorScheme, Rgb]] = {
    "art": {"light": (0xDE, 0xDE, 0xDE), "dark": (0x00, 0x4F, 0x4B)},
    "vivid": {"light": (0x00, 0x5E, 0x5A), "dark": (0x00, 0x5E, 0x5A)},
    "glass": {"light": (0xD9, 0xD9, 0xD9), "dark": (0x56, 0x56, 0x56)},
}
"""No artwork, nor page behind glass, is harder to read on: an accent moved against these suits every artwork."""


_RGBA = re.compile(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)")


def parse_palette_color(color: str) -> tuple[Rgb, float]:
    """Return channels and opacity (0 to 1) of ``color``: hexadecimal, ``rgba()`` or ``transparent``."""
    if color == "transparent":
        return (0, 0, 0), 0.0
    found = _RGBA.fullmatch(color)
    if found is None:
        return parse_hex(color), 1.0
    return (int(found[1]), int(found[2]), int(found[3])), float(found[4])


def column_name(background: str, scheme: ColorScheme) -> SchemeName:
    """Return the column of COLOR_ROLES: ``vivid`` is the same in both schemes."""
    return "vivid" if background == "vivid" else scheme


def tinted_base(column: SchemeName) -> Palette:
    """Return the neutral colors below a tinted ground of ``column``."""
    return NEUTRAL_PALETTES["light" if column == "light" else "dark"]


# The arguments are parsed options, yet colors are free: the cache needs a limit.
@lru_cache(maxsize=512)
def palette(
    scheme: ColorScheme, background: str, accent: str | None = None, art: str | None = None, hue: str | None = None
) -> Palette:
    """Return the colors of one ``scheme`` for the options ``background`` and ``accent``.

    ``background`` is a word of the option or six hexadecimal digits, ``accent`` six digits or None. ``art`` is the
    artwork's color (``#rrggbb``) and ``hue`` the accent of a gray one, None if there is none or it is not known.
    """
    color = None if art is None else Oklch.from_rgb(parse_hex(art))
    source = color if hue is None else Oklch.from_rgb(parse_hex(hue))
    if background == "none":
        base = TRANSPARENT_PALETTES[scheme]
        return _with_accent(base, accent, parse_hex(base.halo or ""))
    if background == "glass":
        base = GLASS_PALETTES[scheme]
        base = base if source is None else replace(base, accent=to_hex(GLASS_ACCENTS[scheme].of(source)))
        return _with_accent(base, accent, WORST_CASE_BACKGROUNDS["glass"][scheme])
    if background not in ("art", "card", "vivid"):
        return _around(parse_hex(background), accent, source)
    column = column_name(background, scheme)
    if background == "card" or color is None:
        base = NEUTRAL_PALETTES[scheme]
        base = base if source is None else replace(base, accent=to_hex(COLOR_ROLES[scheme].accent.of(source)))
        worst = parse_hex(base.background) if background != "art" else WORST_CASE_BACKGROUNDS["art"][scheme]
        return _with_accent(base, accent, worst)
    base = replace(tinted_base(column), accent=to_hex(COLOR_ROLES[column].accent.of(source or color)))
    return _with_accent(_tint(base, column, color), accent, WORST_CASE_BACKGROUNDS[background][scheme])


def _tint(base: Palette, column: SchemeName, color: Oklch) -> Palette:
    roles, (tone, opacity) = COLOR_ROLES[column], GRAY_EDGES[column]
    alpha = round(opacity * max(0.0, 1 - color.chroma / GRAY_CHROMA), 3)
    channels = ",".join([str(255 * tone)] * 3)
    return replace(
        base,
        background=to_hex(roles.ground.of(color)),
        edge=f"rgba({channels},{alpha:g})" if alpha else "transparent",
        text=to_hex(roles.text.of(color)),
        muted=to_hex(roles.muted.of(color)),
        track=to_hex(roles.track.of(color)),
    )


def _with_accent(base: Palette, accent: str | None, background: Rgb) -> Palette:
    """Return ``base`` with ``accent``, moved until it is readable on ``background``."""
    if accent is None:
        return base
    return replace(base, accent=to_hex(ensure_contrast(parse_hex(accent), background, parse_hex(base.text))))


def _around(ground: Rgb, accent: str | None, source: Oklch | None) -> Palette:
    """Return the colors around a chosen ``ground``, the same in both schemes.

    On a middle gray no tint is enough, so each part is moved on towards black or white.
    """
    own, end = Oklch.from_rgb(ground), max_contrast_bw(ground)
    # By contrast, not by lightness: a saturated ground may be darker than it looks.
    schemes: tuple[ColorScheme, ...] = ("light", "dark")
    scheme = max(schemes, key=lambda scheme: contrast(COLOR_ROLES[scheme].text.of(own), ground))
    roles = COLOR_ROLES[scheme]
    text = ensure_contrast(roles.text.of(own), ground, end)
    wanted = roles.accent.of(source or own) if accent is None else parse_hex(accent)
    return replace(
        NEUTRAL_PALETTES[scheme],
        background=to_hex(ground),
        edge="transparent",
        text=to_hex(text),
        muted=to_hex(ensure_contrast(roles.muted.of(own), ground, end)),
        accent=to_hex(ensure_contrast(wanted, ground, end)),
        track=to_hex(mix(ground, text, _TRACK_SHARE)),
    )
