"""The colours of a face, for light and for dark: neutral, from the artwork, or around a ground that the owner chose.

From the artwork come hue and chroma; the lightness of each part is fixed. So the contrast is the same for every
artwork: the text has 7:1, whatever else is read 4.5:1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Literal

from widget.artwork.oklch import Oklch, Rgb, contrast, ensure_contrast, max_contrast_bw, mix, parse_hex, to_hex
from widget.web.embed.options import WidgetOptions

ColorScheme = Literal["light", "dark"]

_TRACK_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Palette:
    """One tone's colours, as CSS writes them.

    ``accent`` is for the state, the bars and the line; ``track`` lies under the line; ``empty`` fills the place of an
    artwork. ``halo`` is what letters without a ground glow in, None where there is a ground.
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
        muted="#c4c4c4",
        accent="#f6f6f6",
        track="rgba(255,255,255,.2)",
        placeholder="rgba(255,255,255,.08)",
    ),
}
"""Without a colour, and the base of all others."""

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
"""Without a ground: what the host's page shows behind is not known, so each letter brings a halo."""


@dataclass(frozen=True, slots=True)
class ColorRole:
    """A part's fixed ``lightness``, and the ``share`` that it takes of the artwork's chroma, ``most`` at most."""

    lightness: float
    share: float
    most: float

    def of(self, colour: Oklch) -> Rgb:
        """The part's colour for an artwork's ``colour``."""
        return Oklch(self.lightness, min(colour.chroma * self.share, self.most), colour.hue).rgb


@dataclass(frozen=True, slots=True)
class SchemeRoles:
    """All parts of one tone. The style sheet of the page writes the same numbers as ``oklch(from …)``."""

    ground: ColorRole
    text: ColorRole
    muted: ColorRole
    accent: ColorRole
    track: ColorRole


COLOR_ROLES: Mapping[ColorScheme, SchemeRoles] = {
    "light": SchemeRoles(
        ground=ColorRole(0.94, 0.5, 0.035),
        text=ColorRole(0.24, 1, 0.035),
        muted=ColorRole(0.45, 1, 0.045),
        accent=ColorRole(0.45, 1.5, 0.13),
        track=ColorRole(0.85, 0.8, 0.055),
    ),
    "dark": SchemeRoles(
        ground=ColorRole(0.34, 1, 0.075),
        text=ColorRole(0.97, 1, 0.012),
        muted=ColorRole(0.82, 1, 0.045),
        accent=ColorRole(0.88, 1.2, 0.09),
        track=ColorRole(0.50, 1, 0.07),
    ),
}

WORST_CASE_BACKGROUNDS: Mapping[ColorScheme, Rgb] = {"light": (0xFF, 0xE1, 0xE1), "dark": (0x00, 0x45, 0x43)}
"""No artwork gives a darker light ground or a lighter dark one: an accent that can be read here needs no change when
the artwork does."""


@lru_cache(maxsize=512)
def palette(tone: ColorScheme, background: str, accent: str | None = None, art: str | None = None) -> Palette:
    """The colours of one ``tone`` for the options ``background`` and ``accent``.

    ``background`` is ``art``, ``card``, ``none`` or six hexadecimal digits, ``accent`` six digits or None; ``art`` is
    the artwork's colour (``#rrggbb``), None where there is none or it is not known.
    """
    colour = None if art is None else Oklch.from_rgb(parse_hex(art))
    if background == "none":
        return _accented(TRANSPARENT_PALETTES[tone], accent, parse_hex(TRANSPARENT_PALETTES[tone].halo or ""))
    if background not in ("art", "card"):
        return _chosen(parse_hex(background), accent, colour)
    base = (
        NEUTRAL_PALETTES[tone]
        if colour is None
        else replace(NEUTRAL_PALETTES[tone], accent=to_hex(COLOR_ROLES[tone].accent.of(colour)))
    )
    if background == "card":
        return _accented(base, accent, parse_hex(base.background))
    if colour is not None:
        base = _tinted(base, COLOR_ROLES[tone], colour)
    return _accented(base, accent, WORST_CASE_BACKGROUNDS[tone])


def art_properties(art: str | None) -> str:
    """The custom properties that the page's style sheet makes its colours of, as the value of a ``style`` attribute.

    ``--art`` for browsers that can compute ``oklch(from …)``, and four colours for those that cannot; "" without a
    colour.
    """
    if art is None:
        return ""
    colour = Oklch.from_rgb(parse_hex(art))
    values = {"art": art}
    for letter, column in (("l", COLOR_ROLES["light"]), ("d", COLOR_ROLES["dark"])):
        values[f"{letter}-ground"] = to_hex(column.ground.of(colour))
        values[f"{letter}-accent"] = to_hex(column.accent.of(colour))
    return ";".join(f"--{name}:{value}" for name, value in values.items())


def _tinted(base: Palette, column: SchemeRoles, colour: Oklch) -> Palette:
    return replace(
        base,
        background=to_hex(column.ground.of(colour)),
        edge="transparent",
        text=to_hex(column.text.of(colour)),
        muted=to_hex(column.muted.of(colour)),
        track=to_hex(column.track.of(colour)),
    )


def _accented(base: Palette, accent: str | None, ground: Rgb) -> Palette:
    """With ``accent``, moved so far that it can be read on ``ground``."""
    return (
        base
        if accent is None
        else replace(base, accent=to_hex(ensure_contrast(parse_hex(accent), ground, parse_hex(base.text))))
    )


def _chosen(ground: Rgb, accent: str | None, art: Oklch | None) -> Palette:
    """Around a ``ground`` that is taken as it is, in both tones: on a middling one no tint is enough, so each part is
    moved on towards black or white."""
    own, end = Oklch.from_rgb(ground), max_contrast_bw(ground)
    tone = max(COLOR_ROLES, key=lambda tone: contrast(COLOR_ROLES[tone].text.of(own), ground))
    column = COLOR_ROLES[tone]
    text = ensure_contrast(column.text.of(own), ground, end)
    wanted = column.accent.of(own if art is None else art) if accent is None else parse_hex(accent)
    return replace(
        NEUTRAL_PALETTES[tone],
        background=to_hex(ground),
        edge="transparent",
        text=to_hex(text),
        muted=to_hex(ensure_contrast(column.muted.of(own), ground, end)),
        accent=to_hex(ensure_contrast(wanted, ground, end)),
        track=to_hex(mix(ground, text, _TRACK_SHARE)),
    )


_TONES: tuple[tuple[str, ColorScheme], ...] = (("l", "light"), ("d", "dark"))

_PROPERTIES = {"background": "ground", "placeholder": "empty"}
"""Custom properties whose name in the style sheet is not the field's."""


def css_variables(options: WidgetOptions, art: str | None) -> str:
    """Custom properties as the value of a ``style`` attribute, "" where the style sheet alone is right.

    A ground of the owner's own needs all colours, and they are the same in both themes; a chosen accent stays where
    the artwork changes; else it is the artwork's colour (``#rrggbb``), and what browsers without ``oklch(from …)``
    need of it.
    """
    if options.background_kind is not None:
        own = asdict(palette("light", options.background, options.accent, art))
        return ";".join(f"--{_PROPERTIES.get(name, name)}:{value}" for name, value in own.items() if value is not None)
    properties = [] if options.background == "none" else [art_properties(art)]
    if options.accent is not None:
        for letter, tone in _TONES:
            properties.append(f"--{letter}-accent:{palette(tone, options.background, options.accent, art).accent}")
    return ";".join(filter(None, properties))
