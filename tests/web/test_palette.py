"""What is read can be read: on every ground that any artwork, or any owner, can give."""

from collections.abc import Iterator
from itertools import product
from math import pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget.artwork.oklch import (
    MIN_CONTRAST,
    Oklch,
    Rgb,
    contrast,
    ensure_contrast,
    luminance,
    max_contrast_bw,
    parse_hex,
    to_hex,
)
from widget.web.embed.palette import (
    COLOR_ROLES,
    NEUTRAL_PALETTES,
    TRANSPARENT_PALETTES,
    WORST_CASE_BACKGROUNDS,
    ColorScheme,
    Palette,
    art_properties,
    palette,
)

TONES: tuple[ColorScheme, ...] = ("light", "dark")
any_colour = st.integers(0, 0xFFFFFF).map("{:06x}".format)
# Hues in steps of two degrees; chromas from grey to beyond the most vivid colour of sRGB.
HUES_AND_CHROMAS = tuple(product((degree * pi / 180 for degree in range(0, 360, 2)), (n / 100 for n in range(38))))


def every_colour() -> Iterator[Oklch]:
    return (Oklch(0.5, chroma, hue) for hue, chroma in HUES_AND_CHROMAS)


def ratio(one: str, other: str) -> float:
    return contrast(parse_hex(one), parse_hex(other))


def assert_readable(colours: Palette) -> None:
    for part in (colours.text, colours.muted, colours.accent):
        assert ratio(part, colours.halo or colours.background) >= MIN_CONTRAST
    assert ratio(colours.mark_ink, colours.muted) >= MIN_CONTRAST


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize(("part", "least"), [("text", 7.0), ("muted", 4.5), ("accent", 4.5)])
def test_whatever_the_artwork_each_part_can_be_read_on_its_ground(tone: ColorScheme, part: str, least: float) -> None:
    column = COLOR_ROLES[tone]
    worst = min(contrast(getattr(column, part).of(colour), column.ground.of(colour)) for colour in every_colour())
    assert worst >= least


@pytest.mark.parametrize("tone", TONES)
def test_browsers_without_relative_colours_read_neutral_text_on_every_ground(tone: ColorScheme) -> None:
    for colour in every_colour():
        ground = COLOR_ROLES[tone].ground.of(colour)
        assert contrast(parse_hex(NEUTRAL_PALETTES[tone].text), ground) >= 7
        assert contrast(parse_hex(NEUTRAL_PALETTES[tone].muted), ground) >= MIN_CONTRAST
        assert contrast(COLOR_ROLES[tone].accent.of(colour), ground) >= MIN_CONTRAST


@pytest.mark.parametrize("tone", TONES)
def test_no_artwork_gives_a_harder_ground_than_the_one_that_accents_are_moved_against(tone: ColorScheme) -> None:
    hardest, furthest = luminance(WORST_CASE_BACKGROUNDS[tone]), luminance(parse_hex(NEUTRAL_PALETTES[tone].text))
    distances = [abs(furthest - luminance(COLOR_ROLES[tone].ground.of(colour))) for colour in every_colour()]
    assert min(distances) >= abs(furthest - hardest)
    assert min(distances) == pytest.approx(abs(furthest - hardest), abs=0.02)


@given(any_colour, any_colour, st.sampled_from(TONES), st.sampled_from(["art", "card", "none"]))
def test_any_accent_can_be_read_on_the_ground_of_any_artwork(
    art: str, accent: str, tone: ColorScheme, background: str
) -> None:
    assert_readable(palette(tone, background, accent, f"#{art}"))


@given(any_colour, st.none() | any_colour, st.none() | any_colour, st.sampled_from(TONES))
def test_any_ground_is_taken_as_it_is_and_all_on_it_can_be_read(
    ground: str, accent: str | None, art: str | None, tone: ColorScheme
) -> None:
    colours = palette(tone, ground, accent, None if art is None else f"#{art}")
    assert colours.background == f"#{ground}"
    assert_readable(colours)


