"""The options that every face understands, parsed once; anything unknown or wild means the default.

What comes out of here is safe everywhere: each value is one of a few words, a number within its limits, or six
hexadecimal digits, so no text of a visitor's reaches a page, a style or a cache key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeVar, get_args
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict

from widget.samples.snapshots import Sample, parse_sample
from widget.web.embed.i18n import match_language

Theme = Literal["auto", "light", "dark"]
Layout = Literal["card", "compact", "cover", "list"]
Background = Literal["art", "card", "none", "vivid", "glass"]
Idle = Literal["last", "message", "hide"]
Motion = Literal["auto", "off"]
Font = Literal["system", "serif", "mono", "rounded"]
Part = Literal["artwork", "label", "progress", "times"]

MIN_RADIUS, MAX_RADIUS = 0, 32
MIN_SCALE, MAX_SCALE = 0.75, 3.0

_COLOUR = re.compile(r"#?([0-9A-Fa-f]{6})")
_WHOLE = re.compile(r"[0-9]{1,3}")
_DECIMAL = re.compile(r"[0-9]?(?:\.[0-9]{1,6})?")
_LONGEST_LIST = 100

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class WidgetOptions:
    """How a face looks; equal looks are equal values, and may be keys.

    ``background`` is ``art`` (the artwork's colour), ``card`` (neutral), ``none`` or six lower-case hexadecimal
    digits, like ``accent`` (None: from the artwork). ``lang`` is the tag of a language that we have, None for the
    visitor's own.
    ``radius`` is in CSS pixels at scale 1, ``scale`` has two decimals at most, ``without`` is in the order of
    :data:`Part`. ``sample`` is no look: it asks for invented music in a state of its own, and stands in no snippet.
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
    def from_query(cls, query: Mapping[str, str]) -> "WidgetOptions":
        """The options in ``query``; never raises, whatever stands there. ``without`` may be there several times."""
        default = cls()
        return cls(
            theme=_choice(query, "theme", get_args(Theme), default.theme),
            layout=_choice(query, "layout", get_args(Layout), default.layout),
            background=_background(query.get("background", "")) or default.background,
            accent=_colour(query.get("accent", "")),
            idle=_choice(query, "idle", get_args(Idle), default.idle),
            motion=_choice(query, "motion", get_args(Motion), default.motion),
            lang=match_language(query.get("lang", "")),
            radius=_radius(query.get("radius", ""), default.radius),
            scale=_scale(query.get("scale", ""), default.scale),
            font=_choice(query, "font", get_args(Font), default.font),
            without=_parts(query),
            sample=parse_sample(query.get("sample")),
        )

    @property
    def background_kind(self) -> str | None:
        """The background where it is a colour of its own: six hexadecimal digits, else None."""
        return None if self.background in get_args(Background) else self.background

    def non_default(self) -> dict[str, str]:
        """The options of the look that are not the default, by name, as they stand in a query or an attribute."""
        default = WidgetOptions()
        names = (option.name for option in fields(self) if option.name != "sample")
        return {name: _text(getattr(self, name)) for name in names if getattr(self, name) != getattr(default, name)}

    def query(self) -> str:
        """The query string that gives this look, less the defaults; empty for the default look."""
        return urlencode(self.non_default(), safe=",")


def _text(value: str | float | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return value
    return ",".join(value) if isinstance(value, tuple) else f"{value:g}"


def _choice(query: Mapping[str, str], name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
    return next((choice for choice in choices if choice == query.get(name)), default)


def _background(value: str) -> str | None:
    return value if value in get_args(Background) else _colour(value)


def _colour(value: str) -> str | None:
    match = _COLOUR.fullmatch(value)
    return None if match is None else match[1].lower()


def _radius(value: str, default: int) -> int:
    radius = int(value) if _WHOLE.fullmatch(value) else default
    return radius if MIN_RADIUS <= radius <= MAX_RADIUS else default


def _scale(value: str, default: float) -> float:
    scale = round(float(value), 2) if _DECIMAL.fullmatch(value) and value else default
    return scale if MIN_SCALE <= scale <= MAX_SCALE else default


def _parts(query: Mapping[str, str]) -> tuple[Part, ...]:
    several = isinstance(query, ImmutableMultiDict)
    text = ",".join(query.getlist("without")) if several else query.get("without", "")  # type: ignore[attr-defined]
    named = set(re.split(r"[\s,]+", text[:_LONGEST_LIST].lower()))
    return tuple(part for part in get_args(Part) if part in named)


FONT_FAMILIES: Mapping[Font, str] = {
    "system": 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif',
    "serif": 'ui-serif,Charter,Georgia,"Noto Serif",serif',
    "mono": 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono",monospace',
    "rounded": 'ui-rounded,"SF Pro Rounded","Hiragino Maru Gothic ProN",Nunito,system-ui,sans-serif',
}
"""Values of CSS's ``font-family``."""


OPTION_NAMES = tuple(field.name for field in fields(WidgetOptions))
"""Every option, as it is named in a query, an attribute and a property."""
