"""The looks of the widget page in a real browser: measures, room for every letter, frames of any size."""

import io
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from tests.browser.conftest import Live
from tests.support.browser import SCHEMES, Scheme, launched
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.web_harness import (
    ARABIC,
    HEBREW,
    LOCAL,
    LONG,
    WebHarness,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from tests.support.widget_frames import Box, boxes, framed, layout_problems
from widget.artwork.dominant_color import ArtworkColors
from widget.clock import SystemClock
from widget.model.playback import Item, PlayedItem
from widget.model.snapshot import Snapshot
from widget.model.sources import LASTFM

SERIOUS = {"serious", "critical"}
THAI = item("คืนที่ฝนตกหนักที่สุดในรอบสิบปีผู้คนกลับบ้าน", ("วงดนตรีที่รู้จักกัน",))
HINDI = item("बारिश की रात में टूटे हुए तारों की कहानी और हम", ("श्रुति कृष्णमूर्ति", "ऋत्विक"))
VIETNAMESE = item("Những Ngày Ấy Ở Huế: Bản Thu Trực Tiếp Ở Nhà Hát Lớn", ("Đặng Thị Quỳnh", "Nguyễn Ẩn"))
LATIN = item("Ågygjq Åÿ Ñjpq: a title of two lines, Žģỳ", ("Øyvind Ågjq",))
UNBROKEN = item("Unbroken" * 30, ("Nobody" * 40,), explicit=True)
MUSIC = (LONG, ARABIC, THAI, UNBROKEN, LOCAL)
RESIZE = """(width) => {
    document.querySelector("iframe").width = width;
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
LAYOUTS = {"card": 140, "compact": 56, "cover": 1100, "list": 300}


def shown(now: float, what: Item) -> Snapshot:
    return playing(now, what, recent=(PlayedItem(LONG, now - 700), PlayedItem(HEBREW, now - 90_000)))


def resized(page: Page, width: int) -> None:
    """Gives the iframe another width; its contents are laid out when they are asked for."""
    page.evaluate(RESIZE, width)


def named(found: list[Box], name: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of one part."""
    (box,) = [box[1:] for box in found if box[0] == name]
    left, top, right, bottom = box
    return left, top, right - left, bottom - top


# ---- Measures -----------------------------------------------------------------------------------------


def test_the_card_has_its_measures(page: Page, live: Live) -> None:
    live.show(playing(time.time(), LONG))
    with framed(page, f"{live.url}/widget", 420, 140) as frame:
        found = boxes(frame)
    assert named(found, "card") == (0, 0, 420, 140)
    assert named(found, "artwork") == (14, 14, 112, 112)
    assert named(found, "icon") == (385, 14, 21, 21)
    assert named(found, "line")[3] == 4
    assert named(found, "title")[0] == 14 + 112 + 16
    assert named(found, "title")[3] == pytest.approx(2 * 16 * 1.3, abs=0.5)


def test_compact_has_two_lines_in_56_px(page: Page, live: Live) -> None:
    live.show(playing(time.time(), LONG))
    with framed(page, f"{live.url}/widget?layout=compact", 420, 56) as frame:
        found = boxes(frame)
    assert named(found, "card") == (0, 0, 420, 56)
    assert named(found, "artwork") == (8, 5, 40, 40)  # 6 px from the line.
    assert named(found, "icon")[:1] + named(found, "icon")[2:] == (385, 21, 21)
    assert named(found, "line") == (8, 51, 404, 2)
    assert named(found, "title")[1] < named(found, "artists")[1]


@pytest.mark.parametrize("scale", [0.75, 1, 1.5, 3])
@pytest.mark.parametrize(("layout", "height"), [("card", 140), ("compact", 56)])
def test_scale_makes_everything_larger_or_smaller_but_never_the_icon_too_small(
    page: Page, live: Live, layout: str, height: int, scale: float
) -> None:
    with framed(page, f"{live.url}/widget?layout={layout}&scale={scale}", 420 * scale, height * scale) as frame:
        found = boxes(frame)
    assert named(found, "card") == pytest.approx((0, 0, 420 * scale, height * scale))
    assert named(found, "icon")[2] == pytest.approx(max(21, 21 * scale))
    assert layout_problems(found) == []


def test_a_list_has_rows_of_40_px(page: Page, live: Live) -> None:
    live.show(shown(time.time(), item()))
    with framed(page, f"{live.url}/widget?layout=list", 420, 300) as frame:
        found = boxes(frame)
    assert named(found, "card") == (0, 0, 420, 72 + 2 * 40)
    assert {box[1] for box in found if box[0].endswith("title") or box[0].endswith("title tall")} == {60}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_sticks_out_or_overlaps_at_any_width(page: Page, live: Live, layout: str) -> None:
    now = time.time()
    snapshots = [
        *(shown(now, what) for what in MUSIC),
        paused(now, LONG),
        idle(now, ARABIC),
        idle(now),
        advertisement(now),
    ]
    with framed(page, f"{live.url}/widget?layout={layout}", 420, LAYOUTS[layout]) as frame:
        for snapshot in snapshots:
            live.show(snapshot)
            frame.goto(f"{live.url}/widget?layout={layout}&lang=de")
            for width in (200, 240, 241, 260, 261, 320, 339, 341, 420, 600, 900):
                resized(page, width)
                assert layout_problems(boxes(frame)) == [], width
                assert frame.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("layout", ["card", "compact"])
def test_the_height_is_that_of_the_snippets_whatever_plays(page: Page, live: Live, layout: str) -> None:
    now = time.time()
    with framed(page, f"{live.url}/widget?layout={layout}", 420, LAYOUTS[layout]) as frame:
        for snapshot in (*(playing(now, what) for what in MUSIC), paused(now, LONG), idle(now), advertisement(now)):
            live.show(snapshot)
            frame.goto(f"{live.url}/widget?layout={layout}")
            for width in (200, 320, 420):
                resized(page, width)
                assert named(boxes(frame), "card")[3] == LAYOUTS[layout]


LARGE_LETTERS = ["defaultFontSize=32", "minimumFontSize=18", "defaultFontSize=24,minimumFontSize=20"]


@pytest.fixture(scope="module", params=LARGE_LETTERS)
def browser_with_large_letters(
    request: pytest.FixtureRequest, running_playwright: Playwright
) -> Iterator[BrowserContext]:
    """A browser whose reader needs larger letters."""
    with launched(running_playwright, blink=request.param) as context:
        yield context


@pytest.fixture
def large_letters(browser_with_large_letters: BrowserContext) -> Iterator[Page]:
    with browser_with_large_letters.new_page() as opened:
        yield opened


@pytest.mark.parametrize("layout", LAYOUTS)
def test_larger_letters_make_it_grow_and_cut_nothing(large_letters: Page, live: Live, layout: str) -> None:
    for what in MUSIC:
        live.show(shown(time.time(), what))
        with framed(large_letters, f"{live.url}/widget?layout={layout}", 420, LAYOUTS[layout]) as frame:
            for width in (200, 320, 420, 600):
                resized(large_letters, width)
                assert layout_problems(boxes(frame)) == [], (what.title, width)


def test_larger_letters_leave_a_cover_its_artwork(large_letters: Page, live: Live) -> None:
    live.show(playing(time.time()))
    with framed(large_letters, f"{live.url}/widget?layout=cover", 320, 447) as frame:
        for width in (200, 320):
            resized(large_letters, width)
            expect(frame.locator(".artwork")).to_be_visible()


@pytest.mark.parametrize("height", [139, 125, 111, 110])
def test_a_card_in_a_frame_that_is_a_little_low_still_fits(page: Page, live: Live, height: int) -> None:
    for what in (LONG, item()):
        live.show(playing(time.time(), what))
        with framed(page, f"{live.url}/widget", 420, height) as frame:
            for width in (200, 320, 420):
                resized(page, width)
                found = boxes(frame)
                assert layout_problems(found) == []
                assert named(found, "card")[3] == height


@pytest.mark.parametrize("what", [LONG, item()], ids=["long", "short"])
def test_a_cover_in_a_low_frame_has_a_smaller_artwork_and_nothing_to_scroll(page: Page, live: Live, what: Item) -> None:
    live.show(playing(time.time(), what))
    with framed(page, f"{live.url}/widget?layout=cover", 420, 140) as frame:
        for width in (200, 320, 420, 600):
            resized(page, width)
            for height in (110, 180, 239, 240, 300, 400):
                page.locator("iframe").evaluate("(frame, height) => { frame.height = height; }", height)
                resized(page, width)
                assert layout_problems(boxes(frame)) == [], (width, height)
                assert frame.evaluate("document.documentElement.scrollHeight") <= height, (width, height)
                _, _, wide, high = named(boxes(frame), "artwork")
                assert wide == pytest.approx(high, abs=0.5)


@pytest.mark.parametrize(("layout", "height"), [("card", 140), ("cover", 340)])
def test_the_credit_that_a_source_is_due_is_whole_at_every_width(page: Page, layout: str, height: int) -> None:
    harness = WebHarness(SystemClock(), source=LASTFM).show(playing(time.time(), LONG, progress_ms=None))
    whole = "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.source'))"
    with live_server(harness.app) as url, framed(page, f"{url}/widget?layout={layout}", 420, height) as frame:
        for width in (200, 240, 320, 420):
            resized(page, width)
            assert layout_problems(boxes(frame)) == [], width
            assert frame.evaluate(whole)
            assert frame.evaluate("document.documentElement.scrollHeight") <= height, width


@pytest.mark.parametrize(("height", "scale"), [(109, 1), (60, 1), (48, 1), (99, 0.75), (160, 1.5)])
@pytest.mark.parametrize("layout", ["card", "cover", "list", "compact"])
def test_a_low_frame_shows_the_compact_layout(page: Page, live: Live, layout: str, height: int, scale: float) -> None:
    live.show(shown(time.time(), LONG))
    with framed(page, f"{live.url}/widget?layout={layout}&scale={scale}", 420, height) as frame:
        found = boxes(frame)
        assert layout_problems(found) == []
        assert not [box for box in found if box[0].startswith(("row", "time", "TIME"))]
        assert named(found, "card")[3] == pytest.approx(56 * scale)
        assert named(found, "artwork")[2] == pytest.approx(40 * scale)


@pytest.mark.parametrize("height", [47, 30, 20])
@pytest.mark.parametrize("layout", ["card", "list", "compact"])
def test_the_lowest_frames_show_the_words_alone(page: Page, live: Live, layout: str, height: int) -> None:
    live.show(shown(time.time(), LONG))
    with framed(page, f"{live.url}/widget?layout={layout}", 420, height) as frame:
        found = boxes(frame)
    assert {box[0] for box in found} == {"card", "title", "explicit", "artists"}
    assert layout_problems(found) == []


# ---- Every letter whole -------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["card", "compact", "cover", "list"])
@pytest.mark.parametrize(
    "what", [ARABIC, THAI, HINDI, VIETNAMESE, LATIN], ids=["arabic", "thai", "hindi", "vietnamese", "latin"]
)
def test_no_letter_is_cut(page: Page, live: Live, layout: str, what: Item) -> None:
    """The ink of each line is that of a copy whose lines cut nothing above or below."""
    live.show(playing(time.time(), what, recent=(PlayedItem(what, time.time() - 700),)))
    with framed(page, f"{live.url}/widget?layout={layout}&theme=light&background=card&motion=off", 420, 600) as frame:
        frame.add_style_tag(content=".line,time,.bars,.artwork,.icon{visibility:hidden}.widget{transition:none}")
        cut = page.screenshot()
        # Only the clip goes away; where the lines end in … the letters stay the same.
        frame.add_style_tag(
            content=":is(.title,.label,.artists){overflow:clip!important;overflow-clip-margin:0!important;"
            "overflow-x:clip!important;overflow-y:visible!important}"
        )
        whole = page.screenshot()
    assert difference(cut, whole) is None


def difference(one: bytes, other: bytes) -> tuple[int, int, int, int] | None:
    """Where two pictures differ visibly; None where they do not."""
    pictures = [Image.open(io.BytesIO(png)).convert("L") for png in (one, other)]
    return ImageChops.difference(*pictures).point(lambda value: 255 if value > 8 else 0).getbbox()


# ---- Schemes and grounds ------------------------------------------------------------------------------


HOSTS = {
    "a light page": "background:#ffffff",
    "a dark page": "background:#101418;color-scheme:dark",
    "a page that follows": "background:#8090a0;color-scheme:light dark",
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_dark_is_dark_exactly_where_the_system_is_and_no_box_shows_around_the_corners(
    page_of_system: Page, system: Scheme, live: Live, host: str, theme: str
) -> None:
    page = page_of_system
    scheme = "light dark" if theme == "auto" else theme
    source = f'src="{live.url}/widget?theme={theme}&amp;background=card" width="420" height="140"'
    html = (
        f'<body style="margin:0;{HOSTS[host]}"><iframe {source} style="border:0;display:block;color-scheme:{scheme}">'
    )
    live.show(idle(time.time()))
    with host_page(html) as url:
        page.goto(url)
        page.wait_for_timeout(300)
        picture = Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 0, "width": 420, "height": 140}))).convert(
            "RGB"
        )
    ground = (0x19, 0x14, 0x14) if (system if theme == "auto" else theme) == "dark" else (255, 255, 255)
    assert picture.getpixel((300, 60)) == ground
    page_color = HOSTS[host].removeprefix("background:#")[:6]
    assert picture.getpixel((0, 0)) == tuple(bytes.fromhex(page_color))