@pytest.mark.parametrize("grey", range(0, 256, 5))
def test_every_grey_as_a_ground_can_be_read_on(grey: int) -> None:
    assert_readable(palette("light", f"{grey:02x}" * 3))


def test_a_chosen_ground_looks_the_same_in_both_tones() -> None:
    assert palette("light", "336699", None, "#ff5a00") == palette("dark", "336699", None, "#ff5a00")


@pytest.mark.parametrize("tone", TONES)
def test_without_a_colour_all_is_neutral(tone: ColorScheme) -> None:
    assert palette(tone, "art") == palette(tone, "card") == NEUTRAL_PALETTES[tone]
    assert_readable(NEUTRAL_PALETTES[tone])
    assert_readable(TRANSPARENT_PALETTES[tone])


def test_the_neutral_card_takes_the_artwork_s_accent_and_nothing_else() -> None:
    colours = palette("light", "card", None, "#ff5a00")
    assert colours.accent == palette("light", "art", None, "#ff5a00").accent != NEUTRAL_PALETTES["light"].accent
    assert (colours.background, colours.edge, colours.text) == (
        "#ffffff",
        "rgba(0,0,0,.1)",
        NEUTRAL_PALETTES["light"].text,
    )


def test_an_accent_that_can_be_read_is_left_as_it_is() -> None:
    assert palette("light", "art", "8a1c4a", "#427263").accent == "#8a1c4a"
    assert palette("dark", "card", "ffcc00").accent == "#ffcc00"


def test_an_accent_is_moved_no_further_than_it_must() -> None:
    moved = parse_hex(palette("light", "card", "ffcc00").accent)
    assert MIN_CONTRAST <= contrast(moved, (255, 255, 255)) < MIN_CONTRAST + 0.3
    assert moved[0] > moved[2] + 60  # still a yellow


@pytest.mark.parametrize(
    ("art", "properties"),
    [
        ("#427263", "--art:#427263;--l-ground:#d9f2e9;--l-accent:#016550;--d-ground:#0e4234;--d-accent:#a9e7d2"),
        ("#808080", "--art:#808080;--l-ground:#ebebeb;--l-accent:#555555;--d-ground:#383838;--d-accent:#d7d7d7"),
        (None, ""),
    ],
)
def test_the_page_is_given_the_colour_and_four_of_its_shades(art: str | None, properties: str) -> None:
    assert art_properties(art) == properties


@given(any_colour)
def test_there_and_back_again_gives_the_same_colour(colour: str) -> None:
    assert to_hex(Oklch.from_rgb(parse_hex(colour)).rgb) == f"#{colour}"
    assert Oklch.from_rgb(parse_hex(colour)).chroma < 0.37  # More than any colour of sRGB has.


@pytest.mark.parametrize(
    ("colour", "lightness", "chroma", "degrees"),
    [
        ((255, 0, 0), 0.62796, 0.25768, 29.234),
        ((0, 128, 0), 0.51975, 0.17686, 142.495),
        ((0, 0, 255), 0.45201, 0.31321, 264.052),
    ],
)
def test_the_conversion_is_that_of_css(colour: Rgb, lightness: float, chroma: float, degrees: float) -> None:
    converted = Oklch.from_rgb(colour)
    assert converted.lightness == pytest.approx(lightness, abs=1e-3)
    assert converted.chroma == pytest.approx(chroma, abs=1e-3)
    assert converted.hue % (2 * pi) * 180 / pi == pytest.approx(degrees, abs=0.1)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_from_every_ground_black_or_white_stands_out() -> None:
    assert all(contrast(max_contrast_bw((grey,) * 3), (grey,) * 3) >= MIN_CONTRAST for grey in range(256))


def test_what_cannot_be_reached_gives_the_end_itself() -> None:
    assert ensure_contrast((200, 200, 200), (190, 190, 190), (210, 210, 210)) == (210, 210, 210)
