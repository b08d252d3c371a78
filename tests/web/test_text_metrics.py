"""Widths of texts, truncation and wrapping."""

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from widget.web.embed.svg.text_metrics import (
    BOLD,
    ELLIPSIS,
    EMOJI_EM,
    MONO_EM,
    collapse_whitespace,
    text_width,
    truncate,
    wrap_two_lines,
)
from widget.web.embed.view_model import MAX_TEXT_LENGTH, is_right_to_left

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🏳️‍🌈"

# The mean of Helvetica's and Noto Sans's advance widths, in 1/1000 em, from the space to the tilde.
ASCII = (
    "275 275 375 600 575 850 700 200 325 325 475 575 275 325 275 325 575 575 575 575 575 575 575 575 575 575 275 275 "
    "575 575 575 500 950 650 650 675 725 600 575 750 725 300 375 650 550 875 750 775 625 775 675 600 575 725 625 925 "
    "625 625 600 300 325 300 525 500 300 550 575 500 575 550 300 575 575 250 250 525 250 875 575 575 575 575 375 500 "
    "325 575 500 750 525 500 475 350 400 350 575"
)
OTHERS = {"£": 575, "§": 525, "°": 425, "·": 275, "Æ": 950, "Ø": 775, "ß": 600, "æ": 875, "ø": 600, "đ": 575, "ı": 275}
MORE = {"Ł": 550, "ł": 250, "œ": 950, "–": 525, "—": 1000, "‘": 200, "’": 200, "“": 350, "”": 350, "•": 375, "…": 900}
WIDTHS = {chr(32 + place): int(width) for place, width in enumerate(ASCII.split())} | OTHERS | MORE | {"€": 575}

LETTERS = {
    "Ж": 580,
    "Ω": 580,
    "Ա": 660,
    "ש": 540,
    "ب": 480,
    "क": 500,
    "ব": 500,
    "ਕ": 450,
    "ક": 450,
    "க": 830,
    "క": 520,
    "ಕ": 660,
    "ക": 690,
    "ක": 620,
    "ก": 580,
    "ກ": 680,
    "ཀ": 540,
    "က": 700,
    "ქ": 580,
    "አ": 680,
    "Ꭰ": 580,
    "ក": 500,
    "ᠠ": 580,
    "の": 1000,
    "雨": 1000,
    "한": 920,
    "豈": 1000,
    "שּ": 540,
    "ﺏ": 480,
    "Ａ": 1000,
    "𠀋": 1000,
}


@pytest.mark.parametrize("character", WIDTHS)
def test_each_character_has_its_width(character: str) -> None:
    assert text_width(character, 1000) == pytest.approx(WIDTHS[character])


@pytest.mark.parametrize("letter", LETTERS)
def test_each_script_has_its_width(letter: str) -> None:
    assert text_width(letter, 1000) == pytest.approx(LETTERS[letter])


def test_widths_add_up_and_grow_with_the_size() -> None:
    assert text_width("Tides", 1000) == pytest.approx(575 + 250 + 575 + 550 + 500)
    assert text_width("Tides", 10) == pytest.approx(text_width("Tides", 1000) / 100)


def test_bold_is_wider_and_all_characters_of_a_fixed_width_font_are_one_width() -> None:
    assert text_width("Tides", 16, bold=True) == pytest.approx(BOLD * text_width("Tides", 16))
    assert BOLD == 1.06
    assert text_width("雨👨", 16, bold=True) == text_width("雨👨", 16)
    for text in ("iiii", "WWWW", "éééé", "Жжжж"):
        assert text_width(text, 10, mono=True) == pytest.approx(4 * 10 * 0.602)
        assert text_width(text, 10, mono=True, bold=True) == pytest.approx(40 * MONO_EM)
    assert text_width("雨", 10, mono=True) == 10


def test_a_cluster_counts_once_and_marks_count_nothing() -> None:
    assert text_width(FAMILY, 1000) == text_width("👨", 1000) == text_width(FLAG, 1000) == 1000 * EMOJI_EM
    assert EMOJI_EM == 1.24
    assert text_width("e\u0301", 16) == text_width("é", 16) == text_width("e", 16)
    assert text_width("\u200f\u200d", 16) == 0
    assert text_width("कि", 1000) == pytest.approx(1000)


def test_what_fits_is_left_alone() -> None:
    width = text_width("Tides of Glass", 16)
    assert truncate("Tides of Glass", 16, width + 0.01) == "Tides of Glass"
    assert truncate("Tides of Glass", 16, width - 0.01) == "Tides of Gla…"


