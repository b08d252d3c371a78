"""The page's colors as CSS: rules made from the palettes, and custom properties for one artwork."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from widget.artwork.oklch import Oklch, parse_hex, to_hex
from widget.web.embed.options import WidgetOptions
from widget.web.embed.palette import (
    COLOR_ROLES,
    GLASS_ACCENTS,
    GLASS_PALETTES,
    GRAY_CHROMA,
    GRAY_EDGES,
    NEUTRAL_PALETTES,
    TRANSPARENT_PALETTES,
    ColorScheme,
    column_name,
    palette,
    tinted_base,
)

SCHEMES: tuple[tuple[str, ColorScheme], ...] = (("l", "light"), ("d", "dark"))

_PROPERTIES = {"background": "ground", "placeholder": "empty"}
"""Custom properties with another name in the style sheet than the field's."""

_TINTED = '.widget[style*="--art"]'


def color_rules(options: WidgetOptions, scheme: ColorScheme) -> str:
    """Return the rules of ``scheme``; "" if the ``style`` attribute holds all colors.

    A browser without relative colors takes ground and accent from that attribute; there the words stay neutral.
    """
    background, letter = options.background, scheme[0]
    if options.background_color is not None:
        return ""
    palettes = {"none": TRANSPARENT_PALETTES, "glass": GLASS_PALETTES}.get(background, NEUTRAL_PALETTES)
    base, column = palettes[scheme], column_name(background, scheme)
    plain = "n" if column == "vivid" else letter
    rules = _rule(".widget", declarations(asdict(replace(base, accent=f"var(--{plain}-accent,{base.accent})"))))
    if background == "none":
        return rules
    roles, relative = COLOR_ROLES[column], ""
    if background in ("art", "vivid"):
        neutral = asdict(replace(tinted_base(column), background=f"var(--{letter}-ground)", edge="transparent"))
        neutral["accent"] = f"var(--{letter}-accent)"
        rules += _rule(_TINTED, declarations(neutral))
        tone, opacity = GRAY_EDGES[column]
        edge = f"oklch(from var(--art) {tone} 0 0/calc({opacity:g} - {opacity / GRAY_CHROMA:g}*c))"
        tints = {part: getattr(roles, part).css("var(--art)") for part in ("ground", "text", "muted", "track")}
        relative = declarations({**tints, "edge": edge})
    if options.accent is None:
        role = GLASS_ACCENTS[scheme] if background == "glass" else roles.accent
        relative += f"{';' if relative else ''}--accent:{role.css('var(--hue,var(--art))')}"
    if relative:
        rules += "@supports (color:oklch(from red l c h)){" + _rule(_TINTED, relative) + "}"
    return rules


def css_variables(options: WidgetOptions, art: str | None, hue: str | None = None) -> str:
    """Return custom properties for a ``style`` attribute; "" if the style sheet needs none.

    A chosen background needs all colors, and they are the same in both schemes; a chosen accent stays when the artwork
    changes; else they are the artwork's colors (``#rrggbb``), and four made of them for old browsers.
    """
    background, accent = options.background, options.accent
    if options.background_color is not None:
        return declarations(asdict(palette("light", background, accent, art, hue)))
    properties = [] if background == "none" else [_art_properties(background, art, hue)]
    if accent is not None:
        # Some color stands for any: an accent is moved against the worst ground of all artworks.
        properties += [
            f"--{letter}-accent:{palette(scheme, background, accent, art or '#808080').accent}"
            for letter, scheme in SCHEMES
        ]
        if background == "vivid" and options.theme != "dark":
            properties.append(f"--n-accent:{palette('light', 'card', accent).accent}")
    return ";".join(filter(None, properties))


def declarations(values: Mapping[str, str | None]) -> str:
    """Return fields of a palette as custom properties of the style sheet."""
    return ";".join(f"--{_PROPERTIES.get(name, name)}:{value}" for name, value in values.items() if value is not None)


def _rule(selector: str, body: str) -> str:
    return selector + "{" + body + "}"


def _art_properties(background: str, art: str | None, hue: str | None) -> str:
    """Return ``--art`` and ``--hue`` for relative colors, and four colors for older browsers."""
    if art is None:
        return ""
    color = Oklch.from_rgb(parse_hex(art))
    source = color if hue is None else Oklch.from_rgb(parse_hex(hue))
    values = {"art": art} if hue is None else {"art": art, "hue": hue}
    for letter, scheme in SCHEMES:
        roles = COLOR_ROLES[column_name(background, scheme)]
        accent = GLASS_ACCENTS[scheme] if background == "glass" else roles.accent
        values[f"{letter}-ground"] = to_hex(roles.ground.of(color))
        values[f"{letter}-accent"] = to_hex(accent.of(source))
    return ";".join(f"--{name}:{value}" for name, value in values.items())
