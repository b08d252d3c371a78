"""Widths of texts, and where they are cut."""

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from widget.faces.pictures.text_fit import ELLIPSIS, is_right_to_left, shortened, text_width

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🏳️‍🌈"


@pytest.mark.parametrize(("wide", "narrow"), [("雨の灯", "abc"), ("WWW", "iii"), (FAMILY, "a"), ("mm", "ll")])
def test_wide_characters_count_as_wide(wide: str, narrow: str) -> None:
    assert text_width(wide, 16) > 1.5 * text_width(narrow, 16)


def test_a_cluster_counts_once_and_marks_count_nothing() -> None:
    assert text_width(FAMILY, 16) == text_width("👨", 16)
    assert text_width("e\u0301", 16) == text_width("e", 16)
    assert text_width("\u200f\u200d", 16) == 0


def test_bold_is_wider() -> None:
    assert text_width("Tides", 16, bold=True) > text_width("Tides", 16)


def test_what_fits_is_left_alone() -> None:
    assert shortened("Tides of Glass", 16, 400) == "Tides of Glass"


@given(st.text(), st.integers(20, 400))
def test_what_is_shortened_fits_and_is_cut_between_graphemes(text: str, room: int) -> None:
    short = shortened(text, 16, room)
    if short != text:
        assert short.endswith(ELLIPSIS)
        kept = short.removesuffix(ELLIPSIS)
        assert text_width(short, 16) <= room + 0.01
        graphemes = list(wcwidth.iter_graphemes(text))
        beginnings = {"".join(graphemes[:count]).rstrip().rstrip(" ,;:-–") for count in range(len(graphemes) + 1)}
        assert kept in beginnings | {"".join(graphemes[:count]).rstrip() for count in range(len(graphemes) + 1)}


def test_an_emoji_is_never_cut() -> None:
    for room in range(20, 200, 3):
        kept = shortened(f"Song {FAMILY} and {FLAG} by us all together", 16, room).removesuffix(ELLIPSIS)
        assert not kept.endswith("\u200d")
        assert FAMILY in kept or "\u200d" not in kept


def test_it_is_cut_at_a_word_where_one_is_near() -> None:
    assert shortened("Everything We Said on the Platform", 16, 190) == "Everything We Said…"


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
