"""The widget page in a real browser: live, accurate and accessible."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.conftest import Live
from tests.support.browser import stop_clock
from tests.support.host_page import host_page
from tests.support.live_server import free_port, live_server
from tests.support.web_harness import (
    ARABIC,
    EPISODE,
    LOCAL,
    LONG,
    MARKUP,
    WebHarness,
    advertisement,
    artwork,
    idle,
    item,
    paused,
    playing,
)
from widget.artwork.dominant_color import ArtworkColors
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.model.playback import PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import SourceInfo

COVERED = "document.querySelector('.artwork img')?.naturalWidth > 0"


def eventually(page: Page, expression: str) -> None:
    """Wait for ``expression`` to be true; the page's policy forbids Playwright's own way."""
    for _ in range(300):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    assert page.evaluate(expression)


def title(page: Page) -> Locator:
    return page.locator("[data-state] .title")


def card(page: Page) -> Locator:
    return page.locator("[data-state]")


def test_each_change_shows_without_a_reload(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    artists, label = page.locator(".artists"), page.locator(".label")
    expect(title(page)).to_have_text("Tides of Glass")
    live.show(playing(time.time(), LONG))
    expect(title(page)).to_have_text(LONG.title)
    expect(title(page)).to_have_attribute("title", LONG.title)
    expect(artists).to_have_text("Parallel Weather, Ines Okafor, The Signal Boxes, Everybody at the Station")
    expect(page.locator(".explicit")).to_be_visible()
    live.show(playing(time.time(), EPISODE))
    expect(artists).to_have_text("The Long Way Round")
    expect(page.locator(".explicit")).to_be_hidden()
    live.show(playing(time.time(), LOCAL))
    expect(page.locator(".artwork img")).to_have_count(0)
    expect(page.locator(".artwork svg")).to_be_visible()
    expect(card(page)).to_have_attribute("href", "https://open.spotify.com/")
    live.show(paused(time.time()))
    expect(label).to_have_text("Paused")
    expect(page.locator(".artwork svg")).to_be_hidden()
    live.show(playing(time.time(), ARABIC))
    expect(title(page)).to_have_class("title tall")
    live.show(advertisement(time.time()))
    expect(label).to_have_text("Back after the break")
    expect(title(page)).to_have_text("Tides of Glass")
    live.show(replace(advertisement(time.time()), last_played=None))
    expect(title(page)).to_have_text("Advertisement")
    expect(page.locator(".foot")).to_be_hidden()
    live.show(idle(time.time(), item()))
    expect(label).to_have_text("Last played")
    expect(page.locator(".bars")).to_be_hidden()
    live.show(Snapshot(None, SourceProblem("forbidden", "An owner's matter.")))
    expect(title(page)).to_have_text("Nothing playing")
    expect(page.locator("body")).not_to_contain_text("owner")


def test_the_script_and_the_server_make_the_same_page(page: Page, live: Live) -> None:
    """What arrives by an event looks as if the page had been loaded anew."""
    now = time.time()
    for snapshot in (
        paused(now, LONG),
        idle(now, ARABIC),
        advertisement(now),
        idle(now),
        paused(now, LOCAL),
        replace(paused(now), playback=None, problem=SourceProblem("forbidden", "")),
    ):
        live.show(playing(now, EPISODE))
        page.goto(f"{live.url}/widget?lang=de")
        expect(title(page)).to_have_text(EPISODE.title)
        eventually(page, COVERED)
        live.show(snapshot)
        expect(title(page)).not_to_have_text(EPISODE.title)
        loaded = page.context.new_page()
        loaded.goto(f"{live.url}/widget?lang=de")
        for _ in range(100):  # Words and cover may still be on their way.
            if shape(page) == shape(loaded):
                break
            page.wait_for_timeout(50)
        assert shape(page) == shape(loaded)
        loaded.close()


def shape(page: Page) -> list[str]:
    """Return the visible elements of the card with the attributes that matter, in any order."""
    html = page.evaluate("document.querySelector('[data-state]').outerHTML")
    kept = re.compile(r"(class|href|title|aria-label|data-state|data-line|hidden|src|dir)(?:=\"([^\"]*)\")?")
    elements = re.findall(r"<(\w+)([^>]*)>([^<]*)", html)
    hidden = [f"{name} {sorted(kept.findall(attributes))} {text.strip()}" for name, attributes, text in elements]
    return [element for element in hidden if "('hidden', '')" not in element]


def test_what_is_shown_is_text_and_never_markup(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), MARKUP))
    expect(title(page)).to_have_text(MARKUP.title)
    expect(page.locator(".artists")).to_have_text("<script>alert(1)</script>")
    assert page.locator(".title b").count() == 0


def test_a_link_that_is_none_leads_to_the_source(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), item("Odd", url="javascript:alert(1)")))
    expect(title(page)).to_have_text("Odd")
    expect(card(page)).to_have_attribute("href", "https://open.spotify.com/")


def test_changes_are_announced_politely_and_progress_is_not(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    announce = page.locator("[aria-live=polite]")
    expect(announce).to_have_text("")
    page.wait_for_timeout(1500)
    expect(announce).to_have_text("")
    live.show(playing(time.time(), item("Another")))
    expect(announce).to_have_text("Now playing – Another – Mara Lindqvist")
    expect(page).to_have_title("Now playing – Another – Mara Lindqvist")


def test_line_and_times_move_without_a_request(quiet: Page) -> None:
    requested: list[str] = []
    quiet.on("request", lambda request: requested.append(request.url))
    look = """() => {
        const [line, fill] = ['.line', '.line i'].map((name) => document.querySelector(name).getBoundingClientRect());
        const [minutes, seconds] = document.querySelector('time').textContent.split(':');
        return [(fill.right - line.left) / line.width, 60 * minutes + 1 * seconds];
    }"""
    before, clock = quiet.evaluate(look)
    quiet.clock.run_for(8_000)
    after, later = quiet.evaluate(look)
    assert after - before == pytest.approx(8 / 214, abs=0.6 / 214)
    assert later - clock in (7, 8)
    assert later == pytest.approx(214 * after, abs=1.1)
    assert requested == []


def test_it_needs_three_requests_and_no_third_party(page: Page, live: Live) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(f"{live.url}/widget")
    page.wait_for_timeout(1000)
    urls = [request.url for request in asked if not request.url.startswith("data:")]
    assert all(url.startswith(live.url) for url in urls)
    assert len([url for url in urls if "/artwork/" not in url]) <= 3
    assert len([url for url in urls if "/artwork/" in url]) == 1


def test_without_javascript_it_shows_what_plays(page_without_scripts: Page, live: Live) -> None:
    page_without_scripts.goto(f"{live.url}/widget")
    expect(title(page_without_scripts)).to_have_text("Tides of Glass")
    expect(page_without_scripts.locator(".artwork img")).to_be_visible()


# ---- A new song ---------------------------------------------------------------------------------------


SILENT = """window.EventSource = class extends EventTarget {
    static CLOSED = 2;
    static opened = [];
    readyState = 1;
    constructor(url) { super(); this.constructor.opened.push(this); }
    close() { this.readyState = 2; }
    say(name, data) { this.dispatchEvent(new MessageEvent(name, {data})); }
};"""

WATCH = """() => {
    const [cover, words] = ['.artwork', '[data-state] .title'].map((name) => document.querySelector(name));
    window.seen = [];
    const look = () => window.seen.push([cover.querySelector('img')?.getAttribute('src') ?? '', words.textContent]);
    const everything = {subtree: true, childList: true, characterData: true};
    new MutationObserver(look).observe(document.querySelector('main'), everything);
}"""


def test_cover_and_title_change_together_once_the_cover_is_there(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    eventually(page, COVERED)
    page.evaluate(WATCH)
    old = page.locator(".artwork img").get_attribute("src")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(250)
        route.continue_()

    page.route("**/artwork/**", slowly)
    live.show(playing(time.time(), item("After the rain", artwork=artwork("lantern"))))
    expect(title(page)).to_have_text("After the rain")
    new = page.locator(".artwork img").get_attribute("src")
    assert new != old
    assert page.locator(".artwork img").evaluate("(image) => image.complete && image.naturalWidth > 0")
    # Of the pairs that could be painted (the last of each task) none is the old cover beside the new title.
    assert page.evaluate("window.seen").pop() == [new, "After the rain"]
    assert [old, "After the rain"] not in page.evaluate("window.seen")


def test_a_cover_that_does_not_come_keeps_the_title_waiting_for_600_ms_at_most(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    eventually(page, COVERED)
    held: list[Route] = []
    page.route("**/artwork/**", lambda route: held.append(route))
    before = time.monotonic()
    live.show(playing(time.time(), item("Slow", artwork=artwork("lantern"))))
    expect(title(page)).to_have_text("Slow", timeout=2000)
    assert time.monotonic() - before > 0.5
    expect(page.locator(".artwork img")).to_have_count(0)
    expect(page.locator(".artwork svg")).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.locator(".artwork img")).to_be_visible()


def test_the_ground_follows_the_artwork_s_color(page: Page, live: Live) -> None:
    what = item("Colored", artwork=artwork("orbit"))
    live.harness.artwork.set_colors(live.harness.artwork.key(what) or "", ArtworkColors("#ff5a00"))
    page.goto(f"{live.url}/widget?theme=light")
    page.wait_for_timeout(300)
    ground = "getComputedStyle(document.querySelector('.widget')).backgroundColor"
    before = page.evaluate(ground)
    live.show(playing(time.time(), what))
    expect(title(page)).to_have_text("Colored")
    eventually(page, f"{ground}.startsWith('oklch(0.94 ')")
    assert page.evaluate(ground) != before
    live.show(playing(time.time(), LOCAL))
    eventually(page, f"{ground} === 'rgb(255, 255, 255)'")


def test_words_and_ground_change_their_colors_together(page: Page, live: Live) -> None:
    what = item("Colored", artwork=artwork("orbit"))
    live.harness.artwork.set_colors(live.harness.artwork.key(what) or "", ArtworkColors("#ff5a00"))
    page.goto(f"{live.url}/widget?theme=dark")
    page.wait_for_timeout(300)
    page.evaluate("""() => {
        window.moved = new Set();
        document.addEventListener("transitionrun", ({propertyName}) => moved.add(propertyName));
    }""")
    live.show(playing(time.time(), what))
    expect(title(page)).to_have_text("Colored")
    eventually(
        page, "['background-color', '--text', '--muted', '--accent', '--track'].every((name) => moved.has(name))"
    )


def test_a_list_follows_what_was_played(page: Page, live: Live) -> None:
    now = time.time()
    page.goto(f"{live.url}/widget?layout=list")
    expect(page.locator(".row")).to_have_count(0)
    rows = (PlayedItem(LONG, now - 660), PlayedItem(LOCAL, now - 7300))
    live.show(playing(now, recent=rows))
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(".row .ago")).to_have_text(["11 min", "2 h"])
    live.show(playing(now, item("Next"), recent=(PlayedItem(item(), now - 60), *rows)))
    expect(page.locator(".row .title")).to_have_text(["Tides of Glass", LONG.title, LOCAL.title])
    expect(title(page)).to_have_text("Next")


# ---- An honest end ------------------------------------------------------------------------------------


def ending(live: Live, page: Page, query: str) -> None:
    """The page with a song that has two seconds to go, and a server that answers nothing any more."""
    live.show(playing(time.time(), progress_ms=212_000))
    page.goto(f"{live.url}/widget{query}")
    expect(page.locator("time").first).not_to_have_text("3:32", timeout=3000)
    page.route("**/now-playing**", lambda route: route.abort())


@pytest.mark.parametrize(
    ("query", "shown"), [("", "Last played"), ("?idle=message", "Nothing playing"), ("?idle=hide", "")]
)
def test_without_an_answer_what_has_ended_is_last_played_and_nothing_moves(
    page: Page, live: Live, query: str, shown: str
) -> None:
    ending(live, page, query)
    expect(card(page)).not_to_have_attribute("data-state", "playing", timeout=9000)
    expect(page.locator("main")).to_contain_text(shown)
    assert "Now playing" not in page.title()
    expect(page.locator(".announce")).not_to_contain_text("Now playing")
    page.wait_for_timeout(400)  # The words come softly.
    assert page.evaluate("document.getAnimations().filter((a) => a.playState === 'running').length") == 0
    if not query:
        expect(title(page)).to_have_text("Tides of Glass")
        expect(page.locator(".line")).to_be_hidden()
    if query == "?idle=hide":
        expect(page.locator("main")).to_be_hidden()


def test_at_the_end_it_asks_once(page: Page, live: Live) -> None:
    live.show(playing(time.time(), progress_ms=211_000))
    page.add_init_script(SILENT)
    page.goto(f"{live.url}/widget")
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        live.harness.show(idle(time.time(), item("What played before")))
        route.continue_()

    page.route("**/now-playing", answer)
    expect(title(page)).to_have_text("What played before", timeout=9_000)
    expect(page.locator(".label")).to_have_text("Last played")
    assert len(asked) == 1


def test_a_source_without_progress_ends_when_its_word_ends(page: Page) -> None:
    clock = SystemClock()
    harness = WebHarness(clock, source=SourceInfo("inlet", "Listening", None))
    harness.show(playing(clock.now(), progress_ms=None, valid_until=clock.now() + 1))
    with live_server(harness.app) as url:
        page.goto(f"{url}/widget")
        expect(page.locator(".label")).to_have_text("Now playing")
        page.route("**/now-playing**", lambda route: route.abort())
        expect(page.locator(".label")).to_have_text("Last played", timeout=8000)
        assert card(page).get_attribute("href") is not None


# ---- The stream ---------------------------------------------------------------------------------------


def test_where_streams_are_refused_it_polls(page: Page) -> None:
    harness = WebHarness(SystemClock(), Settings(max_streams=1)).show(playing(time.time()))
    harness.broadcast.streams = 1  # Somebody else has the only one.
    with live_server(harness.app) as url:
        page.goto(f"{url}/widget")
        page.wait_for_timeout(500)
        harness.show(playing(time.time(), item("By polling")))
        expect(title(page)).to_have_text("By polling", timeout=20_000)


def test_polling_past_a_cache_that_repeats_itself_is_right_within_a_second_and_ends(
    clock_page: Page, live: Live
) -> None:
    """A proxy gives out its first response for ever, and the visitor's clock is an hour late."""
    page = clock_page
    now = time.time()
    live.show(playing(now, item(duration_ms=150_000), 61_000))
    copy = httpx.get(f"{live.url}/now-playing").text
    page.route("**/now-playing/events", lambda route: route.fulfill(status=503))
    page.route("**/now-playing", lambda route: route.fulfill(body=copy, content_type="application/json"))
    page.add_init_script("""const real = fetch; window.asked = [];
      window.fetch = (url, init) => { if (init) asked.push(init.cache); return real(url, init); };""")
    stop_clock(page, now - 3600)
    page.goto(f"{live.url}/widget")
    for _ in range(12):
        page.clock.run_for(5_000)
        page.evaluate("fetch('healthz')")  # Responses come in between.
    asked = page.evaluate("asked")
    assert len(asked) >= 4
    assert set(asked) == {"no-store"}
    minutes, seconds = page.locator("time").first.inner_text().split(":")
    assert int(minutes) * 60 + int(seconds) == pytest.approx(61 + 60, abs=1)
    for _ in range(8):
        page.clock.run_for(5_000)
        page.evaluate("fetch('healthz')")
    expect(page.locator(".label")).to_have_text("Last played")
    expect(title(page)).to_have_text("Tides of Glass")


