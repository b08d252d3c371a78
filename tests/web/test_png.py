"""``/now-playing.png``: a picture for sites that show no SVG."""

import asyncio
import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, features

from tests.support.web_harness import WebHarness, item, playing
from widget.model.playback import Item
from widget.web.embed.png import fonts, renderer
from widget.web.embed.png.endpoint import PngCache, fallback_image, parse_size
from widget.web.embed.png.renderer import BARS, LAYOUTS, MAX_PNG_BYTES, render_png
from widget.web.embed.png.text import TextPainter
from widget.web.embed.sizes import PNG_ARTWORK_WIDTHS, PNG_SIZES, PngSize

SAMPLES = ("playing", "paused", "last", "nothing", "ad", "long", "rtl")
NOW = 1_790_000_000.0


async def picture(path: str, harness: WebHarness | None = None) -> Image.Image:
    async with (harness or WebHarness()).client() as client:
        response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/png"
    assert len(response.content) <= MAX_PNG_BYTES
    return Image.open(BytesIO(response.content)).convert("RGB")


def showing_title(title: str) -> WebHarness:
    return WebHarness().show(playing(NOW, item(title)))


def ink(image: Image.Image, left: int) -> int:
    """The pixels right of ``left`` that are not the ground."""
    part = image.crop((left, 0, image.width, image.height))
    return sum(count for count, color in part.getcolors(1 << 20) or [] if color != image.getpixel((2, 2)))


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(("size", "pixels"), [("share", (1200, 630)), ("card", (840, 280)), ("wild", (1200, 630))])
async def test_every_state_comes_in_both_sizes(sample: str, size: str, pixels: tuple[int, int]) -> None:
    image = await picture(f"/now-playing.png?sample={sample}&size={size}")
    assert image.size == pixels
    assert ink(image, 0) > 1000


