"""The script tag, the custom element and the picture on other people's pages."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Live
from tests.support.host_page import host_page
from tests.support.web_harness import LONG, idle, item, playing


@contextmanager
def opened(page: Page, html: str, **headers: str) -> Iterator[Page]:
    with host_page(html, **headers) as url:
        page.goto(url)
        yield page


def height(frame: Locator) -> float:
    return float(frame.evaluate("(frame) => frame.getBoundingClientRect().height"))


def eventually_high(page: Page, frame: Locator, expected: float) -> None:
    for _ in range(200):
        if height(frame) == expected:
            return
        page.wait_for_timeout(100)
    assert height(frame) == expected


def test_the_script_tag_places_the_widget_right_after_itself(page: Page, live: Live) -> None:
    html = f'<p>a</p><script src="{live.url}/embed.js" async data-theme="dark" data-layout="compact"></script><p>b</p>'
    with opened(page, html):
        frame = page.locator("script + now-playing > iframe")
        expect(frame).to_have_attribute("src", f"{live.url}/widget?theme=dark&layout=compact")
        expect(frame).to_have_attribute("title", "Now playing")
        expect(frame).to_have_attribute("loading", "lazy")
        assert frame.evaluate("(frame) => getComputedStyle(frame).colorScheme") == "dark"
        expect(page.frame_locator("iframe").locator("[data-state] .title")).to_have_text("Tides of Glass")
        eventually_high(page, frame, 56)


def test_it_works_twice_on_a_page_and_leaves_no_globals(page: Page, live: Live) -> None:
    tag = f'<script src="{live.url}/embed.js" async></script>'
    with opened(page, "<script>window.before = Object.keys(window)</script>" + tag + tag):
        expect(page.locator("iframe")).to_have_count(2)
        added = page.evaluate(
            "Object.keys(window).filter((name) => !window.before.includes(name) && name !== 'before')"
        )
    assert [name for name in added if not re.fullmatch(r"\d+", name)] == []


def test_it_works_under_a_strict_policy(page: Page, live: Live) -> None:
    policy = f"default-src 'none'; script-src {live.url}; frame-src {live.url}"
    html = f'<script src="{live.url}/embed.js" async></script>'
    with opened(page, html, Content_Security_Policy=policy):
        expect(page.frame_locator("iframe").locator("[data-state] .title")).to_have_text("Tides of Glass")
        eventually_high(page, page.locator("iframe"), 140)


def test_define_only_places_nothing_until_the_element_is_used(page: Page, live: Live) -> None:
    html = f'<script src="{live.url}/embed.js" async data-define-only></script><div id="place"></div>'
    with opened(page, html):
        page.wait_for_function("!!customElements.get('now-playing')")
        assert page.locator("iframe").count() == 0
        page.evaluate("document.getElementById('place').innerHTML = '<now-playing layout=cover></now-playing>'")
        expect(page.locator("iframe")).to_have_attribute("src", f"{live.url}/widget?theme=light&layout=cover")


def test_changing_an_attribute_updates_the_widget_without_a_step_in_the_history(page: Page, live: Live) -> None:
    html = (
        f'<script src="{live.url}/embed.js" async data-define-only></script><now-playing theme="light"></now-playing>'
    )
    with opened(page, html):
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=light"))
        before = page.evaluate("history.length")
        page.evaluate("document.querySelector('now-playing').setAttribute('theme', 'dark')")
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=dark"))
        expect(page.frame_locator("iframe").locator("html")).to_have_attribute("data-theme", "dark")
        page.evaluate("document.querySelector('now-playing').removeAttribute('theme')")
        expect(page.locator("iframe")).to_have_attribute("src", f"{live.url}/widget?theme=light")
        assert page.locator("iframe").count() == 1
        assert page.evaluate("history.length") == before


@pytest.mark.parametrize("where", ["documentElement", "body"])
def test_it_follows_the_host_page_s_own_dark_switch(page: Page, live: Live, where: str) -> None:
    html = f'<script src="{live.url}/embed.js" async data-dark-selector=".dark"></script>'
    with opened(page, html):
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=light"))
        page.evaluate(f"document.{where}.classList.add('dark')")
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=dark"))
        assert page.locator("iframe").evaluate("(frame) => getComputedStyle(frame).colorScheme") == "dark"
        page.evaluate(f"document.{where}.classList.remove('dark')")
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=light"))


def test_a_selector_that_is_none_never_matches(page: Page, live: Live) -> None:
    html = f'<script src="{live.url}/embed.js" async data-dark-selector=")]["></script>'
    with opened(page, html):
        expect(page.locator("iframe")).to_have_attribute("src", re.compile("theme=light"))


def test_nothing_to_show_takes_no_room_and_comes_back(page: Page, live: Live) -> None:
    live.show(idle(time.time(), item()))
    with opened(page, f'<script src="{live.url}/embed.js" async data-idle="hide"></script>'):
        eventually_high(page, page.locator("iframe"), 0)
        live.show(playing(time.time()))
        eventually_high(page, page.locator("iframe"), 140)


def test_the_height_follows_the_width(page: Page, live: Live) -> None:
    html = f'<script src="{live.url}/embed.js" async data-layout="cover"></script>'
    with opened(page, f'<div style="width:300px">{html}</div>'):
        eventually_high(page, page.locator("iframe"), 404)
        page.evaluate("document.querySelector('div').style.width = '260px'")
        eventually_high(page, page.locator("iframe"), 364)


def test_messages_of_others_change_nothing(page: Page, live: Live) -> None:
    with opened(page, f'<script src="{live.url}/embed.js" async></script>'):
        eventually_high(page, page.locator("iframe"), 140)
        for message in ("{type: 'now-playing:height', height: 999}", "null", "'x'", "{type: 'now-playing:height'}"):
            page.evaluate(f"postMessage({message}, '*')")
        page.wait_for_timeout(200)
        assert height(page.locator("iframe")) == 140


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("layout", ["card", "compact", "cover"])
def test_the_picture_is_drawn_in_an_image(page: Page, live: Live, layout: str, theme: str) -> None:
    live.show(playing(time.time(), LONG))
    source = f"{live.url}/now-playing.svg?layout={layout}&amp;theme={theme}"
    with opened(page, f'<img src="{source}" alt="">'):
        size = page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth }")
    assert size == {"card": 420, "compact": 420, "cover": 320}[layout]


def test_a_readme_s_picture_follows_the_reader_s_scheme(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    snippet = page.locator('[data-snippet="markdown"]').inner_text()
    with opened(page, snippet):
        for scheme, query in (("dark", "theme=dark"), ("light", "theme=light")):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.wait_for_function("(query) => document.querySelector('img').currentSrc.includes(query)", arg=query)


@pytest.mark.parametrize("name", ["iframe", "script", "element", "image", "markdown"])
def test_every_snippet_shows_the_music_when_it_is_pasted(page: Page, live: Live, name: str) -> None:
    page.goto(f"{live.url}/?theme=dark&layout=compact")
    snippet = page.locator(f'[data-snippet="{name}"]').inner_text()
    html = re.sub(r"\[!\[.*?\]\((.*?)\)\]\(.*?\)", r'<img src="\1">', snippet)
    with opened(page, html):
        if name in ("image", "markdown"):
            assert page.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth }")
        else:
            expect(page.frame_locator("iframe").locator("[data-state] .title")).to_have_text("Tides of Glass")