def test_without_a_ground_letters_keep_a_halo_and_the_icon_none(page: Page, live: Live) -> None:
    with framed(page, f"{live.url}/widget?background=none&theme=dark", 420, 140, scheme="dark") as frame:
        halo = "(name) => getComputedStyle(document.querySelector(name)).%s"
        assert all("rgb(0, 0, 0)" in frame.evaluate(halo % "filter", name) for name in (".text", "time"))
        assert frame.evaluate(halo % "boxShadow", ".line") != "none"
        assert frame.evaluate(halo % "textShadow", ".title") == "none"
        assert frame.evaluate(halo % "filter", ".icon") == "none"
        assert frame.evaluate(halo % "backgroundColor", ".widget") == "rgba(0, 0, 0, 0)"


def test_in_high_contrast_bars_line_and_mark_stay(page: Page, live: Live) -> None:
    live.show(playing(time.time(), LONG))
    page.emulate_media(forced_colors="active")
    try:
        with framed(page, f"{live.url}/widget", 420, 140) as frame:
            style = "(name) => getComputedStyle(document.querySelector(name))"
            for name in (".bars i", ".line i"):
                assert frame.evaluate(f"({style})('{name}').backgroundColor") == "rgb(0, 0, 0)"
            for name in (".explicit", ".line"):
                assert frame.evaluate(f"({style})('{name}').outlineStyle") == "solid"
    finally:
        page.emulate_media(forced_colors="none")


