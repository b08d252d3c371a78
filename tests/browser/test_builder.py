"""The owner's pages (``/``, ``/setup`` and 404) in a real browser."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Live
from tests.support.web_harness import item, playing

SHOWN = "#preview iframe"
COVERED = """() => {
  const node = document.activeElement, place = node.closest("label, .preset") || node;
  const {left, right, top, bottom} = place.getBoundingClientRect();
  const at = (y) => place.contains(document.elementFromPoint((left + right) / 2, y));
  const seen = node === document.body || [top + 4, (top + bottom) / 2, bottom - 4].every(at);
  return seen ? [] : [place.outerHTML.slice(0, 120)];
}"""
"""What has the focus, if another element lies over it or the window ends before it."""


def snippet(page: Page, name: str) -> str:
    return page.locator(f'[data-snippet="{name}"]').text_content() or ""


def choose(page: Page, name: str, value: str) -> None:
    """As a person does it: by the words or the picture beside the button."""
    page.locator(f'label:has([name="{name}"][value="{value}"])').click()


def open_more(page: Page) -> None:
    page.get_by_text("More options").click()


def slide(page: Page, name: str, value: str) -> None:
    page.locator(f"#{name}").fill(value)


def test_every_control_changes_the_preview_the_snippets_and_the_address(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    open_more(page)
    chosen = {
        "theme": "dark",
        "layout": "compact",
        "background": "none",
        "idle": "hide",
        "motion": "off",
        "font": "serif",
    }
    for name, value in chosen.items():
        choose(page, name, value)
        expect(page.locator(SHOWN)).to_have_attribute("src", re.compile(f"{name}={value}"))
        expect(page).to_have_url(re.compile(f"{name}={value}"))
        assert f"{name}={value}" in snippet(page, "iframe")
        assert f'data-{name}="{value}"' in snippet(page, "script")
    page.select_option("#lang", "he")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("lang=he"))
    for name, value in (("radius", "20"), ("scale", "1.5")):
        slide(page, name, value)
        expect(page.locator(f"output[for={name}]")).to_contain_text(value)
        expect(page.locator(SHOWN)).to_have_attribute("src", re.compile(f"{name}={value}"))
    page.get_by_label("Times").uncheck()
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("without=times"))
    page.fill("#accent", "#FF0055")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("accent=ff0055"))
    page.fill("#width", "300")
    expect(page.locator('[data-snippet="iframe"]')).to_contain_text('width="300"')
    expect(page.locator(SHOWN)).to_have_attribute("width", "300")


def test_the_address_brings_it_all_back(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/?theme=dark&layout=cover&accent=ff0055&width=260&sample=paused&wall=photo")
    for name, value in {"theme": "dark", "layout": "cover", "sample": "paused", "wall": "photo"}.items():
        expect(page.locator(f'[name="{name}"][value="{value}"]')).to_be_checked()
    assert page.locator("#accent").input_value() == "ff0055"
    assert 'width="260" height="387"' in snippet(page, "iframe")
    page.select_option("#lang", "de")
    expect(page).to_have_url(
        re.compile(r"theme=dark&layout=cover&accent=ff0055&lang=de&width=260&sample=paused&wall=photo")
    )


def test_an_invalid_entry_is_marked_and_the_preview_keeps_the_last_valid_one(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    open_more(page)
    page.fill("#accent", "ff0055")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("accent=ff0055"))
    page.fill("#accent", "2E6F9G")
    told = page.locator("#wrong-accent")
    expect(told).to_be_visible()
    expect(told).to_have_text("Use a hex color, like 2E6F95.")
    expect(page.locator("#accent")).to_have_attribute("aria-invalid", "true")
    choose(page, "layout", "compact")
    expect(page.locator(SHOWN)).to_have_attribute("src", "widget?layout=compact&accent=ff0055")
    page.fill("#accent", "00ff55")
    expect(told).to_be_hidden()
    expect(page.locator("#accent")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("accent=00ff55"))
    for wrong in ("100", "9999", "wide"):
        page.fill("#width", wrong)
        expect(page.locator("#wrong-width")).to_be_visible()
    assert 'width="420"' in snippet(page, "iframe")


def test_a_color_can_be_picked(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    open_more(page)
    page.get_by_label("Pick: Accent").fill("#12ab34")
    expect(page.locator("#accent")).to_have_value("12ab34")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("accent=12ab34"))
    expect(page.get_by_label("Custom color", exact=True)).to_be_hidden()
    choose(page, "background", "own")
    page.get_by_label("Custom color", exact=True).fill("aabbcc")
    expect(page.locator(SHOWN)).to_have_attribute("src", re.compile("background=aabbcc"))


def test_a_sample_is_in_the_preview_and_in_no_snippet(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    frame = page.frame_locator(SHOWN)
    for sample, text in {"long": "Noon over the Viaduct", "nothing": "Nothing playing", "rtl": "باب الياسمين"}.items():
        choose(page, "sample", sample)
        expect(frame.locator("body")).to_contain_text(text)
        assert "sample" not in snippet(page, "iframe")
    choose(page, "sample", "paused")
    expect(frame.locator("body")).to_contain_text("Orbit Song")
    live.show(playing(time.time(), item("Another")))
    page.wait_for_timeout(500)
    expect(frame.locator("body")).to_contain_text("Orbit Song")
    choose(page, "sample", "")
    expect(frame.locator("body")).to_contain_text("Another")


def test_the_preview_has_a_light_a_dark_or_a_photo_background(page: Page, live: Live) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{live.url}/")
    expect(page.locator('[name="wall"][value="light"]')).to_be_checked()
    expect(page.locator(SHOWN)).to_have_attribute("src", "widget")
    seen = {}
    for wall in ("dark", "photo", "light"):
        choose(page, "wall", wall)
        theme = "light" if wall == "light" else "dark"
        expect(page.locator(SHOWN)).to_have_attribute("src", f"widget?theme={theme}")
        assert page.locator(SHOWN).evaluate("(frame) => getComputedStyle(frame).colorScheme") == theme
        expect(page.locator("#preview")).to_have_class(re.compile(wall))
        seen[wall] = page.locator("#preview").evaluate("(node) => getComputedStyle(node).background")
    assert len(set(seen.values())) == 3
    assert "theme" not in snippet(page, "iframe")


def test_the_preview_is_live(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    frame = page.frame_locator(SHOWN)
    expect(frame.locator("body")).to_contain_text("Tides of Glass")
    page.wait_for_timeout(300)
    live.show(playing(time.time(), item("Another")))
    expect(frame.locator("body")).to_contain_text("Another")


def test_one_place_is_shown_at_a_time(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    places = page.locator("[data-snippet]")
    visible = [place for place in places.all() if place.is_visible()]
    assert [place.get_attribute("data-snippet") for place in visible] == ["script"]
    page.get_by_role("tab", name="README").click()
    expect(page.locator('[data-snippet="markdown"]')).to_be_visible()
    expect(page.locator('[data-snippet="script"]')).to_be_hidden()
    expect(page.get_by_role("tab", name="README")).to_have_attribute("aria-selected", "true")
    choose(page, "theme", "dark")
    expect(page.locator('[data-snippet="markdown"]')).to_contain_text("theme=dark")
    expect(page.get_by_text("Paste this into README.md.", exact=True)).to_be_visible()


def test_a_button_copies_its_snippet(page: Page, live: Live) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
    page.goto(f"{live.url}/")
    for tab, name in (("Iframe", "iframe"), ("WordPress", "wordpress"), ("JSON", "json")):
        page.get_by_role("tab", name=tab).click()
        button = page.locator(f'[data-copy="{name}"]')
        button.click()
        expect(button).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == snippet(page, name)


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def test_it_works_by_keyboard(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    page.focus('[name="theme"]:checked')
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("theme=light"))
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_attribute("name", "background")
    page.focus('[role="tab"][aria-selected="true"]')
    page.keyboard.press("ArrowRight")
    expect(focused(page)).to_have_text("Iframe")
    page.keyboard.press("End")
    expect(focused(page)).to_have_text("oEmbed")
    page.keyboard.press("ArrowRight")
    expect(focused(page)).to_have_text("Script tag")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Copy")


def test_the_order_of_the_keyboard_is_that_of_the_eye(page: Page, live: Live) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live.url}/")
    order = page.evaluate(
        """() => [...document.querySelectorAll("main input:not([type=hidden]), main select, main button")]
            .filter((node) => node.offsetParent && node.tabIndex >= 0)
            .map((node) => node.closest("section, form").className)"""
    )
    assert order == sorted(order, key=["stage", "look", "places"].index)


@pytest.mark.parametrize(("width", "height"), [(320, 640), (390, 844), (768, 1024), (1280, 800)])
def test_nothing_sticks_out_at_any_width(page: Page, live: Live, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for path in ("/?layout=cover&lang=de", "/?scale=3&width=900", "/?background=own&accent=zz", "/setup", "/nowhere"):
        page.goto(live.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 700)])
@pytest.mark.parametrize("query", ["", "?layout=cover", "?scale=3"])
def test_the_preview_stays_in_sight(page: Page, live: Live, width: int, height: int, query: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/{query}")
    page.locator("#radius").scroll_into_view_if_needed()
    page.evaluate(
        "scrollTo(0, document.querySelector('#radius').getBoundingClientRect().top + scrollY - innerHeight + 60)"
    )
    expect(page.locator("#preview")).to_be_in_viewport(ratio=0.9)
    expect(page.locator("#radius")).to_be_in_viewport()
    top = page.locator(".stage").evaluate("(stage) => stage.getBoundingClientRect().top")
    assert top >= -25


def test_without_javascript_the_snippets_stand_one_below_the_other_and_the_form_works(
    page_without_scripts: Page, live: Live
) -> None:
    page = page_without_scripts
    page.goto(f"{live.url}/")
    places = page.locator("[data-snippet]")
    assert places.count() == 11
    boxes = [place.bounding_box() for place in places.all()]
    tops = [box["y"] for box in boxes if box is not None]
    assert tops == sorted(tops)
    assert len(set(tops)) == 11
    assert page.locator(".tabs, .copy").first.is_hidden()
    choose(page, "theme", "dark")
    choose(page, "sample", "paused")
    open_more(page)
    page.fill("#accent", "zz")
    page.click("form [type=submit]")
    expect(page).to_have_url(re.compile("theme=dark"))
    assert "theme=dark" in snippet(page, "iframe")
    expect(page.get_by_text("Use a hex color, like 2E6F95.")).to_be_visible()
    expect(page.frame_locator(SHOWN).locator("body")).to_contain_text("Orbit Song")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/?accent=zz&background=own&wall=photo", "/setup", "/nowhere"])
def test_axe_finds_nothing(page: Page, live: Live, path: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(live.url + path)
    page.wait_for_timeout(300)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("width", [1200, 390, 320])
def test_every_state_of_the_preview_can_be_reached_at_any_width(page: Page, live: Live, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{live.url}/?sample=rtl")
    chips = page.locator(".states label")
    assert chips.count() == 8
    tops = set()
    for chip in chips.all():
        chip.evaluate("(chip) => chip.scrollIntoView({block: 'nearest', inline: 'nearest'})")
        box = chip.bounding_box()
        assert box is not None
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width + 1
        assert box["height"] >= 24  # https://www.w3.org/TR/WCAG22/#target-size-minimum
        tops.add(box["y"])
    if width < 600:
        assert len(tops) == 1  # One row that scrolls.
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


COPY_IS_HIT = """() => [...document.querySelectorAll("[data-copy], [data-copy-chosen]")].some((button) => {
    const { x, y, width, height } = button.getBoundingClientRect();
    return width > 0 && button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
})"""


@pytest.mark.parametrize(
    ("width", "height", "query"),
    [
        (1366, 650, ""),
        (1366, 650, "?layout=cover&idle=hide&background=own&accent=zz"),
        (1440, 900, "?scale=3"),
        (375, 667, ""),
        (375, 667, "?layout=cover&scale=2"),
    ],
)
def test_copy_can_be_pressed_at_every_scroll_offset(
    page: Page, live: Live, width: int, height: int, query: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/{query}")
    page.wait_for_function("document.documentElement.classList.contains('live')")
    end = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert end > 0
    hidden = []
    for offset in range(0, end + 40, 40):
        page.evaluate("(offset) => scrollTo(0, offset)", offset)
        if not page.evaluate(COPY_IS_HIT):
            hidden.append(offset)
    assert hidden == []


def test_on_a_phone_the_bar_copies_the_chosen_snippet_and_the_preview_takes_a_third(page: Page, live: Live) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
    page.set_viewport_size({"width": 375, "height": 667})
    page.goto(f"{live.url}/")
    page.get_by_role("tab", name="README").click()
    bar = page.get_by_role("button", name="Copy snippet")
    bar.click()
    expect(page.locator(".copybar button")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == snippet(page, "markdown")
    box = page.locator(".copybar").bounding_box()
    assert box is not None
    assert (box["height"], box["y"] + box["height"]) == (56, 667)
    preview = page.locator("#preview").bounding_box()
    assert preview is not None
    assert preview["height"] <= 667 / 3
    assert page.locator(".states").evaluate("(row) => row.getBoundingClientRect().bottom") < preview["height"]


@pytest.mark.parametrize(("width", "height"), [(1366, 650), (375, 667)])
@pytest.mark.parametrize("query", ["", "?layout=cover", "?scale=3", "?layout=cover&scale=2&width=300"])
def test_the_preview_is_the_widget_that_is_copied_to_scale(
    page: Page, live: Live, width: int, height: int, query: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/{query}")
    frame = page.locator(SHOWN)
    size = re.search(r'width="(\d+)" height="(\d+)"', snippet(page, "iframe"))
    assert size is not None
    expect(frame).to_have_attribute("width", size[1])
    expect(frame).to_have_attribute("height", size[2])
    seen, stage = frame.bounding_box(), page.locator("#preview").bounding_box()
    assert seen is not None
    assert stage is not None
    assert stage["x"] <= seen["x"]
    assert seen["x"] + seen["width"] <= stage["x"] + stage["width"] + 1
    assert seen["y"] + seen["height"] <= stage["y"] + stage["height"] + 1
    part = seen["width"] / int(size[1])
    assert part == pytest.approx(seen["height"] / int(size[2]), abs=0.01)
    if part < 0.995:
        expect(page.locator("#shown-at")).to_have_text(f"shown at {round(part * 100)} %")
    else:
        expect(page.locator("#shown-at")).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(320, 568), (375, 667), (430, 932), (800, 900), (1366, 650)])
@pytest.mark.parametrize("query", ["?layout=cover", "?layout=list", ""])
def test_no_control_lies_over_the_preview(page: Page, live: Live, width: int, height: int, query: str) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/{query}")
    page.wait_for_function("document.documentElement.classList.contains('live')")
    seen = page.locator(SHOWN).bounding_box()
    assert seen is not None
    for control in (page.locator(".walls"), page.locator("#shown-at")):
        box = control.bounding_box() if control.is_visible() else None
        across = box and min(seen["x"] + seen["width"], box["x"] + box["width"]) - max(seen["x"], box["x"])
        down = box and min(seen["y"] + seen["height"], box["y"] + box["height"]) - max(seen["y"], box["y"])
        assert not (across and down and across > 0 and down > 0), (seen, box)


@pytest.mark.parametrize("width", [320, 375, 800, 961, 1366])
def test_the_widget_of_each_preset_is_whole(page: Page, live: Live, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live.url}/")
    for tile in page.locator(".shrunk").all():
        outer, inner = tile.bounding_box(), tile.locator("iframe").bounding_box()
        assert outer is not None
        assert inner is not None
        assert outer["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"]
        assert outer["y"] <= inner["y"]
        assert inner["y"] + inner["height"] <= outer["y"] + outer["height"]


@pytest.mark.parametrize("width", [1024, 1440, 1920, 2560])
def test_header_and_content_stand_in_the_middle_and_share_their_edges(page: Page, live: Live, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1080})
    page.goto(f"{live.url}/")
    edges = page.evaluate("""() => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const right = document.documentElement.clientWidth;
      return [box("h1").left, right - box(".status").right, box(".look").left, right - box(".backdrop").right];
    }""")
    assert edges == pytest.approx([edges[0]] * 4, abs=1)


@pytest.mark.parametrize("look", ["Vivid", "Glass", "Mono", "Poster", "Minimal", "Default"])
def test_a_preset_takes_one_click(page: Page, live: Live, look: str) -> None:
    page.goto(f"{live.url}/?theme=dark&accent=ff0055&scale=2&font=serif")
    link = page.get_by_role("link", name=look, exact=True)
    query = link.get_attribute("data-preset") or ""
    link.click()
    expect(link).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-preset][aria-current]")).to_have_count(1)
    expect(page).to_have_url(f"{live.url}/" + (f"?{query}" if query else ""))
    expect(page.locator(SHOWN)).to_have_attribute("src", "widget" + (f"?{query}" if query else ""))


def test_the_keyboard_reaches_the_snippet_first(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Skip to the snippet")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(focused(page)).to_have_text("Script tag")


@pytest.mark.parametrize("width", [375, 1366])
@pytest.mark.parametrize("state", ["", "paused", "rtl"])
def test_the_chosen_state_is_in_sight(page: Page, live: Live, width: int, state: str) -> None:
    page.set_viewport_size({"width": width, "height": 667})
    page.goto(f"{live.url}/?sample={state}")
    page.wait_for_function("document.documentElement.classList.contains('live')")
    box = page.locator(f'label:has([name="sample"][value="{state}"])').bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


@pytest.mark.parametrize(("width", "height"), [(375, 667), (1366, 650)])
def test_what_has_the_focus_is_in_sight_in_both_directions(page: Page, live: Live, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/?scale=1.5")  # With more options open.
    page.wait_for_function("document.documentElement.classList.contains('live')")
    hidden = []
    for key in ("Tab", "Shift+Tab"):
        page.locator("h1").click() if key == "Tab" else page.locator("[data-copy]:visible").first.focus()
        for _ in range(28):
            page.keyboard.press(key)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            hidden += page.evaluate(COVERED)
    assert hidden == []


def test_in_forced_colors_tiles_and_stage_keep_an_edge(page: Page, live: Live) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"{live.url}/")
    for selector in ("#preview", ".preset >> nth=1", ".tile > span >> nth=1", ".code >> nth=0", ".hint"):
        assert page.locator(selector).evaluate("(node) => getComputedStyle(node).borderTopWidth") != "0px", selector
    page.emulate_media(forced_colors="none")