@pytest.mark.parametrize("size", ["share", "card"])
@pytest.mark.parametrize(("query", "edge"), [("sample=playing", "left"), ("sample=rtl", "right")])
async def test_bars_stand_before_the_state_as_in_the_card(size: PngSize, query: str, edge: str) -> None:
    image = await picture(f"/now-playing.png?{query}&size={size}&lang=en")
    layout, ground = LAYOUTS[size], image.getpixel((2, 2))
    beside = layout.padding + layout.artwork_side + layout.gap
    unit, gap = round(layout.state_size / 4), round(round(layout.state_size / 4) * 2 / 3)
    first = beside + unit // 2 if edge == "left" else image.width - beside - unit // 2 - 1
    step = unit + gap if edge == "left" else -unit - gap
    columns = [[image.getpixel((first + number * step, y)) for y in range(image.height // 2)] for number in range(3)]
    heights = [sum(color != ground for color in column[: _first_end(column, ground)]) for column in columns]
    wanted = [layout.state_size * 0.83 * part for part in BARS]
    assert heights == pytest.approx(wanted if edge == "left" else wanted[::-1], abs=1.5)


def _first_end(column: Sequence[object], ground: object) -> int:
    """The place below the first ink of ``column``."""
    top = next(place for place, color in enumerate(column) if color != ground)
    return top + next((place for place, color in enumerate(column[top:]) if color == ground), 0)


@pytest.mark.parametrize("sample", ["paused", "last", "nothing", "ad"])
async def test_only_what_plays_has_the_accent(sample: str) -> None:
    accent = "00e5ff"
    image = await picture(f"/now-playing.png?sample={sample}&background=101010&accent={accent}")
    colors = {color for _, color in image.getcolors(1 << 20) or []}
    assert tuple(bytes.fromhex(accent)) not in colors
    played = await picture(f"/now-playing.png?sample=playing&background=101010&accent={accent}")
    assert tuple(bytes.fromhex(accent)) in {color for _, color in played.getcolors(1 << 20) or []}


async def test_an_unchanged_picture_is_confirmed_and_not_cached_beyond_a_second() -> None:
    async with WebHarness().client() as client:
        first = await client.get("/now-playing.png?sample=playing")
        again = await client.get("/now-playing.png?sample=playing", headers={"If-None-Match": first.headers["etag"]})
        other = await client.get("/now-playing.png?sample=playing&theme=light")
    assert first.headers["cache-control"] == "no-cache, s-maxage=1"
    assert again.status_code == 304
    assert other.headers["etag"] != first.headers["etag"]


async def test_a_picture_whose_drawing_failed_is_drawn_again() -> None:
    def fail() -> bytes:
        raise MemoryError

    pictures = PngCache()
    assert await pictures.get("etag", fail) is None
    assert await pictures.get("etag", lambda: b"drawn") == b"drawn"


async def test_a_picture_is_drawn_once_for_all_requests() -> None:
    harness = WebHarness()
    async with harness.client() as client:
        await asyncio.gather(*(client.get("/now-playing.png?sample=playing") for _ in range(20)))
        renders = harness.app.state.pictures._renders
        assert len(renders) == 1


@pytest.mark.parametrize("title", ["Привет, мир", "Καλημέρα", "Đường về nhà", "Žluťoučký kůň", "Æther"])
def test_the_fonts_that_ship_hold_latin_greek_and_cyrillic_letters(title: str) -> None:
    (line,) = TextPainter(title, 40, 650).fit_lines(2000, 1)
    assert {run.font.path for run in line.runs} <= set(fonts.INTER)


@pytest.mark.parametrize("title", ["Song 🪐", "👩‍🚀", "🚀 and on", "1️⃣", "🇩🇪", "☕", "♫ Note"])
async def test_emoji_are_drawn_and_never_the_fallback(title: str) -> None:
    async with showing_title(title).client() as client:
        response = await client.get("/now-playing.png")
    assert response.content != fallback_image("share")
    assert "no-store" not in response.headers["cache-control"]


@pytest.mark.skipif(
    not any(font.is_emoji for font in fonts.fonts_for("☕")), reason="Noto Color Emoji is not on this machine"
)
@pytest.mark.parametrize(
    ("sign", "is_emoji"), [("🪐", True), ("☕", True), ("❤\ufe0f", True), ("♫", False), ("☕\ufe0e", False)]
)
def test_a_sign_is_a_colored_picture_where_browsers_show_one(sign: str, *, is_emoji: bool) -> None:
    (line,) = TextPainter(f"{sign} Song", 40, 650).fit_lines(2000, 1)
    assert line.runs[0].font.is_emoji == is_emoji
    assert line.runs[-1].text.endswith("Song")
    assert line.runs[-1].font.path in fonts.INTER


async def test_a_line_with_a_letter_that_no_font_has_is_left_out_and_the_cover_takes_the_room() -> None:
    image = await picture("/now-playing.png?size=share", showing_title("Song \U0010fffd"))
    side = LAYOUTS["share"].artwork_side
    left = (1200 - side) // 2
    assert image.getpixel((left - 20, 315)) == image.getpixel((2, 2))
    assert image.getpixel((left + 40, 315)) != image.getpixel((2, 2))


@pytest.mark.skipif(not features.check("raqm"), reason="Pillow needs FriBiDi on this machine to order such a line")
def test_a_right_to_left_line_is_one_run_read_from_the_right() -> None:
    painter = TextPainter("باب الياسمين (live)", 40, 650)
    (line,) = painter.fit_lines(2000, 1)
    assert line.is_rtl
    assert len(line.runs) == 1


@pytest.mark.parametrize(("title", "is_drawn"), [("باب", False), ("हिंदी", False), ("Song", True), ("Cafe\u0301", True)])
def test_without_raqm_no_letter_is_drawn_that_needs_it(title: str, *, is_drawn: bool) -> None:
    assert bool(TextPainter(title, 40, 650, can_shape=False).fit_lines(2000, 1)) == is_drawn


@pytest.mark.parametrize("words", ["One two three four five six seven", "長い長い長い題名がここにあります", "W" * 60])
def test_lines_keep_within_their_width_and_the_last_is_cut(words: str) -> None:
    lines = TextPainter(words, 40, 400).fit_lines(300, 2)
    assert len(lines) == 2
    assert all(line.width <= 300 for line in lines)
    assert lines[-1].runs[-1].text.endswith("…")


@pytest.mark.parametrize("mark", ["\n", "\x1c", "\x1e", "\x85", "\u2029"])
def test_what_raqm_refuses_to_measure_is_a_space(mark: str) -> None:
    (line,) = TextPainter(f"One{mark}two", 40, 400).fit_lines(2000, 1)
    assert "".join(run.text for run in line.runs) == "One two"


def test_a_missing_glyph_is_noticed_in_every_font_that_ships() -> None:
    for path in fonts.INTER:
        assert not fonts.has_glyph(fonts.FontFile(path), "\U0010fffd")
    latin = fonts.FontFile(fonts.INTER[0])
    assert fonts.has_glyph(latin, "A")
    assert not fonts.has_glyph(latin, "Ж")


def test_the_licence_of_the_font_lies_beside_it() -> None:
    assert "SIL Open Font License" in (fonts.FOLDER / "OFL.txt").read_text(encoding="utf-8")


def noise(side: int) -> bytes:
    import random

    pixels = random.Random(1).randbytes(side * side * 3)  # noqa: S311
    buffer = BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(buffer, "PNG")
    return buffer.getvalue()


async def test_a_detailed_cover_keeps_within_the_limit() -> None:
    wide = await rendered(item("Noise"), noise(640))
    assert len(wide) <= MAX_PNG_BYTES


@pytest.mark.parametrize("body", [b"", b"no image", noise(8)[:60]])
async def test_a_cover_that_cannot_be_read_is_a_placeholder(body: bytes) -> None:
    assert Image.open(BytesIO(await rendered(item("Song"), body))).size == (1200, 630)


async def rendered(what: Item, artwork: bytes) -> bytes:
    from widget.web.embed.i18n import get_translations
    from widget.web.embed.options import WidgetOptions
    from widget.web.embed.view_model import build_view_model

    options = WidgetOptions()
    view = build_view_model(playing(NOW, what), options, get_translations("en", ""), NOW)
    return render_png(view, options, None, None, artwork, "share")


async def test_where_it_cannot_be_drawn_an_image_comes_that_nobody_keeps() -> None:
    harness = WebHarness()

    class Broken(PngCache):
        async def get(self, *_: object) -> bytes | None:
            return None

    harness.app.state.pictures = Broken()
    async with harness.client() as client:
        response = await client.get("/now-playing.png?size=card")
    assert response.content == fallback_image("card")
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_the_sizes_of_the_artwork_are_those_of_the_layouts() -> None:
    assert {size: layout.artwork_side for size, layout in LAYOUTS.items()} == dict(PNG_ARTWORK_WIDTHS)
    assert {size: (layout.width, layout.height) for size, layout in LAYOUTS.items()} == dict(PNG_SIZES)
    assert parse_size(None) == "share"
    assert all(
        Image.open(BytesIO(fallback_image(size))).size == (one.width, one.height) for size, one in LAYOUTS.items()
    )


def test_the_icon_is_the_one_of_the_page_and_the_svg() -> None:
    from widget.web.embed.icons import PATHS

    assert set(renderer._ICONS) == set(PATHS)
    assert all(Path(path).exists() for path in renderer._ICONS.values())
    assert re.match(r"M12 0", PATHS["spotify"])