def test_print_shows_the_card_with_its_ground(page: Page, live: Live) -> None:
    page.emulate_media(media="print")
    try:
        page.goto(f"{live.url}/widget")
        assert page.evaluate("getComputedStyle(document.querySelector('.widget')).printColorAdjust") == "exact"
        expect(page.locator("[data-state] .title")).to_be_visible()
    finally:
        page.emulate_media(media="screen")


@pytest.mark.parametrize("query", ["?motion=off", ""])
def test_what_moves_for_ever_stops_where_it_is_not_wanted(page: Page, live: Live, query: str) -> None:
    if not query:
        page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live.url}/widget{query}")
    expect(page.locator(".bars")).to_be_visible()
    expect(page.locator("time").first).to_have_text(re.compile("1:0[3-9]"))
    seen = page.evaluate("[document.querySelector('.bars').dataset.beat, document.getAnimations().length]")
    page.emulate_media(reduced_motion="no-preference")
    assert seen == [None, 0]


# ---- Opened by itself ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1, 1.5])
def test_opened_by_itself_it_stands_in_the_middle_and_no_wider_than_it_should(
    page: Page, live: Live, scale: float
) -> None:
    page.set_viewport_size({"width": 1000, "height": 700})
    page.goto(f"{live.url}/widget?scale={scale}")
    left, top, width, height = named(boxes(page), "card")
    assert width == pytest.approx(480 * scale)
    assert left == pytest.approx((1000 - width) / 2)
    assert top == pytest.approx((700 - height) / 2)
    assert page.evaluate("document.documentElement.scrollHeight") == 700
    page.set_viewport_size({"width": 320, "height": 600})
    assert layout_problems(boxes(page)) == []


