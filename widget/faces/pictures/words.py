"""The handful of words that visitors read, in their language. ``languages.json`` is the one file to extend."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "languages.json"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its BCP 47 tag, its direction (``ltr`` or ``rtl``), and its texts; missing ones are English."""

    tag: str
    direction: str
    texts: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]


@lru_cache(maxsize=256)
def words(lang: str | None, accept_language: str = "") -> Words:
    """The words for ``lang``, else for the visitor's ``Accept-Language`` header, else English."""
    languages = _languages()
    wanted = ([lang] if lang else []) + _preferences(accept_language)
    return _words(next((name for tag in wanted if (name := _match(tag, languages)) is not None), FALLBACK))


@lru_cache(maxsize=1)
def language_names() -> tuple[tuple[str, str], ...]:
    """The tag and the own name of each language that we have, by tag."""
    from babel import Locale

    names = ((name, Locale.parse(name).get_display_name(name) or name) for name in sorted(_languages()))
    return tuple((name.replace("_", "-"), own_name) for name, own_name in names)


@lru_cache(maxsize=1)
def _languages() -> Mapping[str, Mapping[str, str]]:
    languages: Mapping[str, Mapping[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return languages


def _words(name: str) -> Words:
    from babel import Locale

    texts = {**_languages()[FALLBACK], **_languages()[name]}
    return Words(name.replace("_", "-"), Locale.parse(name).text_direction, texts)


def _match(tag: str, languages: Mapping[str, Mapping[str, str]]) -> str | None:
    """The language that ``tag`` means: as it stands, by its language alone, or (Chinese) by its script."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(tag.replace("-", "_"), resolve_likely_subtags=True)
    except (ValueError, UnknownLocaleError):
        # Babel knows the language, perhaps, but not in that country.
        shorter = tag.rpartition("-")[0]
        return _match(shorter, languages) if shorter else None
    candidates = (locale.language, f"{locale.language}_{locale.script or _likely_script(locale.language, tag)}")
    return next((name for name in candidates if name in languages), None)


def _likely_script(language: str, tag: str) -> str:
    return "Hant" if language == "zh" and any(part in tag.upper() for part in ("TW", "HK", "MO")) else "Hans"


def _preferences(accept_language: str) -> list[str]:
    """The tags of an ``Accept-Language`` header (RFC 9110, section 12.5.4), most wanted first."""
    ranked = []
    for position, part in enumerate(accept_language[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        if tag and tag != "*" and weight > 0:
            ranked.append((-weight, position, tag.strip()))
    return [tag for _, _, tag in sorted(ranked)]
