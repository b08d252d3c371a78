"""Languages: complete, matched as visitors prefer, English if there is none."""

import json
import re

import pytest

from widget.web.embed.i18n import FALLBACK, LANGUAGES_FILE, METADATA_KEYS, get_translations, language_names

PLACES = {
    "listen": {"source"},
    "link": {"title", "artists", "source"},
    "minutes": {"n"},
    "hours": {"n"},
    "days": {"n"},
    "ago": {"time"},
}
LANGUAGES = json.loads(LANGUAGES_FILE.read_text(encoding="utf-8"))


def test_there_are_at_least_twelve_languages_with_some_right_to_left() -> None:
    assert len(LANGUAGES) >= 12
    assert {name for name in LANGUAGES if get_translations(name).direction == "rtl"} == {"ar", "fa", "he"}


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_language_has_every_text_that_is_used_and_no_other(name: str) -> None:
    texts = LANGUAGES[name]
    assert texts.get("direction", "rtl") == "rtl"
    assert set(get_translations(name).texts) == set(LANGUAGES[FALLBACK]) - METADATA_KEYS
    assert set(texts) - {"direction"} <= set(LANGUAGES[FALLBACK])
    assert all(text.strip() == text and text for text in texts.values())
    for text, places in PLACES.items():
        assert set(re.findall(r"\{(\w+)\}", texts.get(text, LANGUAGES[FALLBACK][text]))) == places
    assert "Spotify" not in "".join(texts.values())
    assert get_translations(name).tag == name.replace("_", "-")


@pytest.mark.parametrize(
    ("lang", "accepted", "tag"),
    [
        ("de", "fr", "de"),
        ("de-AT", "", "de"),
        ("DE", "", "de"),
        ("pt-BR", "", "pt"),
        ("zh", "", "zh-Hans"),
        ("zh-TW", "", "zh-Hant"),
        ("zh-Hant-HK", "", "zh-Hant"),
        ("tlh", "de", "de"),
        ("xx", "", "en"),
        (None, "", "en"),
        (None, "fr-CH, fr;q=0.9, en;q=0.8", "fr"),
        (None, "de;q=0.3, sv;q=0.7", "sv"),
        (None, "de;q=0, ja", "ja"),
        (None, "*", "en"),
        (None, "tlh, he", "he"),
        ("iw", "", "he"),
        ("zh-Hans-HK", "", "zh-Hans"),
        ("zh_TW", "", "zh-Hant"),
        ("tlh-de", "", "en"),
        (None, "de;q=nan, fr", "fr"),
        (None, "de; q=0.5, fr ; q=0.6", "fr"),
        (None, ";;;,q=,de;q=x", "en"),
        (None, "en-US-x-private-and-much-too-long-for-anybody, de", "en"),
    ],
)
def test_the_chosen_language_wins_then_the_visitor_s_then_english(lang: str | None, accepted: str, tag: str) -> None:
    assert get_translations(lang, accepted).tag == tag


def test_each_language_is_named_in_its_own_words() -> None:
    names = dict(language_names())
    assert names["de"] == "Deutsch"
    assert names["zh-Hant"].startswith("中文")


def test_accept_language_is_read_to_a_limit_and_kept_nowhere() -> None:
    known = {id(get_translations(name)) for name in LANGUAGES}
    for number in range(300):
        assert id(get_translations(None, f"de-x-{number}, {'fr,' * number}")) in known
    assert get_translations(None, "x," * 1000 + "de").tag == "en"
