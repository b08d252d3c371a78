"""``python -m tests.looks.contact_sheet [FOLDER]``: pictures of all faces, themes and states, to be looked at.

Without a folder they go to ``screenshots/``, which git ignores.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.support.browser import chromium
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.showing import (
    ARABIC,
    EMOJI,
    EPISODE,
    HEBREW,
    JAPANESE,
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
from widget.snapshot import Snapshot

SIZES = {"card": (420, 140), "compact": (400, 48), "cover": (320, 448)}
LOOKS = {
    "widget": "/widget?layout={layout}&theme={theme}&lang={lang}",
    "picture": "/now-playing.svg?layout={layout}&theme={theme}&lang={lang}",
}
GROUNDS = {"light": "#ffffff", "dark": "#0d1117"}


def states(now: float) -> Mapping[str, tuple[Snapshot, str]]:
    """What is shown, and in which language."""
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


def sheet(
    addresses: Mapping[str, tuple[str, str]], face: str, layout: str, theme: str, width: int | None = None
) -> str:
    """A page that shows every state of one face, side by side."""
    usual, height = SIZES[layout]
    cells = []
    for name, (address, lang) in addresses.items():
        source = escape(address + LOOKS[face].format(layout=layout, theme=theme, lang=lang))
        frame = f'<iframe src="{source}" width="{width or usual}" height="{height}" style="color-scheme:{theme}">'
        shown = f'<img src="{source}" alt="">' if face == "picture" else f"{frame}</iframe>"
        cells.append(f"<figure><figcaption>{name}</figcaption>{shown}</figure>")
    colour = "#777"
    return (
        f'<body style="margin:16px;background:{GROUNDS[theme]};color:{colour};font:12px sans-serif;display:flex;'
        f'flex-wrap:wrap;gap:14px;align-items:flex-start">'
        f"<style>figure{{margin:0}}figcaption{{margin-bottom:3px}}iframe,img{{display:block;border:0}}</style>{''.join(cells)}</body>"
    )


@contextmanager
def served_states() -> Iterator[Mapping[str, tuple[str, str]]]:
    """The address of a server for each state, and the language to ask it in."""
    clock = SystemClock()
    with ExitStack() as stack:
        addresses = {}
        for name, (snapshot, lang) in states(clock.now()).items():
            address = stack.enter_context(live_server(Showing(clock).show(snapshot).app))
            addresses[name] = (address, lang)
        yield addresses


def picture(browser: BrowserContext, page_html: str, file: Path, width: int, height: int) -> None:
    """Takes one picture of a whole page."""
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    with host_page(page_html) as address:  # An origin of its own, as a visitor would see it.
        page.goto(address, wait_until="load")
        page.wait_for_timeout(400)
        page.screenshot(path=file)
    page.close()


def make(folder: Path) -> None:
    """Makes all sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    with served_states() as addresses, chromium() as browser:
        for face in LOOKS:
            for layout in SIZES:
                for theme in GROUNDS:
                    file = folder / f"{face}-{layout}-{theme}.png"
                    picture(
                        browser, sheet(addresses, face, layout, theme), file, 1340, 5 * (SIZES[layout][1] + 32) + 20
                    )
        for layout in ("card", "compact"):
            for width in (200, 300, 600):
                file = folder / f"widget-{layout}-{width}.png"
                picture(browser, sheet(addresses, "widget", layout, "light", width), file, 1340, 900)


if __name__ == "__main__":
    make(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots"))
