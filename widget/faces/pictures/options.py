"""The options that every face understands, parsed once; anything unknown means the default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeVar, get_args
from urllib.parse import urlencode

Theme = Literal["auto", "light", "dark"]
Layout = Literal["card", "compact", "cover"]
Background = Literal["card", "none"]
Idle = Literal["last", "message", "hide"]
Motion = Literal["auto", "off"]

_ACCENT = re.compile(r"#?([0-9A-Fa-f]{6})")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Options:
    """How a face looks. ``accent`` is six lower-case hexadecimal digits; ``lang`` a language tag; None where unset."""

    theme: Theme = "auto"
    layout: Layout = "card"
    background: Background = "card"
    accent: str | None = None
    idle: Idle = "last"
    motion: Motion = "auto"
    lang: str | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Options":
        """The options in ``query``; never raises, whatever stands there."""
        default = cls()
        return cls(
            theme=_choice(query, "theme", get_args(Theme), default.theme),
            layout=_choice(query, "layout", get_args(Layout), default.layout),
            background=_choice(query, "background", get_args(Background), default.background),
            accent=_accent(query.get("accent", "")),
            idle=_choice(query, "idle", get_args(Idle), default.idle),
            motion=_choice(query, "motion", get_args(Motion), default.motion),
            lang=_language(query.get("lang", "")),
        )

    def chosen(self) -> dict[str, str]:
        """The options that are not the default, by name."""
        default = Options()
        names = (option.name for option in fields(self))
        return {name: getattr(self, name) for name in names if getattr(self, name) != getattr(default, name)}

    def query(self) -> str:
        """The query string that gives these options, less the defaults; empty for the default look."""
        return urlencode(self.chosen())


def _choice(query: Mapping[str, str], name: str, choices: tuple[Choice, ...], default: Choice) -> Choice:
    return next((choice for choice in choices if choice == query.get(name)), default)


def _accent(value: str) -> str | None:
    match = _ACCENT.fullmatch(value)
    return None if match is None else match[1].lower()


def _language(value: str) -> str | None:
    return value.replace("_", "-") if _LANGUAGE.fullmatch(value) else None
