"""``/now`` in a real browser, and as published consumers read its tags."""

import json
import subprocess
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.npm import FOLDER, bundles
from tests.support.web_harness import HEBREW, JAPANESE, LONG, item, playing
from widget.model.playback import PlayedItem

CUT = "(node) => node.scrollHeight > node.clientHeight || node.scrollWidth > node.clientWidth"
SAMPLES = ("playing", "paused", "last", "nothing", "ad", "long", "rtl")


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize(("width", "height"), [(320, 480), (375, 812), (1366, 768), (3840, 2160)])
def test_everything_is_in_sight_from_a_phone_to_a_television(
    page: Page, live: Live, sample: str, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/now?sample={sample}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    title = page.locator(".title").first
    expect(title).to_be_visible()
    assert 40 <= title.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)") <= 64
    icon = page.locator(".icon").first.bounding_box()
    assert icon is not None
    assert icon["width"] >= 24
    artwork = page.locator(".artwork").first
    if artwork.is_visible():
        box = artwork.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"], abs=1)
        assert box["width"] <= 0.6 * min(width, height) + 1


@pytest.mark.parametrize("sample", ["playing", "long", "rtl", "ad"])
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_on_the_smallest_phone_nothing_that_plays_is_below_the_window(
    page: Page, live: Live, sample: str, lang: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 480})
    page.goto(f"{live.url}/now?sample={sample}&lang={lang}")
    icon = page.locator(".compact .icon").bounding_box()
    assert icon is not None
    assert icon["y"] + icon["height"] <= 480
    assert icon["x"] + icon["width"] / 2 == pytest.approx(160, abs=1)
    cover = page.locator(".compact .artwork").bounding_box()
    assert cover is not None
    assert cover["width"] >= 112
    assert cover["x"] + cover["width"] / 2 == pytest.approx(160, abs=1)


def test_in_portrait_cover_words_and_rows_begin_at_one_edge(page: Page, live: Live) -> None:
    now = time.time()
    live.show(playing(now, recent=(PlayedItem(item("Another"), now - 900),)))
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto(f"{live.url}/now?lang=en")
    left = "(selector) => document.querySelector(selector).getBoundingClientRect().left"
    edges = [page.evaluate(left, selector) for selector in (".compact .artwork", ".compact .title", ".row .artwork")]
    assert edges == pytest.approx([edges[0]] * 3, abs=0.6)


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (320, 480),
        (375, 812),
        (768, 1024),
        (1280, 720),
        (1366, 768),
        (1920, 1080),
        (2048, 1150),
        (3440, 1440),
        (3840, 2160),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_earlier_covers_have_room_for_their_titles(page: Page, live: Live, width: int, height: int, lang: str) -> None:
    now = time.time()
    before = [
        item(title) for title in ("Letters from the North Sea", "चिट्ठी जो तुमने लिखी थी", "باب الياسمين في آخر الليل")
    ]
    before += [HEBREW, LONG, JAPANESE] + [item(f"Kitchen Demo {number}") for number in range(4)]
    live.show(playing(now, recent=tuple(PlayedItem(what, now - 900 - 300 * row) for row, what in enumerate(before))))
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{live.url}/now?lang={lang}")
    titles = page.locator(".row .title")
    expect(titles).to_have_count(10)
    cut = f"(all) => all.filter({CUT}).map((node) => node.textContent)"
    assert set(titles.evaluate_all(cut)) <= {LONG.title, JAPANESE.title}
    assert titles.nth(4).get_attribute("title") == LONG.title
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width > height:
        assert page.evaluate("document.documentElement.scrollHeight") <= height


def test_the_mark_of_explicit_items_is_as_high_as_the_artists(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/now?sample=long")
    mark = page.locator(".compact .explicit").bounding_box()
    assert mark is not None
    size = page.locator(".compact .byline").evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")
    assert mark["height"] == pytest.approx(size, rel=0.1)


def test_an_album_that_is_cut_can_be_read_whole(page: Page, live: Live) -> None:
    page.set_viewport_size({"width": 320, "height": 480})
    page.goto(f"{live.url}/now")
    expect(page.locator(".album")).to_have_attribute("title", "Low Water")
    live.show(playing(time.time(), item("Another")))
    expect(page.locator(".title").first).to_have_text("Another")
    expect(page.locator(".album")).to_have_attribute("title", page.locator(".album").inner_text())
    assert page.locator(".album").get_attribute("title")


@pytest.mark.parametrize(("query", "cursor"), [("?ambient=1", "none"), ("", "pointer")])
def test_ambient_hides_the_cursor_over_links_too(page: Page, live: Live, query: str, cursor: str) -> None:
    page.goto(f"{live.url}/now{query}")
    assert page.locator(".compact").evaluate("(node) => getComputedStyle(node).cursor") == cursor


def test_it_is_live(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/now")
    expect(page.locator(".title").first).to_have_text("Tides of Glass")
    live.show(playing(time.time(), item("Another")))
    expect(page.locator(".title").first).to_have_text("Another")
    expect(page).to_have_title("Now playing – Another – Mara Lindqvist")


def test_without_javascript_it_is_right(page_without_scripts: Page, live: Live) -> None:
    page_without_scripts.goto(f"{live.url}/now")
    expect(page_without_scripts.locator(".title").first).to_have_text("Tides of Glass")
    expect(page_without_scripts.locator(".artwork img").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_axe_finds_nothing(page: Page, live: Live, sample: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{live.url}/now?sample={sample}")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_ambient_asks_the_browser_to_keep_the_screen_on(page: Page, live: Live) -> None:
    page.add_init_script(
        "window.held = []; Object.defineProperty(navigator, 'wakeLock', "
        "{value: {request: async (kind) => window.held.push(kind)}});"
    )
    page.goto(f"{live.url}/now?ambient=1")
    page.wait_for_function("window.held.length === 1")
    assert page.evaluate("window.held") == ["screen"]
    assert page.evaluate("getComputedStyle(document.body).cursor") == "none"


def test_published_consumers_read_its_tags(live: Live) -> None:
    bundles()
    command = ["node", "unfurl.mjs", f"{live.url}/now"]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    assert set(found) == {"open-graph-scraper", "metascraper", "unfurl"}
    for read in found.values():
        assert read["title"] == "Tides of Glass"
        assert read["description"] == "Now playing – Mara Lindqvist"
        assert read["url"] == f"{live.url}/now"
        assert read["image"] == f"{live.url}/now-playing.png"
    for name in ("open-graph-scraper", "unfurl"):
        assert (found[name]["width"], found[name]["height"]) == (1200, 630)
        assert found[name]["card"] == "summary_large_image"
