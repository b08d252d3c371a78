"""Contrast: readable on every background that an artwork or an owner can give."""

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
    mix,
    parse_hex,
    to_hex,
)
from widget.web.embed.options import WidgetOptions
from widget.web.embed.palette import (
    COLOR_ROLES,
    GLASS_ACCENTS,
    GLASS_PALETTES,
    NEUTRAL_PALETTES,
    TRANSPARENT_PALETTES,
    WORST_CASE_BACKGROUNDS,
    ColorScheme,
    Palette,
    SchemeName,
    column_name,
    palette,
    tinted_base,
)
from widget.web.embed.palette_css import css_variables

SCHEMES: tuple[ColorScheme, ...] = ("light", "dark")
COLUMNS: tuple[SchemeName, ...] = ("light", "dark", "vivid")
any_color = st.integers(0, 0xFFFFFF).map("{:06x}".format)
# Hues in steps of two degrees; chromas from gray to beyond the most vivid color of sRGB; near-gray ones finely.
CHROMAS = (*(n / 400 for n in range(12)), *(n / 100 for n in range(3, 38)))
COLORS = tuple(
    Oklch(lightness, chroma, degree * pi / 180)
    for degree, chroma, lightness in product(range(0, 360, 2), CHROMAS, (0.0, 0.5, 1.0))
    if chroma < 0.03 or lightness == 0.5
)


def ratio(one: str, other: str) -> float:
    return contrast(parse_hex(one), parse_hex(other))


def assert_readable(colors: Palette) -> None:
    for part in (colors.text, colors.muted, colors.accent):
        assert ratio(part, colors.halo or colors.background) >= MIN_CONTRAST
    assert ratio(colors.mark_ink, colors.muted) >= MIN_CONTRAST


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize(("part", "least"), [("text", 7.0), ("muted", 4.5), ("accent", 4.5), ("track", 1.2)])
def test_whatever_the_artwork_each_part_can_be_read_on_its_ground(column: SchemeName, part: str, least: float) -> None:
    roles = COLOR_ROLES[column]
    assert min(contrast(getattr(roles, part).of(color), roles.ground.of(color)) for color in COLORS) >= least


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("part", ["accent", "muted"])
def test_the_line_stands_out_from_its_track(column: SchemeName, part: str) -> None:
    roles = COLOR_ROLES[column]
    assert min(contrast(getattr(roles, part).of(color), roles.track.of(color)) for color in COLORS) >= 3


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("gray", [0.0, 0.5, 1.0])
def test_the_accent_of_a_gray_artwork_can_be_read_whatever_its_hue(column: SchemeName, gray: float) -> None:
    roles = COLOR_ROLES[column]
    ground, track = roles.ground.of(Oklch(gray, 0, 0)), roles.track.of(Oklch(gray, 0, 0))
    assert min(contrast(roles.accent.of(color), ground) for color in COLORS) >= MIN_CONTRAST
    assert min(contrast(roles.accent.of(color), track) for color in COLORS) >= 3


@pytest.mark.parametrize("column", COLUMNS)
def test_browsers_without_relative_colors_read_neutral_text_on_every_ground(column: SchemeName) -> None:
    neutral = tinted_base(column)
    for color in COLORS:
        ground = COLOR_ROLES[column].ground.of(color)
        assert contrast(parse_hex(neutral.text), ground) >= 7
        assert contrast(parse_hex(neutral.muted), ground) >= MIN_CONTRAST


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("background", ["art", "vivid"])
def test_no_artwork_gives_a_harder_ground_than_the_one_that_accents_are_moved_against(
    scheme: ColorScheme, background: str
) -> None:
    column = column_name(background, scheme)
    hardest = luminance(WORST_CASE_BACKGROUNDS[background][scheme])
    furthest = luminance(parse_hex(tinted_base(column).text))
    distances = [abs(furthest - luminance(COLOR_ROLES[column].ground.of(color))) for color in COLORS]
    assert min(distances) >= abs(furthest - hardest) - 0.001
    assert min(distances) == pytest.approx(abs(furthest - hardest), abs=0.02)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("page", [0, 128, 255])
def test_words_on_glass_can_be_read_on_black_gray_and_white(scheme: ColorScheme, page: int) -> None:
    colors = GLASS_PALETTES[scheme]
    red, green, blue, alpha = (float(part) for part in colors.background[5:-1].split(","))
    scrim = (round(red), round(green), round(blue))
    behind = mix((page,) * 3, scrim, alpha)
    for part in (colors.text, colors.muted, colors.accent):
        assert contrast(parse_hex(part), behind) >= MIN_CONTRAST
    assert min(contrast(GLASS_ACCENTS[scheme].of(color), behind) for color in COLORS) >= MIN_CONTRAST


@pytest.mark.parametrize(
    ("scheme", "limits"), [("light", (0.90, 0.985)), ("dark", (0.20, 0.34)), ("vivid", (0.20, 0.34))]
)
def test_a_gray_artwork_keeps_its_lightness(scheme: SchemeName, limits: tuple[float, float]) -> None:
    lightness = [Oklch.from_rgb(COLOR_ROLES[scheme].ground.of(Oklch(step / 10, 0, 0))).lightness for step in range(11)]
    assert lightness == sorted(lightness)
    assert (lightness[0], lightness[-1]) == pytest.approx(limits, abs=0.005)


