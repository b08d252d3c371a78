"""The colours that the server writes into the page; its style sheet makes the rest of them."""

from __future__ import annotations

from dataclasses import asdict

from widget.web.embed.options import WidgetOptions
from widget.web.embed.palette import ColorScheme, art_properties, palette

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
