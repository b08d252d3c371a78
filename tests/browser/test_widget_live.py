"""The widget page in a real browser: live, quiet, small, and usable by everybody."""

import re
import time
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Response, expect

from tests.browser.conftest import Live
from tests.support.host_page import host_page
from tests.support.live_server import free_port, live_server
from tests.support.showing import (
    ARABIC,
    EPISODE,
    LOCAL,
    LONG,
    MARKUP,
    Showing,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from widget.clock import SystemClock
from widget.settings import Settings
from widget.snapshot import Problem, Snapshot

SERIOUS = {"serious", "critical"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def state(page: Page) -> str | None:
    return page.locator("main").get_attribute("data-state")


def test_each_change_shows_without_a_reload(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    title, byline, label = page.locator(".title a"), page.locator(".byline"), page.locator(".label")
    expect(title).to_have_text("Tides of Glass")
    live.show(playing(time.time(), LONG))
    expect(title).to_have_text(LONG.title)
    expect(title).to_have_attribute("title", LONG.title)
    expect(byline).to_have_text("Parallel Weather, Ines Okafor, The Signal Boxes, Everybody at the Station")
    expect(page.locator(".explicit")).to_be_visible()
    live.show(playing(time.time(), EPISODE))
    expect(byline).to_have_text("The Long Way Round")
    expect(page.locator(".explicit")).to_be_hidden()
    live.show(playing(time.time(), LOCAL))
    expect(page.locator(".art img")).to_be_hidden()
    expect(page.locator(".spotify")).to_have_attribute("href", "https://open.spotify.com/")
    live.show(paused(time.time()))
    expect(label).to_have_text("Paused")
    expect(page.locator(".bars")).to_be_hidden()
    live.show(advertisement(time.time()))
    expect(label).to_have_text("Advertisement")
    expect(page.locator(".progress")).to_be_hidden()
    live.show(idle(time.time(), item()))
    expect(label).to_have_text("Last played")
    live.show(Snapshot(None, Problem("forbidden", "An owner's matter.")))
    expect(label).to_have_text("Nothing playing")
    expect(page.locator("body")).not_to_contain_text("owner")


def test_what_is_shown_is_text_and_never_markup(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), MARKUP))
    expect(page.locator(".title a")).to_have_text(MARKUP.title)
    expect(page.locator(".byline")).to_have_text("<script>alert(1)</script>")
    assert page.locator(".title b").count() == 0


def test_a_link_that_is_none_is_left_out(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), item("Odd", url="javascript:alert(1)")))
    expect(page.locator(".title a")).to_have_text("Odd")
    assert page.locator(".title a").get_attribute("href") is None


def test_changes_are_announced_politely_and_progress_is_not(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    announce = page.locator("[aria-live=polite]")
    expect(announce).to_have_text("")
    page.wait_for_timeout(1500)
    expect(announce).to_have_text("")
    live.show(playing(time.time(), item("Another")))
    expect(announce).to_have_text("Now playing – Another – Mara Lindqvist")


def test_the_progress_moves_without_asking_the_server(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    page.wait_for_timeout(800)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    look = "[performance.now(), document.querySelector('.progress b').getBoundingClientRect().width]"
    first, before = page.evaluate(look)
    page.wait_for_timeout(2500)
    second, after = page.evaluate(look)
    track = page.evaluate("document.querySelector('.progress').getBoundingClientRect().width")
    assert after - before == pytest.approx(track * (second - first) / 214_000, rel=0.2)
    assert asked == []


def test_it_needs_three_requests_and_no_third_party(page: Page, live: Live) -> None:
    asked: list[Request] = []
    sizes: list[int] = []

    def weigh(response: Response) -> None:
        if "/artwork/" not in response.url and "events" not in response.url:
            sizes.append(int(response.headers["content-length"]))

    page.on("request", lambda request: asked.append(request))
    page.on("response", weigh)
    page.goto(f"{live.url}/widget")
    page.wait_for_timeout(1000)
    urls = [request.url for request in asked if not request.url.startswith("data:")]
    assert all(url.startswith(live.url) for url in urls)
    assert len([url for url in urls if "/artwork/" not in url]) <= 3
    assert len([url for url in urls if "/artwork/" in url]) == 1
    assert sum(sizes) < 14 * 1024


def test_without_javascript_it_shows_what_plays(page_without_scripts: Page, live: Live) -> None:
    page_without_scripts.goto(f"{live.url}/widget")
    expect(page_without_scripts.locator(".title a")).to_have_text("Tides of Glass")
    expect(page_without_scripts.locator(".art img")).to_be_visible()


def test_where_streams_are_refused_it_polls(page: Page) -> None:
    showing = Showing(SystemClock(), Settings(max_streams=1)).show(playing(time.time()))
    showing.broadcast.streams = 1  # Somebody else has the only one.
    with live_server(showing.app) as url:
        page.goto(f"{url}/widget")
        page.wait_for_timeout(500)
        showing.show(playing(time.time(), item("By polling")))
        expect(page.locator(".title a")).to_have_text("By polling", timeout=20_000)


def test_it_recovers_when_the_server_comes_back(page: Page) -> None:
    clock, port = SystemClock(), free_port()
    with live_server(Showing(clock).show(playing(time.time())).app, port=port) as url:
        page.goto(f"{url}/widget")
        expect(page.locator(".title a")).to_have_text("Tides of Glass")
        page.wait_for_timeout(500)
    page.wait_for_timeout(1500)
    expect(page.locator(".title a")).to_have_text("Tides of Glass")
    with live_server(Showing(clock).show(playing(time.time(), item("Back again"))).app, port=port):
        expect(page.locator(".title a")).to_have_text("Back again", timeout=30_000)


def test_a_hidden_tab_keeps_no_stream(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    expect(page.locator(".title a")).to_have_text("Tides of Glass")
    wait_for_streams(live, 1)
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_streams(live, 0)
    live.show(playing(time.time(), item("Meanwhile")))
    page.evaluate(hide % "false")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".title a")).to_have_text("Meanwhile")


def wait_for_streams(live: Live, count: int) -> None:
    end = time.monotonic() + 5
    while live.showing.broadcast.streams != count and time.monotonic() < end:
        time.sleep(0.05)
    assert live.showing.broadcast.streams == count


@pytest.mark.parametrize("query", ["?motion=off", ""])
def test_what_moves_for_ever_stops_where_it_is_not_wanted(page: Page, live: Live, query: str) -> None:
    if not query:
        page.emulate_media(reduced_motion="reduce")
    page.goto(f"{live.url}/widget{query}")
    expect(page.locator(".bars")).to_be_visible()
    names = page.evaluate("document.getAnimations().map((a) => a.animationName)")
    assert names == ["go"]


@pytest.mark.parametrize("layout", ["card", "compact", "cover"])
@pytest.mark.parametrize("width", [200, 280, 320, 420, 600])
def test_nothing_sticks_out_at_any_width(page: Page, live: Live, layout: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 500})
    for what in (LONG, ARABIC, item("Unbroken" * 30, ("Nobody" * 40,))):
        live.show(playing(time.time(), what))
        page.goto(f"{live.url}/widget?layout={layout}")
        expect(page.locator(".title a")).to_have_text(what.title)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.evaluate(
            """() => {
                const card = document.querySelector('main').getBoundingClientRect();
                return [...document.querySelectorAll('main .art, main .title, main .foot, main .source')]
                    .filter((node) => node.offsetParent)
                    .map((node) => node.getBoundingClientRect())
                    .filter((box) => box.bottom > card.bottom + 0.5 || box.right > card.right + 0.5).length;
            }"""
        )
        assert outside == 0


