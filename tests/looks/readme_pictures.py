"""``python -m tests.looks.readme_pictures``: draw the pictures of README and docs, with invented music."""

from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.support.browser import chromium
from tests.support.host_page import host_page
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness
from widget.clock import SystemClock
from widget.config.settings import Settings

FOLDER = Path(__file__).parent.parent.parent / ".github" / "pictures"
WIDGETS = {
    "widget-light": ("theme=light&sample=playing", 420, 140),
    "widget-dark": ("theme=dark&sample=playing", 420, 140),
    "card": ("theme=light&sample=long", 420, 140),
    "compact": ("theme=dark&layout=compact&sample=rtl", 420, 56),
    "cover": ("theme=light&layout=cover&sample=paused", 320, 424),
    "pill": ("theme=dark&layout=pill&sample=playing", 320, 32),
    "list": ("theme=dark&layout=list&sample=playing", 420, 232),
}
STATES = ("playing", "paused", "last", "nothing", "ad", "long", "rtl")
STYLE = (
    "<style>body{margin:0}iframe,img{display:block;border:0}"
    "main{display:grid;grid-template-columns:420px 420px;gap:16px}</style>"
)
SETTINGS = Settings(public_url="https://music.example.org")


def frame(url: str, query: str, width: int, height: int) -> str:
    """Return an iframe with the widget."""
    scheme = "dark" if "theme=dark" in query else "light"
    source = f"{url}/widget?{query}".replace("&", "&amp;")
    return f'<iframe src="{source}" width="{width}" height="{height}" style="color-scheme:{scheme}"></iframe>'


def embedded(browser: BrowserContext, html: str, file: Path, width: int, height: int) -> None:
    """Take a picture of ``html`` on a page of its own, without a background."""
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    with host_page(STYLE + html) as address:
        page.goto(address)
        page.wait_for_timeout(900)
        page.screenshot(path=file, omit_background=True)
    page.close()


def builder(browser: BrowserContext, url: str, query: str, file: Path, width: int, height: int) -> None:
    """Take a picture of the builder."""
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{url}/{query}")
    page.wait_for_timeout(1200)
    page.screenshot(path=file)
    page.close()


def make() -> None:
    """Make all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with live_server(WebHarness(SystemClock(), SETTINGS).app) as url, chromium(scale=2) as browser:
        for name, (query, width, height) in WIDGETS.items():
            embedded(browser, frame(url, query, width, height), FOLDER / f"{name}.png", width, height)
        picture = f'<img src="{url}/now-playing.svg?theme=light&amp;sample=last" alt="">'
        embedded(browser, picture, FOLDER / "svg.png", 420, 140)
        for theme in ("light", "dark"):
            looks = [f"theme={theme}&lang=en&sample={state}" for state in STATES]
            looks.append(f"theme={theme}&lang=en&background=card&sample=playing")
            cards = "".join(frame(url, query, 420, 140) for query in looks)
            embedded(browser, f"<main>{cards}</main>", FOLDER / f"states-{theme}.png", 856, 608)
        builder(browser, url, "?sample=playing", FOLDER / "builder.png", 1200, 820)


if __name__ == "__main__":
    make()
