"""With ``theme=auto`` the embed script looks at the page behind the widget, not at the system."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.browser import Scheme
from tests.support.host_page import host_page

PAGES = {
    "nothing said": ("", "light", "light"),
    "dark body": ("<style>body{background:#101014}</style>", "dark", "dark"),
    "light body": ("<style>body{background:#fff}</style>", "light", "light"),
    "just dark": ("<style>html{background:#737373}</style>", "dark", "dark"),
    "just light": ("<style>html{background:#777}</style>", "light", "light"),
    "wide gamut": ("<style>body{background:oklch(0.2 0.1 250)}</style>", "dark", "dark"),
    "mixed": ("<style>body{background:color-mix(in oklab, black 90%, white)}</style>", "dark", "dark"),
    "glass on dark": ("<style>body{background:#000}main{background:rgb(255 255 255/.08)}</style>", "dark", "dark"),
    "shade on light": ("<style>body{background:#fff}main{background:rgb(0 0 0/.1)}</style>", "light", "light"),
    "light card on dark": ("<style>body{background:#000}main{background:#eee}</style>", "light", "light"),
    "gradient": ("<style>body{background:linear-gradient(#111,#232)}</style>", "dark", "dark"),
    "dark scheme": ("<style>:root{color-scheme:dark}</style>", "dark", "dark"),
    "both schemes": ("<style>:root{color-scheme:light dark}</style>", "light", "dark"),
    "both in meta": ('<meta name="color-scheme" content="light dark">', "light", "dark"),
    "follows the system": (
        "<style>@media (prefers-color-scheme:dark){body{background:#111}}</style>",
        "light",
        "dark",
    ),
}


def themed(theme: str) -> re.Pattern[str]:
    return re.compile(rf"/widget\?theme={theme}")


def test_it_takes_what_suits_the_page(live: Live, page_of_system: Page, system: Scheme) -> None:
    page = page_of_system
    page.route(re.compile("/widget"), lambda route: route.abort())
    for name, (head, if_light, if_dark) in PAGES.items():
        theme = if_dark if system == "dark" else if_light
        with host_page(f'{head}<main><script src="{live.url}/embed.js" async></script></main>') as url:
            page.goto(url)
            frame = page.locator("iframe")
            expect(frame, name).to_have_attribute("src", themed(theme))
            assert frame.evaluate("(frame) => getComputedStyle(frame).colorScheme") == theme, name


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ("body.night{background:#111}", "document.body.classList.add('night')"),
        ("[data-mode=night] body{background:#111}", "document.documentElement.dataset.mode = 'night'"),
        ("", "document.body.style.background = '#111'"),
        ("", "document.documentElement.style.colorScheme = 'dark'"),
        ("body{transition:background .2s}body.night{background:#111}", "document.body.classList.add('night')"),
    ],
)
def test_it_looks_again_when_the_page_switches(page: Page, live: Live, before: str, change: str) -> None:
    with host_page(f'<style>{before}</style><script src="{live.url}/embed.js" async></script>') as url:
        page.goto(url)
        expect(page.locator("iframe")).to_have_attribute("src", themed("light"))
        page.evaluate(change)
        expect(page.locator("iframe")).to_have_attribute("src", themed("dark"))


def test_it_looks_again_when_the_system_switches(page: Page, live: Live) -> None:
    style = "<style>:root{color-scheme:light dark}</style>"
    with host_page(f'{style}<script src="{live.url}/embed.js" async></script>') as url:
        page.goto(url)
        expect(page.locator("iframe")).to_have_attribute("src", themed("light"))
        page.emulate_media(color_scheme="dark")
        expect(page.locator("iframe")).to_have_attribute("src", themed("dark"))


def test_a_dark_selector_and_a_fixed_theme_go_before_the_look(page: Page, live: Live) -> None:
    html = f"""<style>body{{background:#111}}</style>
    <script src="{live.url}/embed.js" async data-dark-selector=".night"></script>
    <now-playing theme="light"></now-playing>"""
    with host_page(html) as url:
        page.goto(url)
        expect(page.locator("iframe")).to_have_count(2)
        for frame in page.locator("iframe").all():
            expect(frame).to_have_attribute("src", themed("light"))
