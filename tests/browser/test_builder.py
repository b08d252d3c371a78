"""The owner's pages, ``/`` and ``/setup``, in a real browser."""

import json
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.showing import item, playing


def snippet(page: Page, name: str) -> str:
    return page.locator(f'[data-snippet="{name}"]').inner_text()


def test_every_control_changes_the_preview_the_snippets_and_the_address(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    for name, value in {
        "theme": "dark",
        "layout": "compact",
        "background": "none",
        "idle": "hide",
        "motion": "off",
        "lang": "he",
    }.items():
        page.select_option(f"#{name}", value)
        expect(page.locator("#preview iframe")).to_have_attribute("src", re.compile(f"{name}={value}"))
        expect(page).to_have_url(re.compile(f"{name}={value}"))
        assert f"{name}={value}" in snippet(page, "iframe")
        assert f'data-{name}="{value}"' in snippet(page, "script")
    page.fill("#accent", "#FF0055")
    expect(page.locator("#preview iframe")).to_have_attribute("src", re.compile("accent=ff0055"))
    page.fill("#width", "300")
    expect(page.locator('[data-snippet="iframe"]')).to_contain_text('width="300"')


def test_the_address_brings_it_all_back(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/?theme=dark&layout=cover&accent=ff0055&width=260")
    assert page.locator("#theme").input_value() == "dark"
    assert page.locator("#layout").input_value() == "cover"
    assert page.locator("#accent").input_value() == "ff0055"
    assert 'width="260" height="388"' in snippet(page, "iframe")


def test_a_half_typed_accent_waits_for_the_rest(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    page.fill("#accent", "ff0")
    page.wait_for_timeout(400)
    assert "accent" not in page.url


def test_the_preview_is_live(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    frame = page.frame_locator("#preview iframe")
    expect(frame.locator("[data-state] .title")).to_have_text("Tides of Glass")
    page.wait_for_timeout(300)
    live.show(playing(time.time(), item("Another")))
    expect(frame.locator("[data-state] .title")).to_have_text("Another")


def test_a_button_copies_its_snippet(page: Page, live: Live) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
    page.goto(f"{live.url}/")
    for name in ("iframe", "json"):
        button = page.locator(f'[data-copy="{name}"]')
        button.click()
        expect(button).to_have_text("Copied")
        assert (
            page.evaluate("navigator.clipboard.readText()") == page.locator(f'[data-snippet="{name}"]').text_content()
        )


def test_it_works_by_keyboard(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    page.focus("#theme")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("theme=light"))
    assert page.evaluate("document.activeElement.id") == "layout"


def test_on_a_phone_nothing_sticks_out(page: Page, live: Live) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/?layout=cover&lang=de", "/setup"):
        page.goto(live.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_javascript_the_form_and_the_snippets_work(page_without_scripts: Page, live: Live) -> None:
    page = page_without_scripts
    page.goto(f"{live.url}/")
    assert "/widget" in snippet(page, "iframe")
    page.select_option("#theme", "dark")
    page.click("form button")
    expect(page).to_have_url(re.compile("theme=dark"))
    assert "theme=dark" in snippet(page, "iframe")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/setup"])
def test_axe_finds_nothing_serious(page: Page, live: Live, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(live.url + path)
    page.wait_for_timeout(300)
    found = Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious)
