"""A frame of a snippet's size holds the whole widget, for every source, layout and number of rows."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import get_args

import httpx
import pytest
from playwright.sync_api import Frame, Page

from tests.support.builder_page import BuilderPage
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.web_harness import HEBREW, LONG, WebHarness, idle, playing
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.model.playback import PlayedItem
from widget.model.sources import LASTFM, SOURCES, SPOTIFY, SourceInfo
from widget.web.embed.options import Layout

LOOKS: Sequence[tuple[Layout, int]] = [
    (layout, rows) for layout in get_args(Layout) for rows in ((0, 1, 10) if layout == "list" else (0,))
]
"""Every layout, the list with and without rows."""

CUT = """() => {
    const shown = [...document.querySelectorAll('.widget, .widget *')].filter((node) => node.checkVisibility());
    const foot = (node) => node.getBoundingClientRect().bottom - parseFloat(getComputedStyle(node).paddingBottom);
    return shown.filter((node) => foot(node) > innerHeight + 0.6).map((node) => node.outerHTML.slice(0, 80));
}"""
"""What reaches beyond the frame; lines of text without the room that they leave for tall letters."""

CREDIT_IN_SIGHT = """() => [...document.querySelectorAll('.credit')].some((node) => {
    const {top, bottom, width} = node.getBoundingClientRect(), whole = node.scrollWidth <= node.clientWidth;
    const seen = node.checkVisibility() && width > 0 && (whole || getComputedStyle(node).display === 'inline');
    return seen && top >= 0 && (bottom <= innerHeight || document.documentElement.classList.contains('alone'));
})"""

SCROLLS = "() => document.documentElement.scrollHeight > document.documentElement.clientHeight"

by_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
with_and_without_credit = pytest.mark.parametrize("source", [SPOTIFY, LASTFM], ids=["with a mark", "with a credit"])


class FirstFrame(HTMLParser):
    """``attributes`` are those of the first iframe in ``html``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.attributes: dict[str, str | None] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.attributes = self.attributes or dict(attrs)

    @property
    def height(self) -> int:
        return int(self.attributes["height"] or "")


@contextmanager
def servers_of(source: SourceInfo, *, plays: bool = True) -> Iterator[Mapping[int, str]]:
    """By the number of earlier items that it has: the address of a server that shows a long title of ``source``."""
    now = time.time()
    snapshot = playing(now, LONG, 61_000 if source.has_progress else None) if plays else idle(now, LONG)
    with ExitStack() as stack:
        addresses = {}
        for rows in {rows for _, rows in LOOKS}:
            before = tuple(PlayedItem(LONG if row % 2 else HEBREW, now - 900 - 300 * row) for row in range(rows))
            harness = WebHarness(SystemClock(), Settings(recent=rows), source=source)
            addresses[rows] = stack.enter_context(live_server(harness.show(replace(snapshot, recent=before)).app))
        yield addresses


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def snippet(http: httpx.Client, address: str, query: str, name: str = "iframe") -> str:
    """The snippet ``name`` that the builder has for ``query``."""
    return BuilderPage(http.get(f"{address}/?{query}").text).snippets[name]


@contextmanager
def pasted(page: Page, html: str) -> Iterator[Sequence[Frame]]:
    """The widgets in ``html`` on somebody's page, as soon as they are there. Streams stay closed: a browser has six
    connections to a server, and each frame would keep one."""
    page.route(re.compile("/now-playing/events"), lambda route: route.abort())
    with host_page(f"<style>body{{margin:0}}</style>{html.replace('lazy', 'eager')}") as url:
        page.goto(url)
        frames = page.frames[1:]
        for frame in frames:
            frame.wait_for_load_state()
        yield frames


def too_high(frame: Frame) -> bool:
    """Whether the widget scrolls, or something of it is cut."""
    return bool(frame.evaluate(SCROLLS) or frame.evaluate(CUT))


@by_source
@pytest.mark.parametrize("plays", [True, False], ids=["playing", "last played"])
def test_nothing_scrolls_and_nothing_is_cut_in_the_frame_of_a_snippet(
    page: Page, http: httpx.Client, source: SourceInfo, plays: bool
) -> None:
    with servers_of(source, plays=plays) as addresses:
        asked = [(rows, f"layout={layout}{width}") for layout, rows in LOOKS for width in ("", "&width=240")]
        html = "".join(snippet(http, addresses[rows], query) for rows, query in asked)
        with pasted(page, html) as frames:
            assert [one for one, frame in zip(asked, frames, strict=True) if too_high(frame)] == []


@with_and_without_credit
def test_neither_does_it_at_another_scale(page: Page, http: httpx.Client, source: SourceInfo) -> None:
    with servers_of(source) as addresses:
        asked = [
            (rows, f"layout={layout}&scale={scale}{width}")
            for layout, rows in LOOKS
            for scale in (0.75, 2)
            for width in ("", "&width=200")
        ]
        html = "".join(snippet(http, addresses[rows], query) for rows, query in asked)
        with pasted(page, html) as frames:
            assert [one for one, frame in zip(asked, frames, strict=True) if too_high(frame)] == []


