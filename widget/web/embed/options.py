"""Options of the widget and its pictures: one table, from which builder, embed.js and docs are made.

Every parsed value is one of a few words, a number within limits, or six hexadecimal digits, so that no visitor's text
reaches a page, a style or a cache key. Anything unknown means the default.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from widget.samples.snapshots import Sample, parse_sample
from widget.web.embed.i18n import match_language

Theme = Literal["auto", "light", "dark"]
Layout = Literal["card", "compact", "cover", "list", "pill"]
Background = Literal["art", "card", "none", "vivid", "glass"]
Idle = Literal["last", "message", "hide"]
Motion = Literal["auto", "off"]
Font = Literal["system", "serif", "mono", "rounded"]
Part = Literal["artwork", "label", "progress", "times"]

MIN_RADIUS, MAX_RADIUS = 0, 32
MIN_SCALE, MAX_SCALE = 0.75, 3.0
PILL_RADIUS = 16

WORDS_ONLY: frozenset[Part] = frozenset({"artwork", "progress", "times"})
"""Without these a card has nothing but words."""

_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})")
_INTEGER = re.compile(r"[0-9]{1,3}")
_DECIMAL = re.compile(r"[0-9]?(?:\.[0-9]{1,6})?")
# More than all parts together, and little work.
_MAX_LIST_LENGTH = 100

Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WidgetOptions:
    """Options of one widget, usable as a key: equal looks are equal values.

    ``background`` is a value of :data:`Background` or, like ``accent``, six lower-case hexadecimal digits. ``lang`` is
    None for the visitor's own. ``radius`` is in CSS pixels at scale 1, ``without`` in the order of :data:`Part`.
    ``sample`` shows invented music in one state; it is part of no look or snippet.
    """

    theme: Theme = "auto"
    layout: Layout = "card"
    background: str = "art"
    accent: str | None = None
    idle: Idle = "last"
    motion: Motion = "auto"
    lang: str | None = None
    radius: int = 12
    scale: float = 1.0
    font: Font = "system"
    without: tuple[Part, ...] = ()
    sample: Sample | None = None

    @classmethod
    def from_query(cls, query: Query) -> "WidgetOptions":
        """Parse ``query``, in which ``without`` may be repeated; never raises."""
        parsed = {option.name: option.parse(query) for option in OPTIONS}
        given = {name: value for name, value in parsed.items() if value is not None}
        # Its ends are round unless a radius was chosen.
        if given.get("layout") == "pill":
            given.setdefault("radius", PILL_RADIUS)
        return cls(**given, sample=parse_sample(query.get("sample")))

    @property
    def background_color(self) -> str | None:
        """The chosen background color, six hexadecimal digits; None for any other background."""
        return None if self.background in get_args(Background) else self.background

    @property
    def is_words_only(self) -> bool:
        """Whether a card has neither artwork nor foot."""
        return self.layout == "card" and set(self.without) >= WORDS_ONLY

    def non_default(self) -> dict[str, str]:
        """Return the options that differ from their default, as written in a query or an attribute."""
        defaults = WidgetOptions(radius=PILL_RADIUS) if self.layout == "pill" else WidgetOptions()
        values, usual = self.values(), defaults.values()
        return {name: value for name, value in values.items() if value != usual[name]}

    def only(self, names: Collection[str]) -> "WidgetOptions":
        """Return the look with these options alone, all others at their default."""
        return WidgetOptions(**{name: getattr(self, name) for name in names})

    def values(self) -> dict[str, str]:
        """Return every option's value as text, "" for None."""
        return {option.name: _text(getattr(self, option.name)) for option in OPTIONS}

    def query(self) -> str:
        """Return the shortest query string that gives this look; empty for the default."""
        return urlencode(self.non_default(), safe=",")


