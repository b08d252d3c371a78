"""The colours of a face, for light and for dark: neutral, from the artwork, or around a ground that the owner chose.

From the artwork come hue and chroma; the lightness of each part is fixed. So the contrast is the same for every
artwork: the text has 7:1, whatever else is read 4.5:1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from widget.artwork.contrast import contrast, far_end, mixed, readable
from widget.artwork.oklch import Oklch, Rgb, css, rgb

Tone = Literal["light", "dark"]

_TRACK_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Palette:
    """One tone's colours, as CSS writes them.

    ``accent`` is for the state, the bars and the line; ``track`` lies under the line; ``empty`` fills the place of an
    artwork. ``halo`` is what letters without a ground glow in, None where there is a ground.
    """

    ground: str
    edge: str
    text: str
    muted: str
    accent: str
    track: str
    empty: str
    halo: str | None = None

    @property
    def mark_ink(self) -> str:
        """The letter on the E mark, which is filled with ``muted``."""
        return self.halo or self.ground


NEUTRAL: Mapping[Tone, Palette] = {
    "light": Palette(
        ground="#ffffff",
        edge="rgba(0,0,0,.1)",
        text="#202020",
        muted="#555555",
        accent="#383838",
        track="rgba(0,0,0,.13)",
        empty="rgba(0,0,0,.06)",
    ),
    "dark": Palette(
        ground="#191414",
        edge="rgba(255,255,255,.09)",
        text="#f6f6f6",
        muted="#c4c4c4",
        accent="#f6f6f6",
        track="rgba(255,255,255,.2)",
        empty="rgba(255,255,255,.08)",
    ),
}
"""Without a colour, and the base of all others."""

BARE: Mapping[Tone, Palette] = {
    "light": Palette(
        ground="transparent",
        edge="transparent",
        text="#111111",
        muted="#262626",
        accent="#111111",
        track="rgba(0,0,0,.28)",
        empty="rgba(255,255,255,.35)",
        halo="#ffffff",
    ),
    "dark": Palette(
        ground="transparent",
        edge="transparent",
        text="#ffffff",
        muted="#ececec",
        accent="#ffffff",
        track="rgba(255,255,255,.36)",
        empty="rgba(0,0,0,.3)",
        halo="#000000",
    ),
}
"""Without a ground: what the host's page shows behind is not known, so each letter brings a halo."""


@dataclass(frozen=True, slots=True)
class Tint:
    """A part's fixed ``lightness``, and the ``share`` that it takes of the artwork's chroma, ``most`` at most."""

    lightness: float
    share: float
    most: float

    def of(self, colour: Oklch) -> Rgb:
        """The part's colour for an artwork's ``colour``."""
        return Oklch(self.lightness, min(colour.chroma * self.share, self.most), colour.hue).rgb


@dataclass(frozen=True, slots=True)
class Column:
    """All parts of one tone. The style sheet of the page writes the same numbers as ``oklch(from …)``."""

    ground: Tint
    text: Tint
    muted: Tint
    accent: Tint
    track: Tint


COLUMNS: Mapping[Tone, Column] = {
    "light": Column(
        ground=Tint(0.94, 0.5, 0.035),
        text=Tint(0.24, 1, 0.035),
        muted=Tint(0.45, 1, 0.045),
        accent=Tint(0.45, 1.5, 0.13),
        track=Tint(0.85, 0.8, 0.055),
    ),
    "dark": Column(
        ground=Tint(0.34, 1, 0.075),
        text=Tint(0.97, 1, 0.012),
        muted=Tint(0.82, 1, 0.045),
        accent=Tint(0.88, 1.2, 0.09),
        track=Tint(0.50, 1, 0.07),
    ),
}

HARDEST_GROUNDS: Mapping[Tone, Rgb] = {"light": (0xFF, 0xE1, 0xE1), "dark": (0x00, 0x45, 0x43)}
"""No artwork gives a darker light ground or a lighter dark one: an accent that can be read here needs no change when
the artwork does."""


@lru_cache(maxsize=512)
def palette(tone: Tone, background: str, accent: str | None = None, art: str | None = None) -> Palette:
    """The colours of one ``tone`` for the options ``background`` and ``accent``.

    ``background`` is ``art``, ``card``, ``none`` or six hexadecimal digits, ``accent`` six digits or None; ``art`` is
    the artwork's colour (``#rrggbb``), None where there is none or it is not known.
    """
    colour = None if art is None else Oklch.of(rgb(art))
    if background == "none":
        return _accented(BARE[tone], accent, rgb(BARE[tone].halo or ""))
    if background not in ("art", "card"):
        return _chosen(rgb(background), accent, colour)
    base = NEUTRAL[tone] if colour is None else replace(NEUTRAL[tone], accent=css(COLUMNS[tone].accent.of(colour)))
    if background == "card":
        return _accented(base, accent, rgb(base.ground))
    if colour is not None:
        base = _tinted(base, COLUMNS[tone], colour)
    return _accented(base, accent, HARDEST_GROUNDS[tone])


def art_properties(art: str | None) -> str:
    """The custom properties that the page's style sheet makes its colours of, as the value of a ``style`` attribute.

    ``--art`` for browsers that can compute ``oklch(from …)``, and four colours for those that cannot; "" without a
    colour.
    """
    if art is None:
        return ""
    colour = Oklch.of(rgb(art))
    values = {"art": art}
    for letter, column in (("l", COLUMNS["light"]), ("d", COLUMNS["dark"])):
        values[f"{letter}-ground"] = css(column.ground.of(colour))
        values[f"{letter}-accent"] = css(column.accent.of(colour))
    return ";".join(f"--{name}:{value}" for name, value in values.items())


def _tinted(base: Palette, column: Column, colour: Oklch) -> Palette:
    return replace(
        base,
        ground=css(column.ground.of(colour)),
        edge="transparent",
        text=css(column.text.of(colour)),
        muted=css(column.muted.of(colour)),
        track=css(column.track.of(colour)),
    )


def _accented(base: Palette, accent: str | None, ground: Rgb) -> Palette:
    """With ``accent``, moved so far that it can be read on ``ground``."""
    return base if accent is None else replace(base, accent=css(readable(rgb(accent), ground, rgb(base.text))))


def _chosen(ground: Rgb, accent: str | None, art: Oklch | None) -> Palette:
    """Around a ``ground`` that is taken as it is, in both tones: on a middling one no tint is enough, so each part is
    moved on towards black or white."""
    own, end = Oklch.of(ground), far_end(ground)
    tone = max(COLUMNS, key=lambda tone: contrast(COLUMNS[tone].text.of(own), ground))
    column = COLUMNS[tone]
    text = readable(column.text.of(own), ground, end)
    wanted = column.accent.of(own if art is None else art) if accent is None else rgb(accent)
    return replace(
        NEUTRAL[tone],
        ground=css(ground),
        edge="transparent",
        text=css(text),
        muted=css(readable(column.muted.of(own), ground, end)),
        accent=css(readable(wanted, ground, end)),
        track=css(mixed(ground, text, _TRACK_SHARE)),
    )