def test_it_stands_there_too_where_the_browser_does_not_say_that_it_is_alone(page: Page, live: Live) -> None:
    html = httpx.get(f"{live.url}/widget").text
    page.route("**/widget", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.set_viewport_size({"width": 1000, "height": 700})
    page.goto(f"{live.url}/widget")
    page.wait_for_selector(".alone")
    assert named(boxes(page), "card") == (260, 280, 480, 140)
    with framed(page, f"{live.url}/widget", 420, 140) as frame:
        frame.wait_for_timeout(300)
        assert frame.locator(".alone").count() == 0
        assert named(boxes(frame), "card") == (0, 0, 420, 140)


# ---- For everybody ------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_keyboard_reaches_one_link_with_one_ring_inside_the_card(page: Page, live: Live, layout: str) -> None:
    live.show(playing(time.time()))
    page.goto(f"{live.url}/widget?layout={layout}")
    page.keyboard.press("Tab")
    ring = page.evaluate(
        "[document.activeElement.ariaLabel, getComputedStyle(document.activeElement).outlineStyle,"
        " getComputedStyle(document.activeElement).outlineOffset]"
    )
    assert ring == ["Tides of Glass by Mara Lindqvist, listen on Spotify", "solid", "-2px"]
    assert page.locator("a").count() == 1


def test_hovering_anywhere_underlines_the_title(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    page.locator(".artwork").hover()
    title = page.locator("[data-state] .title")
    assert title.evaluate("(title) => getComputedStyle(title).textDecorationLine") == "underline"


def test_the_artwork_is_whole(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    fit = page.locator(".artwork img").evaluate("(image) => getComputedStyle(image).objectFit")
    assert fit == "contain"
    assert page.locator(".artwork").evaluate("(art) => getComputedStyle(art).borderRadius") == "4px"


@pytest.mark.parametrize("theme", SCHEMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_axe_finds_nothing_serious(page: Page, live: Live, theme: str, layout: str) -> None:
    now = time.time()
    live.harness.artwork.set_colors(live.harness.artwork.key(LONG) or "", ArtworkColors("#ff5a00"))
    for snapshot in (shown(now, LONG), idle(now, ARABIC), idle(now)):
        live.show(snapshot)
        page.goto(f"{live.url}/widget?theme={theme}&layout={layout}&accent=ffee00")
        page.wait_for_timeout(500)
        found = Axe().run(page).response["violations"]
        assert [violation["id"] for violation in found if violation["impact"] in SERIOUS] == []