@pytest.mark.parametrize(("layout", "height"), [("card", 140), ("compact", 48), ("cover", 448)])
def test_the_heights_are_those_of_the_snippets(page: Page, live: Live, layout: str, height: int) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    for snapshot in (playing(time.time(), LONG), idle(time.time()), paused(time.time()), advertisement(time.time())):
        live.show(snapshot)
        page.goto(f"{live.url}/widget?layout={layout}")
        assert page.locator("main").evaluate("(main) => main.getBoundingClientRect().height") == height


def test_the_artwork_is_whole(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    fit = page.locator(".art img").evaluate("(image) => getComputedStyle(image).objectFit")
    assert fit == "contain"
    assert page.locator(".art").evaluate("(art) => getComputedStyle(art).borderRadius") == "4px"


def test_the_keyboard_reaches_the_links_and_sees_where_it_is(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    focused = []
    for _ in range(2):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert focused == ["Tides of Glass", "Listen on Spotify"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("layout", ["card", "compact", "cover"])
def test_axe_finds_nothing_serious(page: Page, live: Live, theme: str, layout: str) -> None:
    for snapshot in (playing(time.time(), LONG), idle(time.time(), ARABIC), idle(time.time())):
        live.show(snapshot)
        page.goto(f"{live.url}/widget?theme={theme}&layout={layout}&accent=ffee00")
        page.wait_for_timeout(200)
        found = Axe().run(page).response["violations"]
        assert [violation["id"] for violation in found if violation["impact"] in SERIOUS] == []


@pytest.fixture
def framed(page: Page, live: Live) -> Iterator[Page]:
    """The widget on somebody else's page, sandboxed."""
    sandbox = 'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox"'
    with host_page(f'<iframe {sandbox} src="{live.url}/widget" width="420" height="140"></iframe>') as url:
        page.goto(url)
        yield page


def test_in_a_sandboxed_iframe_of_another_origin_it_is_live_too(framed: Page, live: Live) -> None:
    frame = framed.frame_locator("iframe")
    expect(frame.locator(".title a")).to_have_text("Tides of Glass")
    framed.wait_for_timeout(500)
    live.show(playing(time.time(), item("In a sandbox")))
    expect(frame.locator(".title a")).to_have_text("In a sandbox")


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
@pytest.mark.parametrize("ground", ["#ff00ff", "#003300"])
def test_without_a_background_the_host_page_shines_through(page: Page, live: Live, theme: str, ground: str) -> None:
    scheme = "dark" if theme == "dark" else "light"
    live.show(idle(time.time()))
    source = f"{live.url}/widget?background=none&amp;theme={theme}"
    html = (
        f'<body style="margin:0;background:{ground};color-scheme:light dark">'
        f'<iframe src="{source}" width="420" height="140" style="border:0;display:block;color-scheme:{scheme}">'
    )
    with host_page(html) as url:
        for system in SCHEMES:
            page.emulate_media(color_scheme=system)
            page.goto(url)
            page.wait_for_timeout(300)
            shot = page.screenshot(clip={"x": 300, "y": 4, "width": 1, "height": 1})
            assert pixel(page, shot) == ground


def pixel(page: Page, png: bytes) -> str:
    """The colour of a picture's first pixel."""
    script = """async (bytes) => {
        const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)], {type: 'image/png'}));
        const canvas = new OffscreenCanvas(1, 1).getContext('2d');
        canvas.drawImage(bitmap, 0, 0);
        return '#' + [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map((value) => value.toString(16).padStart(2, '0')).join('');
    }"""
    return str(page.evaluate(script, list(png)))


def test_the_title_of_the_page_follows(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), item("Another")))
    expect(page).to_have_title(re.compile("Another"))