@pytest.fixture
def quiet(clock_page: Page, live: Live) -> Page:
    """The page with a stream that opens and sends nothing by itself, and a stopped clock."""
    clock_page.add_init_script(SILENT)
    stop_clock(clock_page, time.time())
    clock_page.goto(f"{live.url}/widget")
    eventually(clock_page, "EventSource.opened.length === 1")
    return clock_page


def open_streams(page: Page) -> int:
    return int(page.evaluate("EventSource.opened.filter((one) => one.readyState < 2).length"))


def test_a_stream_that_says_nothing_within_ten_seconds_is_closed_and_polling_takes_over(quiet: Page) -> None:
    asked: list[str] = []
    quiet.on("request", lambda request: asked.append(request.url))
    quiet.clock.run_for(9_500)
    assert open_streams(quiet) == 1
    with quiet.expect_response("**/now-playing"):
        quiet.clock.run_for(1_000)
    assert open_streams(quiet) == 0
    with quiet.expect_response("**/now-playing"):
        quiet.clock.run_for(10_500)
    for _ in range(200):  # Some minutes later a stream is tried again, after a poll that takes real time.
        if int(quiet.evaluate("EventSource.opened.length")) > 1:
            break
        quiet.clock.run_for(10_000)
        quiet.wait_for_timeout(30)
    assert int(quiet.evaluate("EventSource.opened.length")) > 1