@with_and_without_credit
def test_neither_does_it_without_scripts(page_without_scripts: Page, http: httpx.Client, source: SourceInfo) -> None:
    with servers_of(source) as addresses:
        asked = [(rows, f"layout={layout}{width}") for layout, rows in LOOKS for width in ("", "&width=240")]
        html = "".join(snippet(http, addresses[rows], query) for rows, query in asked)
        with pasted(page_without_scripts, html) as frames:
            for one, frame in zip(asked, frames, strict=True):
                room, card = frame.frame_element().bounding_box(), frame.locator(".widget").bounding_box()
                assert room is not None
                assert card is not None
                assert (one, card["y"] + card["height"] <= room["y"] + room["height"] + 0.6) == (one, True)


@pytest.mark.parametrize("recent", [0, 3], ids=["RECENT unset", "RECENT=3"])
@pytest.mark.parametrize("rows", [0, 3], ids=["nothing before", "three songs before"])
@pytest.mark.parametrize("plays", [True, False], ids=["playing", "nothing"])
def test_the_credit_is_in_sight_in_each_layout_that_owes_it(
    page: Page, http: httpx.Client, recent: int, rows: int, plays: bool
) -> None:
    now = time.time()
    snapshot = playing(now, LONG, None) if plays else idle(now)
    before = tuple(PlayedItem(HEBREW, now - 900 - 300 * row) for row in range(min(rows, recent)))
    harness = WebHarness(SystemClock(), Settings(recent=recent), source=LASTFM)
    asked = [f"layout={layout}&width={width}" for layout in get_args(Layout) for width in (200, 320, 420)]
    with live_server(harness.show(replace(snapshot, recent=before)).app) as address:
        with pasted(page, "".join(snippet(http, address, query) for query in asked)) as frames:
            in_sight = {query: frame.evaluate(CREDIT_IN_SIGHT) for query, frame in zip(asked, frames, strict=True)}
        page.goto(f"{address}/now?{asked[0]}")
        in_sight["now"] = page.evaluate(CREDIT_IN_SIGHT)
    owed = {query: not query.startswith(("layout=compact", "layout=pill")) for query in asked}
    assert in_sight == owed | {"now": True}


@with_and_without_credit
def test_all_places_give_it_the_same_height(http: httpx.Client, source: SourceInfo) -> None:
    with servers_of(source) as addresses:
        for layout, rows in LOOKS:
            address, query = addresses[rows], f"layout={layout}"
            own = FirstFrame(snippet(http, address, query)).height
            told = http.get(f"{address}/oembed", params={"url": f"{address}/widget?{query}"}).json()
            builder, picture = (http.get(f"{address}{path}?{query}").text for path in ("/", "/now-playing.svg"))
            drawn = re.search(r'height="([\d.]+)"', picture)
            assert drawn is not None
            assert {
                "oEmbed": (told["height"], FirstFrame(told["html"]).height),
                "WordPress": FirstFrame(snippet(http, address, query, "wordpress")).height,
                "OBS": f"× {own} " in builder,
                "preview": FirstFrame(builder).height,
                "picture": float(drawn[1]),
            } == {
                "oEmbed": (own, own),
                "WordPress": own,
                "OBS": True,
                "preview": own,
                "picture": pytest.approx(own, abs=1),
            }


@with_and_without_credit
def test_the_script_gives_that_height_at_once(page: Page, http: httpx.Client, source: SourceInfo) -> None:
    page.route(re.compile("/widget"), lambda route: route.abort())  # So that the page inside tells nothing.
    with servers_of(source) as addresses:
        for rows, address in addresses.items():
            asked = [(layout, width) for layout in get_args(Layout) for width in (240, 320)]
            places = (
                f'<div style="width:{width}px"><now-playing layout="{layout}"></now-playing></div>'
                for layout, width in asked
            )
            with host_page(f'<script src="{address}/embed.js" data-define-only></script>{"".join(places)}') as url:
                page.goto(url)
                frames = page.locator("iframe").all()
                given = [frame.evaluate("(frame) => parseFloat(frame.style.height)") for frame in frames]
            snippets = [snippet(http, address, f"layout={layout}&width={width}") for layout, width in asked]
            assert given == pytest.approx([FirstFrame(one).height for one in snippets], abs=1), rows


def test_the_height_that_the_script_gives_comes_to_rest(page: Page) -> None:
    looks = (
        'data-layout="cover" data-without="artwork"',
        'data-layout="list" data-scale="0.75"',
        'data-layout="cover" data-scale="1.35"',
        'data-layout="list"',
        "",
    )
    listener = "<script>window.told = []; addEventListener('message', ({data}) => told.push(data.height))</script>"
    with servers_of(LASTFM) as addresses:
        for look in looks:
            script = f'<div style="width:200px"><script src="{addresses[1]}/embed.js" {look}></script></div>'
            with pasted(page, listener + script) as (frame,):
                page.wait_for_timeout(400)
                told = page.evaluate("told")
                changes = sum(one != other for one, other in pairwise(told))
                assert (look, bool(told), changes <= 3, too_high(frame)) == (look, True, True, False)
