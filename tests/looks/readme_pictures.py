"""``python -m tests.looks.readme_pictures``: makes the pictures in README anew, of invented music."""

from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.support.browser import chromium
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.showing import Showing, item, playing
from widget.clock import SystemClock

FOLDER = Path(__file__).parent.parent.parent / ".github" / "pictures"
WIDGETS = {
    "widget-light": ("theme=light", 420, 140),
    "widget-dark": ("theme=dark", 420, 140),
    "card": ("theme=light", 420, 140),
    "compact": ("theme=light&amp;layout=compact", 400, 48),
    "cover": ("theme=light&amp;layout=cover", 320, 448),
}


def embedded(browser: BrowserContext, html: str, file: Path, width: int, height: int) -> None:
    """A picture of ``html`` on a page of its own, without a background."""
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    with host_page(f"<style>body{{margin:0}}iframe,img{{display:block;border:0}}</style>{html}") as address:
        page.goto(address)
        page.wait_for_timeout(600)
        page.screenshot(path=file, omit_background=True)
    page.close()


def make() -> None:
    """Makes all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    song = item("Tides of Glass", ("Mara Lindqvist", "Parallel Weather"))
    with live_server(Showing(clock).show(playing(clock.now(), song, 92_000)).app) as url, chromium(scale=2) as browser:
        for name, (query, width, height) in WIDGETS.items():
            scheme = "dark" if "dark" in query else "light"
            frame = (
                f'<iframe src="{url}/widget?{query}" width="{width}" height="{height}" style="color-scheme:{scheme}">'
            )
            embedded(browser, frame, FOLDER / f"{name}.png", width, height)
        embedded(browser, f'<img src="{url}/now-playing.svg?theme=light" alt="">', FOLDER / "svg.png", 420, 140)
        page = browser.new_page()
        page.set_viewport_size({"width": 1080, "height": 720})
        page.goto(f"{url}/?theme=dark&accent=ff7ab6")
        page.wait_for_timeout(800)
        page.screenshot(path=FOLDER / "builder.png")


if __name__ == "__main__":
    make()