def test_a_heartbeat_keeps_a_stream_for_forty_seconds_and_no_longer(quiet: Page) -> None:
    quiet.clock.run_for(9_000)
    quiet.evaluate("EventSource.opened[0].say('heartbeat', '')")
    quiet.clock.run_for(39_000)
    assert open_streams(quiet) == 1
    quiet.evaluate("EventSource.opened[0].say('heartbeat', '')")
    quiet.clock.run_for(39_000)
    assert open_streams(quiet) == 1
    quiet.clock.run_for(2_000)
    assert open_streams(quiet) == 0


def test_it_recovers_when_the_server_comes_back(page: Page) -> None:
    clock, port = SystemClock(), free_port()
    with live_server(WebHarness(clock).show(playing(time.time())).app, port=port) as url:
        page.goto(f"{url}/widget")
        expect(title(page)).to_have_text("Tides of Glass")
        page.wait_for_timeout(500)
    page.wait_for_timeout(1500)
    expect(title(page)).to_have_text("Tides of Glass")
    with live_server(WebHarness(clock).show(playing(time.time(), item("Back again"))).app, port=port):
        expect(title(page)).to_have_text("Back again", timeout=30_000)


def test_a_hidden_tab_keeps_no_stream(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    expect(title(page)).to_have_text("Tides of Glass")
    wait_for_streams(live, 1)
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_for_streams(live, 0)
    live.show(playing(time.time(), item("Meanwhile")))
    page.evaluate(hide % "false")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(title(page)).to_have_text("Meanwhile")


def wait_for_streams(live: Live, count: int) -> None:
    end = time.monotonic() + 5
    while live.harness.broadcast.streams != count and time.monotonic() < end:
        time.sleep(0.05)
    assert live.harness.broadcast.streams == count


# ---- In a frame ---------------------------------------------------------------------------------------


@pytest.fixture
def framed(page: Page, live: Live) -> Iterator[Page]:
    """The widget on somebody else's page, sandboxed as WordPress does it."""
    with host_page(
        f'<iframe sandbox="allow-scripts" src="{live.url}/widget" width="420" height="140"></iframe>'
    ) as url:
        page.goto(url)
        yield page


def test_in_a_sandboxed_iframe_of_another_origin_it_is_live_too(framed: Page, live: Live) -> None:
    frame = framed.frame_locator("iframe")
    expect(frame.locator("[data-state] .title")).to_have_text("Tides of Glass")
    framed.wait_for_timeout(500)
    live.show(playing(time.time(), item("In a sandbox", artwork=artwork("orbit"))))
    expect(frame.locator("[data-state] .title")).to_have_text("In a sandbox")
    expect(frame.locator(".artwork img")).to_be_visible()


def heights_told(page: Page, url: str, width: int, height: int) -> list[float]:
    """What the page tells its host, which does not listen to it."""
    script = "<script>addEventListener('message', ({data}) => (window.told ??= []).push(data.height))</script>"
    with host_page(f'{script}<iframe src="{url}" width="{width}" height="{height}" style="border:0"></iframe>') as host:
        page.goto(host)
        eventually(page, "window.told?.length > 0")
        page.wait_for_timeout(300)
        told: list[float] = page.evaluate("window.told")
    return told


@pytest.mark.parametrize(
    ("query", "width", "height", "told"),
    [
        ("", 420, 140, 140),
        ("", 420, 0, 140),
        ("?scale=1.5", 420, 60, 210),
        ("?layout=compact", 420, 56, 56),
        ("?layout=compact", 420, 20, 56),
        ("?layout=cover", 320, 600, 423),
        ("?layout=cover", 320, 90, 447),
        ("?layout=cover", 320, 300, 423),
        ("?layout=list", 420, 56, 56),
    ],
)
def test_the_host_receives_the_height_of_the_chosen_layout(
    page: Page, live: Live, query: str, width: int, height: int, told: int
) -> None:
    assert heights_told(page, f"{live.url}/widget{query}", width, height)[-1] == pytest.approx(told, abs=1)


def test_hidden_it_reports_a_height_of_0(page: Page, live: Live) -> None:
    live.show(idle(time.time(), item()))
    assert heights_told(page, f"{live.url}/widget?idle=hide", 420, 140)[-1] == 0
