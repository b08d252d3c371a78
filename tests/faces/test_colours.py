"""Accents stay readable, whatever is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.faces.pictures.colours import CONTRAST, DARK, LIGHT, Palette, accented, contrast


def rgb(colour: str) -> tuple[int, int, int]:
    digits = colour.removeprefix("#")
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


@given(st.integers(0, 0xFFFFFF), st.sampled_from([LIGHT, DARK]))
def test_any_accent_has_enough_contrast(accent: int, palette: Palette) -> None:
    assert contrast(rgb(accented(palette, f"{accent:06x}")), rgb(palette.card)) >= CONTRAST


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_the_palettes_own_texts_have_enough_contrast(palette: Palette) -> None:
    for colour in (palette.text, palette.muted, palette.accent):
        assert contrast(rgb(colour), rgb(palette.card)) >= CONTRAST


def test_a_readable_accent_is_left_as_it_is() -> None:
    assert accented(LIGHT, "8a1c4a") == "#8a1c4a"
    assert accented(LIGHT, None) == LIGHT.accent


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
