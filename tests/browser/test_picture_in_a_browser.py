"""The picture as a browser draws it: dark, up to its end, and in fonts of any width."""

import base64
import io
import time
from collections.abc import Mapping

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import Live
from tests.support.web_harness import ARABIC, EMOJI, HEBREW, JAPANESE, LONG, MARKUP, idle, item, paused, playing
from widget.artwork.oklch import parse_hex
from widget.model.playback import Item, PlayedItem
from widget.model.snapshot import Snapshot
from widget.web.embed.i18n import get_translations
from widget.web.embed.options import WidgetOptions
from widget.web.embed.palette import ColorScheme, palette
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.renderer import render_svg
from widget.web.embed.view_model import build_view_model

NOW = 1_795_000_000.0
ART = "#ff5a00"
THAI = item("คืนที่ฝนตกหนักที่สุดในรอบสิบปีกับผู้เป็นที่รักซึ่งอยู่ไกลแสนไกล", ("วงดนตรีพื้นที่สีเขียว",))
HINDI = item("बारिश की रात में टूटे हुए तारे और कुछ अनकही स्मृतियाँ दृष्टि में", ("श्रुति कृष्णमूर्ति",), explicit=True)
NARROW = item(
    "Illit il fil il mil lilli till jill fill it till lilli ill fit", ("ijl lij ill, lil jill, fit till it",) * 4
)
WIDE_FONT = "text{letter-spacing:.3em!important}"
"""As if each letter were half as wide again."""

PLACES = """() => {
  const origin = document.querySelector('svg').getBoundingClientRect();
  return [...document.querySelectorAll('text, .icon, .bar')].map(element => {
    const {left, top, right, bottom} = element.getBoundingClientRect();
    const name = element.tagName === 'text' ? element.textContent : element.getAttribute('class');
    return [name, left - origin.left, top - origin.top, right - origin.left, bottom - origin.top];
  });
}"""


def picture(snapshot: Snapshot, query: Mapping[str, str], lang: str = "en", ends_in_ms: int = 100_000) -> str:
    options, spoken = WidgetOptions.from_query(query), get_translations(lang)
    scene = SvgContext(build_view_model(snapshot, options, spoken, NOW), options, spoken, ends_in_ms)
    return render_svg(scene, {}, ART).decode()


def inline(page: Page, svg: str, style: str = "") -> None:
    page.set_content(f'<body style="margin:0"><style>{style}</style>{svg}')


@pytest.mark.parametrize("layout", ["card", "compact", "cover", "list", "pill"])
@pytest.mark.parametrize(
    "what", [LONG, MARKUP, ARABIC, HEBREW, JAPANESE, EMOJI, THAI, HINDI, NARROW], ids=lambda what: what.title[:8]
)
@pytest.mark.parametrize("lang", ["en", "he"])
def test_no_font_can_run_out_of_the_picture(page: Page, what: Item, layout: str, lang: str) -> None:
    snapshot = playing(NOW, what, recent=(PlayedItem(what, NOW - 100),))
    inline(page, picture(snapshot, {"layout": layout}, lang), WIDE_FONT)
    found = page.evaluate(PLACES)
    width = page.evaluate("document.querySelector('svg').getBoundingClientRect().width")
    marks = [place for place in found if place[0].startswith(("icon", "bar"))]
    for name, left, top, right, bottom in found:
        assert left >= 6, name
        assert right <= width - 6, name
        if name in (what.title, LONG.title):
            for _, mark_left, mark_top, mark_right, mark_bottom in marks:
                assert right <= mark_left or left >= mark_right or bottom <= mark_top or top >= mark_bottom, name


def ground(page: Page, svg: str) -> tuple[int, ...]:
    """The color of the picture's ground, as a page that shows it has it on the screen."""
    uri = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
    page.set_content(f'<meta name="color-scheme" content="light dark"><body style="margin:0"><img src="{uri}">')
    page.wait_for_function("document.images[0].complete")
    with Image.open(io.BytesIO(page.screenshot(clip={"x": 200, "y": 4, "width": 4, "height": 4}))) as shot:
        red, green, blue = shot.convert("RGB").resize((1, 1)).tobytes()
    return red, green, blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("background", ["art", "card", "vivid", "336699"])
def test_it_has_the_ground_of_its_theme_and_of_the_readers_where_that_is_auto(
    page: Page, scheme: ColorScheme, theme: str, background: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    shown: ColorScheme = "dark" if (scheme if theme == "auto" else theme) == "dark" else "light"
    drawn = ground(page, picture(playing(NOW), {"theme": theme, "background": background}))
    expected = parse_hex(palette(shown, background, None, ART).background)
    assert max(abs(a - b) for a, b in zip(drawn, expected, strict=True)) <= 1


def test_when_the_item_has_ended_nothing_moves_and_it_is_shown_as_last_played(page: Page) -> None:
    svg = picture(playing(NOW, progress_ms=213_800), {}, ends_in_ms=400)
    inline(page, svg)
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.then')).opacity === '1'"
        " && document.getAnimations().every(animation => animation.playState === 'finished')"
    )
    seen = "[...document.querySelectorAll('text')].filter(text => getComputedStyle(text).opacity === '1')"
    assert "Last played" in page.evaluate(f"{seen}.map(text => text.textContent)")
    assert "Now playing" not in page.evaluate(f"{seen}.map(text => text.textContent)")
    assert page.evaluate("getComputedStyle(document.querySelector('.bars').parentNode).opacity") == "0"


def test_the_line_is_as_long_as_what_has_passed(page: Page) -> None:
    for lang, side in (("en", "right"), ("he", "left")):
        inline(page, picture(paused(NOW), {}, lang))
        track, line = (
            page.evaluate(f"document.querySelector('.{name}').getBoundingClientRect().toJSON()")
            for name in ("track", "line")
        )
        shown = line["right"] - track["left"] if side == "right" else track["right"] - line["left"]
        assert shown / track["width"] == pytest.approx(61 / 214, abs=0.01)


def test_a_reader_who_wants_no_motion_has_none_but_the_progress(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    inline(page, picture(playing(NOW), {}))
    moving = page.evaluate("document.getAnimations().map(animation => animation.animationName)")
    assert not {"b0", "b1"} & set(moving)
    assert "go" in moving


def test_a_page_may_hold_it_as_an_image(page: Page, live: Live) -> None:
    for snapshot in (playing(time.time(), LONG), idle(time.time())):
        live.show(snapshot)
        page.goto(f"{live.url}/healthz")
        page.set_content(f'<img src="{live.url}/now-playing.svg?scale=2">')
        page.wait_for_function("document.images[0].complete")
        assert page.evaluate("[document.images[0].naturalWidth, document.images[0].naturalHeight]") == [840, 280]


def test_the_icon_opened_by_itself_has_its_own_colors(page: Page, live: Live) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"{live.url}/favicon.svg")
    assert page.evaluate("getComputedStyle(document.querySelector('rect')).fill") == "rgb(22, 24, 29)"
    assert refused == []
