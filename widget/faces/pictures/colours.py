"""The palette of both themes, and accents that stay readable on it (WCAG 2.2, success criterion 1.4.3)."""

from dataclasses import dataclass

CONTRAST = 4.5
_STEPS = 50

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """One theme, in CSS hexadecimal colours."""

    card: str
    border: str
    text: str
    muted: str
    track: str
    accent: str
    placeholder: str
    placeholder_ink: str


LIGHT = Palette(
    card="#ffffff",
    border="#e3e5e8",
    text="#15171a",
    muted="#5b616b",
    track="#e3e5e8",
    accent="#157a3c",
    placeholder="#eceef1",
    placeholder_ink="#8a919c",
)
DARK = Palette(
    card="#17191c",
    border="#2b2f34",
    text="#f3f4f6",
    muted="#a5abb5",
    track="#363b42",
    accent="#3ecf72",
    placeholder="#24272c",
    placeholder_ink="#7b828d",
)


def accented(palette: Palette, accent: str | None) -> str:
    """The accent (six hexadecimal digits, None for the theme's own) as a CSS colour readable on ``palette``'s card.

    Moved towards the text colour just as far as a contrast of 4.5:1 needs.
    """
    if accent is None:
        return palette.accent
    colour, card, text = _rgb(accent), _rgb(palette.card[1:]), _rgb(palette.text[1:])
    for step in range(_STEPS + 1):
        mixed = _mix(colour, text, step / _STEPS)
        if contrast(mixed, card) >= CONTRAST:
            return "#{:02x}{:02x}{:02x}".format(*mixed)
    return palette.text


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rgb(digits: str) -> Rgb:
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
