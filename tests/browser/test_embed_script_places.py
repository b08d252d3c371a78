"""Every way to run ``/embed.js``: in the head, as a module, as text, in pages of every kind."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.host_page import host_page


@contextmanager
def opened(page: Page, html: str, **headers: str) -> Iterator[Page]:
    with host_page(html, **headers) as url:
        page.goto(url)
        yield page


def test_a_script_tag_in_the_head_places_the_widget_at_the_top_of_the_body(page: Page, live: Live) -> None:
    for kind in ("", "async", "defer"):
        head = f'<html><head><script src="{live.url}/embed.js" {kind} data-layout="compact"></script></head>'
        with opened(page, f"{head}<body><p>first</p></body></html>"):
            frame = page.locator("body > now-playing:first-child > iframe")
            expect(frame).to_have_attribute("src", re.compile("layout=compact"))
            assert page.locator("head now-playing").count() == 0


def test_as_a_module_it_finds_its_own_element_among_the_page_s_scripts(page: Page, live: Live) -> None:
    others = '<script src="https://comments.example/embed.js" type="text/plain"></script>'
    html = f'{others}<p>a</p><script type="module" src="{live.url}/embed.js" data-theme="dark"></script><p>b</p>'
    with opened(page, html):
        expect(page.locator("script[type=module] + now-playing > iframe")).to_have_attribute(
            "src", f"{live.url}/widget?theme=dark"
        )
        expect(page.locator("iframe")).to_have_count(1)


def test_two_module_tags_of_one_address_run_once_and_place_two(page: Page, live: Live) -> None:
    tag = f'<script type="module" src="{live.url}/embed.js"></script>'
    with opened(page, f"<div>{tag}</div><div>{tag}</div>"):
        expect(page.locator("div > now-playing > iframe")).to_have_count(2)


def test_as_text_on_a_page_that_names_it_nowhere_it_only_defines_the_element(page: Page, live: Live) -> None:
    text = httpx.get(f"{live.url}/embed.js").text
    with opened(page, f"<script>{text}</script><now-playing></now-playing>"):
        assert page.evaluate("!!customElements.get('now-playing')")
        assert page.locator("iframe").count() == 0
        page.evaluate(f"""document.body.append(Object.assign(document.createElement("script"),
            {{ src: "{live.url}/embed.js", async: true }}))""")
        expect(page.locator("iframe")).to_have_count(2)


def test_as_text_it_finds_its_address_by_the_page_s_scripts(page: Page, live: Live) -> None:
    text = httpx.get(f"{live.url}/embed.js").text
    html = f'<script type="text/x-later" src="{live.url}/embed.js"></script><script data-theme="dark">{text}</script>'
    with opened(page, html):
        expect(page.locator("script[data-theme] + now-playing > iframe")).to_have_attribute(
            "src", f"{live.url}/widget?theme=dark"
        )


def test_it_works_in_a_page_of_a_file(page: Page, live: Live, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><script src="{live.url}/embed.js" async></script>', encoding="utf-8")
    page.goto(file.as_uri())
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("Tides of Glass")


def test_it_works_in_a_sandbox_that_allows_scripts_alone(page: Page, live: Live) -> None:
    inner = f"&lt;script src='{live.url}/embed.js' async data-layout='compact'&gt;&lt;/script&gt;"
    with opened(page, f'<iframe sandbox="allow-scripts" srcdoc="{inner}" width="400" height="200"></iframe>'):
        widget = page.frame_locator("iframe").frame_locator("iframe")
        expect(widget.locator("body")).to_contain_text("Tides of Glass")


def test_it_works_in_an_isolated_page(page: Page, live: Live) -> None:
    html = f'<script src="{live.url}/embed.js" crossorigin async></script>'
    headers = {"Cross_Origin_Embedder_Policy": "require-corp", "Cross_Origin_Opener_Policy": "same-origin"}
    with opened(page, html, **headers):
        expect(page.frame_locator("iframe").locator("body")).to_contain_text("Tides of Glass")


@pytest.mark.parametrize("attribute", ["radius", "scale", "font", "without", "background", "motion", "lang", "sample"])
def test_every_option_is_an_attribute_of_both(page: Page, live: Live, attribute: str) -> None:
    html = (
        f'<script src="{live.url}/embed.js" async data-{attribute}="x1"></script>'
        f'<now-playing {attribute}="x2"></now-playing>'
    )
    with opened(page, html):
        for value in ("x1", "x2"):
            expect(page.locator(f'iframe[src*="{attribute}={value}"]')).to_have_count(1)


def test_a_width_is_the_largest_width(page: Page, live: Live) -> None:
    html = f'<script src="{live.url}/embed.js" async data-width="300"></script><now-playing width="250"></now-playing>'
    with opened(page, html):
        expect(page.locator("iframe")).to_have_count(2)
        widths = page.locator("iframe").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")
        assert widths == [300, 250]
        page.set_viewport_size({"width": 216, "height": 400})
        widths = page.locator("iframe").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")
        assert widths == [200, 200]
