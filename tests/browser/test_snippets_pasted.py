"""Each snippet on other people's pages, in browsers on a light and on a dark system."""

import io
import re
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect

from tests.browser.conftest import Live
from tests.support.browser import Scheme
from tests.support.builder_page import BuilderPage
from tests.support.host_page import host_page
from tests.support.live_server import NO_CERTIFICATES
from tests.support.web_harness import playing

GROUND = (58, 110, 165)
PAGES = {
    "plain": "<style>body{background:rgb(58 110 165)}</style>",
    "light": "<style>:root{color-scheme:light}body{background:rgb(58 110 165)}</style>",
    "dark": "<style>:root{color-scheme:dark}body{background:rgb(58 110 165)}</style>",
    "both": '<meta name="color-scheme" content="light dark"><style>body{background:rgb(58 110 165)}</style>',
}
FRAMES = ("iframe", "wordpress", "oembed")
IS_DARK = """() => {
    const { color } = getComputedStyle(document.querySelector(".widget"));
    const [first, green, blue] = color.match(/[\\d.]+/g).map(Number);
    return (/^rgb/.test(color) ? (first + green + blue) / 765 : first) > 0.5;
}"""
"""Light letters; their color is told as rgb() or as oklch()."""


def pasted(live: Live, name: str, query: str = "") -> str:
    if name == "oembed":
        url = f"{live.url}/widget{query}"
        html: str = httpx.get(f"{live.url}/oembed", params={"url": url}, verify=NO_CERTIFICATES).json()["html"]
        return html
    return BuilderPage(httpx.get(f"{live.url}/{query}", verify=NO_CERTIFICATES).text).snippets[name]


def widget(page: Page) -> Frame:
    """The frame of the widget, once it shows the music."""
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Tides of Glass")
    (frame,) = page.frames[1:]
    return frame


def corner(page: Page) -> tuple[int, ...]:
    """The color of the pixel in the corner of the frame, outside the card's round one."""
    box = page.locator("iframe").bounding_box()
    assert box is not None
    shot = page.screenshot(clip={"x": box["x"] + 1, "y": box["y"] + 1, "width": 1, "height": 1})
    pixel = Image.open(io.BytesIO(shot)).convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.mark.parametrize("name", FRAMES)
def test_an_automatic_widget_is_dark_where_the_system_is_and_has_no_box(
    page_of_system: Page, system: Scheme, live: Live, name: str
) -> None:
    page = page_of_system
    for kind, head in PAGES.items():
        with host_page(head + pasted(live, name)) as url:
            page.goto(url)
            assert widget(page).evaluate(IS_DARK) == (system == "dark"), kind
            assert corner(page) == GROUND, kind


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FRAMES)
def test_a_fixed_theme_holds_whatever_the_system_is_and_has_no_box(
    page_of_system: Page, live: Live, name: str, theme: str
) -> None:
    page = page_of_system
    for kind, head in PAGES.items():
        with host_page(head + pasted(live, name, f"?theme={theme}")) as url:
            page.goto(url)
            assert widget(page).evaluate(IS_DARK) == (theme == "dark"), kind
            assert corner(page) == GROUND, kind


@pytest.mark.parametrize("name", ["script", "element"])
def test_the_script_s_widget_suits_the_page_and_has_no_box(page_of_system: Page, live: Live, name: str) -> None:
    page = page_of_system
    for ground, is_dark in (("rgb(20 20 24)", True), ("rgb(250 250 245)", False)):
        with host_page(f"<style>body{{background:{ground}}}</style>{pasted(live, name)}") as url:
            page.goto(url)
            assert widget(page).evaluate(IS_DARK) == is_dark
            page.wait_for_timeout(400)
            assert corner(page) == tuple(int(part) for part in re.findall(r"\d+", ground))


@pytest.mark.parametrize("name", ["iframe", "script", "element", "wordpress", "oembed"])
def test_a_width_is_the_widget_s_largest_and_small_pages_have_it_all(page: Page, live: Live, name: str) -> None:
    query = "" if name == "oembed" else "?width=300"
    for viewport, expected in ((800, 420 if name == "oembed" else 300), (256, 240)):
        page.set_viewport_size({"width": viewport, "height": 400})
        with host_page(pasted(live, name, query)) as url:
            page.goto(url)
            widget(page)
            box = page.locator("iframe").bounding_box()
            assert box is not None
            assert box["width"] == expected


@pytest.mark.parametrize("name", ["iframe", "script", "wordpress"])
def test_it_works_in_pages_of_files_and_in_sandboxes(page: Page, live: Live, name: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><meta charset=utf-8>{pasted(live, name)}", encoding="utf-8")
    page.goto(file.as_uri())
    widget(page)
    sandboxed = pasted(live, name).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    with host_page(f'<iframe sandbox="allow-scripts" srcdoc="{sandboxed}" width="500" height="200"></iframe>') as url:
        page.goto(url)
        inner = page.frame_locator("iframe").frame_locator("iframe")
        expect(inner.locator("body")).to_contain_text("Tides of Glass")


def test_a_host_that_takes_styles_away_shows_no_border_and_no_scroll_bar(page: Page, live: Live) -> None:
    for name in ("wordpress", "oembed"):
        bare = re.sub(r' style="[^"]*"', "", pasted(live, name))
        with host_page(bare.replace("<iframe ", '<iframe sandbox="allow-scripts" ')) as url:
            page.goto(url)
            frame = widget(page)
            assert page.locator("iframe").evaluate("(frame) => getComputedStyle(frame).borderTopWidth") == "0px"
            assert frame.evaluate("innerHeight - document.documentElement.clientHeight") == 0


@pytest.mark.parametrize("name", ["image", "markdown"])
def test_pictures_lead_to_what_plays(page: Page, live: Live, name: str) -> None:
    live.show(playing(time.time()))
    with host_page(pasted(live, name)) as url:
        page.goto(url)
        size = page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth }")
        assert size == 420
        address = page.locator("a").get_attribute("href")
    answer = httpx.get(str(address), follow_redirects=False)
    assert answer.headers["location"] == "https://open.spotify.com/track/5tIdesOfGlass0000000aB"