@given(st.text(), st.integers(20, 400), st.booleans(), st.booleans())
def test_what_is_shortened_fits_and_is_cut_between_graphemes(text: str, room: int, bold: bool, mono: bool) -> None:
    short = truncate(text, 16, room, bold=bold, mono=mono)
    if short != text:
        kept = short.removesuffix(ELLIPSIS)
        assert short == kept + ELLIPSIS
        assert text_width(short, 16, bold=bold, mono=mono) <= room + 0.01
        graphemes = list(wcwidth.iter_graphemes(text))
        assert kept in {"".join(graphemes[:count]).rstrip() for count in range(len(graphemes) + 1)}
    else:
        assert text_width(text, 16, bold=bold, mono=mono) <= room + 0.01


@given(st.text(st.sampled_from("ab ilWm雨👨-"), max_size=80), st.integers(30, 300))
def test_no_more_is_cut_away_than_must_be(text: str, room: int) -> None:
    short = truncate(text, 16, room)
    if short != text:
        kept = len(list(wcwidth.iter_graphemes(short.removesuffix(ELLIPSIS))))
        longer = list(wcwidth.iter_graphemes(text))[: kept + 1]
        following = text[len(short) - 1 : len(short)]
        assert following.isspace() or text_width("".join(longer), 16) + text_width(ELLIPSIS, 16) > room - 0.01


def test_an_emoji_is_never_cut() -> None:
    for room in range(20, 200, 3):
        kept = truncate(f"Song {FAMILY} and {FLAG} by us all together", 16, room).removesuffix(ELLIPSIS)
        assert not kept.endswith("\u200d")
        assert FAMILY in kept or "\u200d" not in kept


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("Tides of Glass", 200, ("Tides of Glass",)),
        ("Noon over the Viaduct tonight", 130, ("Noon over the", "Viaduct tonight")),
        ("Noon over the Viaduct (Live from a Boat)", 150, ("Noon over the", "Viaduct (Live from…")),
        ("Non-stop-and-never-ending", 110, ("Non-stop-and-", "never-ending")),
        ("Donaudampfschifffahrtsgesellschaft", 120, ("Donaudampfsch", "ifffahrtsgesell…")),
        ("雨の灯りが消えるまで、夜の図書館で", 180, ("雨の灯りが消えるまで、", "夜の図書館で")),
        ("雨の灯りが消えるまで、夜の図書館で", 160, ("雨の灯りが消えるま", "で、夜の図書館で")),
        ("（雨）（灯）", 64, ("（雨）", "（灯）")),
        ("Song 雨", 60, ("Song 雨",)),
        ("Long Song雨", 85, ("Long Song", "雨")),
    ],
)  # fmt: skip
def test_a_title_is_broken_where_a_browser_would(text: str, room: int, lines: tuple[str, ...]) -> None:
    assert wrap_two_lines(text, 16, room) == lines


@given(st.text(st.sampled_from("ab W雨、👨- "), max_size=60).map(collapse_whitespace), st.integers(40, 300))
def test_two_lines_hold_what_one_line_of_twice_the_room_would(text: str, room: int) -> None:
    lines = wrap_two_lines(text, 16, room)
    assert len(lines) <= 2
    assert all(text_width(line, 16) <= room + 0.01 for line in lines)
    shown = "".join(lines).removesuffix(ELLIPSIS)
    assert text.replace(" ", "").startswith(shown.replace(" ", ""))
    if text_width(text, 16) <= room:
        assert lines == (text,)


def test_a_grapheme_wider_than_the_room_is_shown_all_the_same() -> None:
    assert wrap_two_lines("雨雨", 16, 10) == ("雨", ELLIPSIS)


@pytest.mark.parametrize(
    "text", ["x" * 10**6, " " * 10**6, "\u0301" * 10**6, "1" * 10**6, "雨" * 10**6, "\u200d" * 10**6]
)
def test_no_more_than_the_beginning_of_an_endless_text_is_looked_at(text: str) -> None:
    assert text_width(text, 16) == text_width(text[:MAX_TEXT_LENGTH], 16)
    assert len(truncate(text, 16, 400)) <= MAX_TEXT_LENGTH + 1
    assert all(len(line) <= MAX_TEXT_LENGTH + 1 for line in wrap_two_lines(text, 16, 400))
    assert not is_right_to_left("1" * MAX_TEXT_LENGTH + "ש")
    assert is_right_to_left("1" * (MAX_TEXT_LENGTH - 1) + "ש")


@pytest.mark.parametrize(
    ("text", "shown"),
    [(" a \n\t b  ", "a b"), ("a\u00a0 b", "a\u00a0 b"), ("", ""), ("\r\n", ""), ("雨\u3000灯", "雨\u3000灯")],
)
def test_white_space_is_that_of_html(text: str, shown: str) -> None:
    assert collapse_whitespace(text) == shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tides", False),
        ("שיר", True),
        ("باب", True),
        ("123 שיר", True),
        ("", False),
        ("... 7", False),
        ("Song שיר", False),
    ],
)
def test_the_first_strong_character_gives_the_direction(text: str, expected: bool) -> None:
    assert is_right_to_left(text) is expected