def test_a_gray_ground_has_a_hairline_and_a_colored_one_has_none() -> None:
    assert palette("light", "art", None, "#101010").edge == "rgba(0,0,0,0.1)"
    assert palette("dark", "art", None, "#101010").edge == "rgba(255,255,255,0.09)"
    assert palette("dark", "art", None, "#c02020").edge == "transparent"


def test_dark_yellow_is_no_olive() -> None:
    yellow, red = (Oklch.from_rgb(COLOR_ROLES["dark"].ground.of(Oklch(0.8, 0.18, hue))) for hue in (1.66, 0.45))
    assert yellow.chroma < 0.065 < red.chroma
    assert yellow.lightness < red.lightness


@given(any_color, any_color, st.sampled_from(SCHEMES), st.sampled_from(["art", "card", "none", "vivid"]))
def test_any_accent_can_be_read_on_the_ground_of_any_artwork(
    art: str, accent: str, scheme: ColorScheme, background: str
) -> None:
    assert_readable(palette(scheme, background, accent, f"#{art}"))


@given(any_color, st.none() | any_color, st.none() | any_color, st.sampled_from(SCHEMES))
def test_any_ground_is_taken_as_it_is_and_all_on_it_can_be_read(
    ground: str, accent: str | None, art: str | None, scheme: ColorScheme
) -> None:
    colors = palette(scheme, ground, accent, None if art is None else f"#{art}")
    assert colors.background == f"#{ground}"
    assert_readable(colors)


@pytest.mark.parametrize("gray", range(0, 256, 5))
def test_every_gray_as_a_ground_can_be_read_on(gray: int) -> None:
    assert_readable(palette("light", f"{gray:02x}" * 3))


def test_a_chosen_ground_looks_the_same_in_both_tones() -> None:
    assert palette("light", "336699", None, "#ff5a00") == palette("dark", "336699", None, "#ff5a00")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_without_a_color_all_is_neutral(scheme: ColorScheme) -> None:
    assert palette(scheme, "art") == palette(scheme, "card") == NEUTRAL_PALETTES[scheme]
    assert_readable(NEUTRAL_PALETTES[scheme])
    assert_readable(TRANSPARENT_PALETTES[scheme])


def test_the_neutral_card_takes_the_artwork_s_accent_and_nothing_else() -> None:
    colors = palette("light", "card", None, "#ff5a00")
    assert colors.accent == palette("light", "art", None, "#ff5a00").accent != NEUTRAL_PALETTES["light"].accent
    assert (colors.background, colors.edge, colors.text) == (
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
    ("art", "hue", "properties"),
    [
        ("#427263", None, "--art:#427263;--l-ground:#d9f2e9;--l-accent:#016550;--d-ground:#154739;--d-accent:#bef2e0"),
        ("#808080", None, "--art:#808080;--l-ground:#efefef;--l-accent:#555555;--d-ground:#2a2a2a;--d-accent:#e4e4e4"),
        (
            "#808080",
            "#ff2020",
            "--art:#808080;--hue:#ff2020;--l-ground:#efefef;--l-accent:#903129;--d-ground:#2a2a2a;--d-accent:#ffcec3",
        ),
        (None, None, ""),
    ],
)
def test_the_page_is_given_the_colors_and_four_of_their_shades(
    art: str | None, hue: str | None, properties: str
) -> None:
    assert css_variables(WidgetOptions(), art, hue) == properties


@given(any_color)
def test_there_and_back_again_gives_the_same_color(color: str) -> None:
    assert to_hex(Oklch.from_rgb(parse_hex(color)).rgb) == f"#{color}"
    assert Oklch.from_rgb(parse_hex(color)).chroma < 0.37  # More than any color of sRGB has.


@pytest.mark.parametrize(
    ("color", "lightness", "chroma", "degrees"),
    [
        ((255, 0, 0), 0.62796, 0.25768, 29.234),
        ((0, 128, 0), 0.51975, 0.17686, 142.495),
        ((0, 0, 255), 0.45201, 0.31321, 264.052),
    ],
)
def test_the_conversion_is_that_of_css(color: Rgb, lightness: float, chroma: float, degrees: float) -> None:
    converted = Oklch.from_rgb(color)
    assert converted.lightness == pytest.approx(lightness, abs=1e-3)
    assert converted.chroma == pytest.approx(chroma, abs=1e-3)
    assert converted.hue % (2 * pi) * 180 / pi == pytest.approx(degrees, abs=0.1)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_from_every_ground_black_or_white_stands_out() -> None:
    assert all(contrast(max_contrast_bw((gray,) * 3), (gray,) * 3) >= MIN_CONTRAST for gray in range(256))


def test_what_cannot_be_reached_gives_the_end_itself() -> None:
    assert ensure_contrast((200, 200, 200), (190, 190, 190), (210, 210, 210)) == (210, 210, 210)
