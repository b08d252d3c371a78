"""Whether a colour can be read on another (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""

from widget.artwork.oklch import Rgb, linear

MIN_CONTRAST = 4.5
BLACK: Rgb = (0, 0, 0)
WHITE: Rgb = (255, 255, 255)
_STEPS = 50


def luminance(colour: Rgb) -> float:
    """The relative luminance of ``colour``, 0 (black) to 1 (white)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    """``one`` with a ``share`` (0 to 1) of ``other``."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def ensure_contrast(colour: Rgb, ground: Rgb, towards: Rgb) -> Rgb:
    """``colour``, moved ``towards`` another just as far as a contrast of 4.5:1 with ``ground`` needs."""
    steps = (mix(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next((step for step in steps if contrast(step, ground) >= MIN_CONTRAST), towards)


def max_contrast_bw(ground: Rgb) -> Rgb:
    """Black or white, whichever stands out more from ``ground``: 4.58:1 at least."""
    return max(BLACK, WHITE, key=lambda end: contrast(end, ground))
