"""``python -m tests.looks.contact_sheet``: all layouts, themes, backgrounds, states, scripts and widths as pictures.

``--help`` says how to make a few of them; :mod:`tests.looks.covers` draws thirty covers.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from html import escape
from itertools import product
from pathlib import Path
from typing import get_args

from playwright.sync_api import BrowserContext

from tests.support.browser import chromium
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.web_harness import (
    ARABIC,
    EMOJI,
    EPISODE,
    HEBREW,
    JAPANESE,
    LOCAL,
    LONG,
    MARKUP,
    WebHarness,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from widget.artwork.dominant_color import extract_colors
from widget.clock import SystemClock
from widget.model.playback import PlayedItem
from widget.model.snapshot import Snapshot
from widget.samples.artwork import load_image
from widget.web.embed.options import Background, Layout
from widget.web.embed.sizes import DEFAULT_WIDTHS, layout_height

LAYOUTS = get_args(Layout)
ROWS = 2
LOOKS = {
    "widget": "/widget?layout={layout}&theme={theme}&background={background}&lang={lang}",
    "picture": "/now-playing.svg?layout={layout}&theme={theme}&background={background}&lang={lang}",
}
PHOTO = "linear-gradient(160deg, #24476b, #e8b27d 45%, #f6e7c8 60%, #3c5a3a)"
GROUNDS = {"light": "#ffffff", "dark": "#0d1117"}
WIDTHS = (200, 240, 320, 420, 600, 900)


def states(now: float) -> Mapping[str, tuple[Snapshot, str]]:
    """Return each state with its language."""
    return {
        "playing": (playing(now), "en"),
        "long": (playing(now, LONG), "en"),
        "explicit, paused": (paused(now, item("A Short One", explicit=True)), "de"),
        "episode": (playing(now, EPISODE, 1_200_000), "fr"),
        "local file": (playing(now, LOCAL), "en"),
        "hebrew": (playing(now, HEBREW), "he"),
        "arabic": (playing(now, ARABIC), "ar"),
        "arabic in english": (playing(now, ARABIC), "en"),
        "japanese": (playing(now, JAPANESE), "ja"),
        "emoji": (playing(now, EMOJI), "pt"),
        "markup": (playing(now, MARKUP), "en"),
        "advertisement": (advertisement(now), "en"),
        "last played": (idle(now, LONG), "en"),
        "nothing": (idle(now), "en"),
        "nothing, hebrew": (idle(now), "he"),
    }


def colored(harness: WebHarness) -> WebHarness:
    """Return ``harness`` with the colors of its artwork."""
    for what in (item(), LONG, EPISODE, HEBREW, ARABIC, JAPANESE, EMOJI, MARKUP):
        key, name = harness.artwork.key(what), what.artwork[-1].url.rpartition("/")[2]
        body = load_image(name)
        if key is not None and body is not None:
            harness.artwork.set_colors(key, extract_colors(body))
    return harness


def sheet(
    addresses: Mapping[str, tuple[str, str]], face: str, layout: Layout, theme: str, background: str, width: int
) -> str:
    """Return a page with every state side by side."""
    cells = []
    blur = ";border-radius:12px;backdrop-filter:blur(20px) saturate(1.5)" if background == "glass" else ""
    for name, (address, lang) in addresses.items():
        query = LOOKS[face].format(layout=layout, theme=theme, background=background, lang=lang)
        source, height = escape(address + query), layout_height(layout, width, rows=ROWS)
        frame = f'<iframe src="{source}" width="{width}" height="{height}" style="color-scheme:{theme}{blur}">'
        shown = f'<img src="{source}" alt="">' if face == "picture" else f"{frame}</iframe>"
        cells.append(f"<figure><figcaption>{name}</figcaption>{shown}</figure>")
    ground = PHOTO if background in ("none", "glass") else GROUNDS[theme]
    return (
        f'<body style="margin:16px;background:{ground};color:#777;font:12px sans-serif;display:flex;'
        f'flex-wrap:wrap;gap:14px;align-items:flex-start">'
        f"<style>figure{{margin:0}}figcaption{{margin-bottom:3px}}iframe,img{{display:block;border:0}}</style>{''.join(cells)}</body>"
    )


@contextmanager
def served_states() -> Iterator[Mapping[str, tuple[str, str]]]:
    """Yield the address of a server for each state, and its language."""
    clock = SystemClock()
    now = clock.now()
    recent = (PlayedItem(LONG, now - 700), PlayedItem(HEBREW, now - 90_000))
    with ExitStack() as stack:
        addresses = {}
        for name, (snapshot, lang) in states(now).items():
            harness = colored(WebHarness(clock)).show(replace(snapshot, recent=recent))
            addresses[name] = (stack.enter_context(live_server(harness.app)), lang)
        yield addresses


def picture(browser: BrowserContext, page_html: str, file: Path) -> None:
    """Take one picture of a whole page."""
    page = browser.new_page()
    page.set_viewport_size({"width": 1340, "height": 400})
    with host_page(page_html) as address:  # An origin of its own, as a visitor would see it.
        page.goto(address, wait_until="load")
        high = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": 1340, "height": high})  # What lies below is not painted in frames.
        page.wait_for_timeout(600)
        page.screenshot(path=file)
    page.close()


def make(folder: Path, scale: float, layouts: Sequence[Layout]) -> None:
    """Make all sheets of ``layouts``."""
    folder.mkdir(parents=True, exist_ok=True)
    with served_states() as addresses, chromium(scale=scale) as browser:
        for face, layout in product(LOOKS, layouts):
            for theme, background in product(GROUNDS, get_args(Background)):
                html = sheet(addresses, face, layout, theme, background, DEFAULT_WIDTHS[layout])
                picture(browser, html, folder / f"{face}-{layout}-{theme}-{background}.png")
        for layout, width in product(layouts, WIDTHS):
            html = sheet(addresses, "widget", layout, "light", "art", width)
            picture(browser, html, folder / f"widget-{layout}-{width}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m tests.looks.contact_sheet", description="Pictures to be looked at."
    )
    parser.add_argument("folder", nargs="?", type=Path, default=Path("screenshots"), help="git ignores the default")
    parser.add_argument("scale", nargs="?", type=float, default=1.0, help="2 is as sharp as a telephone")
    parser.add_argument("--layout", choices=LAYOUTS, action="append", help="of this one alone; may be repeated")
    given = parser.parse_args()
    make(given.folder, given.scale, given.layout or LAYOUTS)
