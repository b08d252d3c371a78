"""Translations of the words that visitors read, all in ``languages.json``.

Beside its texts a language has its own ``name``, and its ``direction`` if that is ``rtl``.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES_FILE = Path(__file__).parent / "languages.json"
FALLBACK = "en"
METADATA_KEYS = frozenset({"name", "direction"})
"""Keys of a language that are no texts."""

MAX_HEADER_LENGTH = 300
"""Characters of ``Accept-Language`` that are read; browsers send a fifth of it."""

MAX_TAG_LENGTH = 35
"""RFC 5646, section 4.4.1."""

_QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)", re.ASCII | re.IGNORECASE)
# Codes that browsers and systems still send.
_OLD_NAMES = {"iw": "he", "cmn": "zh", "ji": "yi"}
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
"""The script, and the regions that write Chinese in it (Unicode CLDR, likely subtags)."""


@dataclass(frozen=True, slots=True)
class Translations:
    """One language: its BCP 47 tag, direction (``ltr`` or ``rtl``) and texts; missing ones are English."""

    tag: str
    direction: str
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]


def get_translations(lang: str | None, accept_language: str = "") -> Translations:
    """Return the texts for ``lang``, else for the ``Accept-Language`` header, else English.

    Headers are read up to a limit and stored nowhere: there is one :class:`Translations` for each language.
    """
    tags = ([lang] if lang else []) + _preferences(accept_language)
    return _load(next((name for tag in tags if (name := _match(tag)) is not None), FALLBACK))


def match_language(tag: str) -> str | None:
    """Return the tag of the language that ``tag`` means; None if it is not translated."""
    name = _match(tag) if len(tag) <= MAX_TAG_LENGTH else None
    return None if name is None else _tag(name)


def language_names() -> tuple[tuple[str, str], ...]:
    """Return the tag and the own name of each language, by tag."""
    return tuple((_tag(name), _languages()[name]["name"]) for name in sorted(_languages()))


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, Mapping[str, str]]:
    languages: Mapping[str, Mapping[str, str]] = json.loads(LANGUAGES_FILE.read_text(encoding="utf-8"))
    return languages


@lru_cache(maxsize=64)  # One for each language, whatever visitors send.
def _load(name: str) -> Translations:
    language = _languages()[name]
    texts = {key: text for key, text in {**_languages()[FALLBACK], **language}.items() if key not in METADATA_KEYS}
    return Translations(_tag(name), language.get("direction", "ltr"), texts)


def _tag(name: str) -> str:
    return name.replace("_", "-")


def _match(tag: str) -> str | None:
    """Return the language that ``tag`` (BCP 47) means: Chinese by its script or region too."""
    # Some systems write an underscore.
    language, *rest = tag.lower().replace("_", "-").split("-", 8)
    language = _OLD_NAMES.get(language, language)
    if language == "zh":
        # A script that is named wins over the region: zh-Hans-HK is written in the simplified one.
        return "zh_Hant" if not _TRADITIONAL.isdisjoint(rest) and "hans" not in rest else "zh_Hans"
    return language if language in _languages() else None


def _preferences(accept_language: str) -> list[str]:
    """Return the tags of an ``Accept-Language`` header (RFC 9110, section 12.5.4), best first."""
    weighed = [_weigh(part) for part in accept_language[:MAX_HEADER_LENGTH].split(",")]
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0]


def _weigh(part: str) -> tuple[float, str]:
    tag, _, quality = (word.strip() for word in part.partition(";"))
    match = _QUALITY.fullmatch(quality or "q=1")
    return (float(match[1]) if match else 0.0), tag
