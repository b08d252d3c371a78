"""Colors as lightness, chroma and hue: OKLCH, in which equal steps look equal.

The formulas are those of CSS Color 4 (https://www.w3.org/TR/css-color-4/#ok-lab), so that a color computed here and
one computed by a style sheet's ``oklch()`` are the same.
"""

from __future__ import annotations

from math import atan2, cos, hypot, sin
from typing import NamedTuple

Rgb = tuple[int, int, int]
"""Red, green and blue in sRGB, 0 to 255."""


class Oklch(NamedTuple):
    """``lightness`` from 0 (black) to 1 (white), ``chroma`` from 0 (gray), ``hue`` in radians."""

    lightness: float
    chroma: float
    hue: float

    @classmethod
    def from_rgb(cls, color: Rgb) -> Oklch:
        """Return ``color`` in OKLCH."""
        lightness, a, b = oklab(color)
        return cls(lightness, hypot(a, b), atan2(b, a))

    @property
    def rgb(self) -> Rgb:
        """The nearest color of sRGB: each channel is clipped by itself, as browsers do."""
        a, b = self.chroma * cos(self.hue), self.chroma * sin(self.hue)
        long = (self.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (self.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (self.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        return (
            _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
            _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
            _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short),
        )


def oklab(color: Rgb) -> tuple[float, float, float]:
    """Return ``color`` in OKLab: lightness, green to red, blue to yellow."""
    red, green, blue = linear(color)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def gray(lightness: float) -> Rgb:
    """Return the gray of a ``lightness`` from 0 to 1."""
    channel = _encoded(lightness**3)
    return channel, channel, channel


def linear(color: Rgb) -> tuple[float, float, float]:
    """Return the channels of ``color`` as amounts of light, 0 to 1."""
    red, green, blue = color
    return _LINEAR[red], _LINEAR[green], _LINEAR[blue]


def parse_hex(digits: str) -> Rgb:
    """Return the color that six hexadecimal digits (a ``#`` before them or not) name."""
    digits = digits.removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def to_hex(color: Rgb) -> str:
    """Return ``color`` as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def _decoded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _encoded(light: float) -> int:
    light = min(1.0, max(0.0, light))
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))


# 256 powers once, not three for each pixel.
_LINEAR = tuple(_decoded(channel / 255) for channel in range(256))


MIN_CONTRAST = 4.5
BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)
_STEPS = 50


def luminance(color: Rgb) -> float:
    """Return the relative luminance of ``color``, 0 (black) to 1 (white)."""
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of two colors, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """Return ``one`` mixed with a ``share`` (0 to 1) of ``other``."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def ensure_contrast(color: Rgb, background: Rgb, towards: Rgb) -> Rgb:
    """Return ``color`` moved ``towards`` another just as far as 4.5:1 on ``background`` needs."""
    steps = (mix(color, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((step for step in steps if contrast(step, background) >= MIN_CONTRAST), towards)


def max_contrast_bw(background: Rgb) -> Rgb:
    """Return black or white, the one with more contrast on ``background``: at least 4.58:1."""
    return max(BLACK, WHITE, key=lambda end: contrast(end, background))