def _text(value: str | float | tuple[str, ...] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return ",".join(value) if isinstance(value, tuple) else f"{value:g}"


def _choice(choices: tuple[str, ...], value: str) -> str | None:
    return value if value in choices else None


def _color(value: str) -> str | None:
    match = _COLOR.fullmatch(value)
    return None if match is None else match[1].lower()


def _background(value: str) -> str | None:
    return value if value in get_args(Background) else _color(value)


def _radius(value: str) -> int | None:
    radius = int(value) if _INTEGER.fullmatch(value) else -1
    return radius if MIN_RADIUS <= radius <= MAX_RADIUS else None


def _scale(value: str) -> float | None:
    # Rounded, so that ever finer scales cannot fill the caches.
    scale = round(float(value), 3) if value.strip(".") and _DECIMAL.fullmatch(value) else 0.0
    return scale if MIN_SCALE <= scale <= MAX_SCALE else None


def _parts(value: str) -> tuple[Part, ...]:
    named = set(re.split(r"[\s,]+", value[:_MAX_LIST_LENGTH].lower()))
    return tuple(part for part in get_args(Part) if part in named)


@dataclass(frozen=True, slots=True)
class Option:
    """One row of the table: ``label`` for the builder, ``description`` for the docs, in Markdown.

    ``values`` are its fixed values with ``value_labels``; ``syntax`` describes any others, ``default_label`` a default
    that is no value. ``read`` returns None for the default.
    """

    name: str
    label: str
    description: str
    read: Callable[[str], Any]
    values: tuple[str, ...] = ()
    value_labels: tuple[str, ...] = ()
    syntax: str = ""
    default_label: str = ""
    repeatable: bool = False

    def parse(self, query: Query) -> Any:
        """Return this option's value in ``query``; None for the default."""
        if self.repeatable and isinstance(query, ImmutableMultiDict):
            return self.read(",".join(query.getlist(self.name)))
        return self.read(query.get(self.name, ""))

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The fixed values with their labels."""
        return tuple(zip(self.values, self.value_labels, strict=True))

    @property
    def default(self) -> str:
        """The default as text; "" if it is no value."""
        return WidgetOptions().values()[self.name]


def _choice_option(name: str, label: str, kind: object, labels: tuple[str, ...], description: str) -> Option:
    values = get_args(kind)
    return Option(name, label, description, partial(_choice, values), values, labels)


OPTIONS = (
    _choice_option(
        "theme",
        "Theme",
        Theme,
        ("Auto", "Light", "Dark"),
        "`auto` follows the page (script tag, element) or the visitor's system",
    ),
    _choice_option(
        "layout",
        "Layout",
        Layout,
        ("Card", "Compact", "Cover", "List", "Pill"),
        "140 px high; two lines, 56 px; a large artwork; with earlier songs (needs `RECENT`); one line, 32 px",
    ),
    Option(
        "background",
        "Background",
        "the artwork's color; neutral; none (then choose light or dark); the artwork's color, strong; your page, "
        "blurred; a color of your own",
        _background,
        get_args(Background),
        ("Artwork", "Neutral", "None", "Vivid", "Glass"),
        syntax="`RRGGBB`",
    ),
    Option(
        "accent",
        "Accent",
        "state, bars and line; adjusted until it is readable",
        _color,
        syntax="`RRGGBB`",
        default_label="from the artwork",
    ),
    _choice_option(
        "idle",
        "When nothing plays",
        Idle,
        ("Last played", "A message", "Hide"),
        'when nothing plays: the last song; "Nothing playing"; nothing at all',
    ),
    _choice_option("motion", "Motion", Motion, ("Follow system", "Off"), "`off` stops the bars"),
    Option(
        "lang",
        "Language",
        "such as `de` or `pt-BR`",
        match_language,
        syntax="a language tag",
        default_label="the visitor's",
    ),
    Option(
        "radius",
        "Corners",
        f"the corners, in px; {PILL_RADIUS} for the pill",
        _radius,
        syntax=f"`{MIN_RADIUS}` to `{MAX_RADIUS}`",
    ),
    Option("scale", "Size", "the size of everything", _scale, syntax=f"`{MIN_SCALE:g}` to `{MAX_SCALE:g}`"),
    _choice_option(
        "font", "Font", Font, ("System", "Serif", "Mono", "Rounded"), "always from the fonts of the visitor's system"
    ),
    Option(
        "without",
        "Leave out",
        "parts to leave out, in one list. The icon and the link always stay",
        _parts,
        get_args(Part),
        ("Artwork", "State", "Line", "Times"),
        repeatable=True,
    ),
)
"""Every option of the look: its name in queries, attributes and properties, its label and its values."""

FONT_FAMILIES: Mapping[Font, str] = {
    "system": 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif',
    "serif": 'ui-serif,Charter,Georgia,"Noto Serif",serif',
    "mono": 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono",monospace',
    "rounded": 'ui-rounded,"SF Pro Rounded","Hiragino Maru Gothic ProN",Nunito,system-ui,sans-serif',
}
"""Values of CSS's ``font-family``."""

OPTIONS_BY_NAME = {option.name: option for option in OPTIONS}

NOW_OPTION_NAMES = ("theme", "background", "motion", "lang", "idle")
"""The options of ``/now``, whose layout is its own."""

OPTION_NAMES = tuple(field.name for field in fields(WidgetOptions))
"""Every option and ``sample``, as named in a query, an attribute and a property."""
