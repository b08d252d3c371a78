"""How ``/embed.js`` finds its server, and several servers on one page; the element's options as properties."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Live
from tests.support.host_site import HostSite
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, item, playing
from widget.clock import SystemClock
from widget.config.settings import Settings

EARLIER = Path(__file__).with_name("embed-1.1.0.js")
"""What version 1.1.0 served as ``/embed.js``."""

OPTIONS = {
    "theme": "dark",
    "layout": "compact",
    "background": "card",
    "accent": "ff0000",
    "idle": "hide",
    "motion": "off",
    "lang": "de",
    "radius": "8",
    "scale": "2",
    "font": "mono",
    "without": "times,label",
    "sample": "long",
}
ELEMENT = "<now-playing theme=light></now-playing>"
MISSING = "now-playing: no server. Set src on the element or data-host on the script."


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """The address of another instance."""
    harness = WebHarness(SystemClock(), Settings()).show(playing(time.time(), item("Elsewhere")))
    with live_server(harness.app) as url:
        yield url


@pytest.fixture
def printed(page: Page) -> list[str]:
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    return messages


def titles(page: Page, *expected: str) -> None:
    expect(page.locator("iframe")).to_have_count(len(expected))
    for index, title in enumerate(expected):
        expect(page.frame_locator("iframe").nth(index).locator("[data-state] .title")).to_have_text(title)


IMPORTS = {
    "import": '<script type="module">import "HOST/embed.js"</script>',
    "import()": '<script>import("HOST/embed.js?v=2")</script>',
    "import map": '<script type="importmap">{"imports": {"music": "HOST/embed.js"}}</script>'
    '<script type="module">import "music"</script>',
    "beside another site's script": '<script src="https://comments.example/embed.js" type="text/plain"></script>'
    '<script type="module">import "HOST/embed.js"</script>',
}


@pytest.mark.parametrize("head", IMPORTS.values(), ids=IMPORTS)
def test_an_import_knows_its_server(page: Page, live: Live, site: HostSite, printed: list[str], head: str) -> None:
    page.goto(site.add("/", ELEMENT, head=head.replace("HOST", live.url)))
    titles(page, "Tides of Glass")
    assert not [one for one in printed if "now-playing" in one]


SCRIPTS = {
    "data": "`data:text/javascript,${encodeURIComponent(TEXT)}`",
    "blob": "URL.createObjectURL(new Blob([TEXT], { type: 'text/javascript' }))",
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_without_a_server_defines_the_element_and_says_what_is_missing(
    page: Page, live: Live, site: HostSite, printed: list[str], kind: str
) -> None:
    text = json.dumps(httpx.get(f"{live.url}/embed.js").text).replace("<", "\\u003c")
    address = SCRIPTS[kind].replace("TEXT", text)
    insert = f"document.head.append(Object.assign(document.createElement('script'), {{ src: {address} }}))"
    page.goto(site.add("/", f"{ELEMENT}<script>{insert}</script>"))
    page.wait_for_function("!!customElements.get('now-playing')")
    assert MISSING in printed
    page.evaluate("(host) => { document.querySelector('now-playing').src = host }", live.url)
    titles(page, "Tides of Glass")


@pytest.mark.parametrize("kind", SCRIPTS)
def test_a_script_without_a_server_takes_the_one_that_its_tag_names(
    page: Page, live: Live, site: HostSite, printed: list[str], kind: str
) -> None:
    text = json.dumps(httpx.get(f"{live.url}/embed.js").text).replace("<", "\\u003c")
    address = SCRIPTS[kind].replace("TEXT", text)
    insert = (
        f"const tag = Object.assign(document.createElement('script'), {{ src: {address} }});"
        f"tag.dataset.host = '{live.url}'; document.querySelector('main').append(tag)"
    )
    page.goto(site.add("/", f"<main></main><script>{insert}</script>"))
    titles(page, "Tides of Glass")
    assert MISSING not in printed


def test_two_servers_stand_on_one_page(page: Page, live: Live, site: HostSite, other: str) -> None:
    tags = (
        f'<script src="{live.url}/embed.js" async></script>'
        f'<script src="{other}/embed.js" async></script>'
        f'<script src="{live.url}/embed.js" data-host="{other}" async></script>'
    )
    elements = f'<now-playing src="{other}"></now-playing><now-playing src="{live.url}/"></now-playing>'
    page.goto(site.add("/", tags + elements))
    titles(page, "Tides of Glass", "Elsewhere", "Elsewhere", "Elsewhere", "Tides of Glass")
    page.evaluate("document.body.replaceWith(document.body.cloneNode(true))")
    titles(page, "Tides of Glass", "Elsewhere", "Elsewhere", "Elsewhere", "Tides of Glass")


@pytest.mark.parametrize("first", ["current", "earlier"])
def test_a_server_of_version_1_1_0_stands_on_the_same_page(page: Page, live: Live, site: HostSite, first: str) -> None:
    """Whichever script comes first defines the element for both."""
    site.pages["/1.1.0/embed.js"] = EARLIER.read_text(), {"Content-Type": "text/javascript"}
    tags = [f'<script src="{server}/embed.js"></script>' for server in (live.url, f"{site.url}/1.1.0")]
    page.goto(site.add("/", "<p></p>".join(tags if first == "current" else tags[::-1])))
    expect(page.locator("iframe")).to_have_count(2)
    sources = page.locator("iframe").evaluate_all("(all) => all.map((one) => one.src).sort()")
    assert sources == sorted([f"{live.url}/widget?theme=light", f"{site.url}/1.1.0/widget?theme=light"])


def test_an_element_goes_over_to_another_server(page: Page, live: Live, site: HostSite, other: str) -> None:
    page.goto(site.add("/", ELEMENT, head=f'<script src="{live.url}/embed.js" data-define-only></script>'))
    titles(page, "Tides of Glass")
    page.evaluate("(host) => { document.querySelector('now-playing').src = host }", other)
    titles(page, "Elsewhere")
    page.evaluate("document.querySelector('now-playing').src = null")
    titles(page, "Tides of Glass")


def test_an_address_that_is_none_is_reported_and_shows_nothing(
    page: Page, live: Live, site: HostSite, printed: list[str]
) -> None:
    script = f'<script src="{live.url}/embed.js" data-define-only></script>'
    page.goto(site.add("/", '<now-playing src="javascript:alert(1)"></now-playing>', head=script))
    assert MISSING in printed
    assert page.locator("iframe").count() == 0


def test_every_option_is_a_property(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", ELEMENT, head=f'<script src="{live.url}/embed.js" data-define-only></script>'))
    page.evaluate("window.element = document.querySelector('now-playing')")
    assert page.evaluate("element.theme") == "light"
    for name, value in {**OPTIONS, "width": "300", "darkSelector": ".dark"}.items():
        read = page.evaluate("([name, value]) => { element[name] = value; return element[name] }", [name, value])
        assert (name, read) == (name, value)
    expected = "&".join(f"{name}={value}" for name, value in OPTIONS.items()).replace(",", "%2C")
    address = f"{live.url}/widget?{expected}".replace("theme=dark", "theme=light")  # The selector goes before it.
    expect(page.locator("iframe")).to_have_attribute("src", address)
    for nothing in ("null", "undefined", "''", "false"):
        for name in (*OPTIONS, "width", "darkSelector"):
            page.evaluate(f"element.{name} = 'x'; element.{name} = {nothing}")
        assert page.evaluate("element.outerHTML") == "<now-playing></now-playing>"
    page.evaluate("element.radius = 0; element.without = ['times', 'label']; element.theme = 'dark'")
    address = f"{live.url}/widget?theme=dark&radius=0&without=times%2Clabel"
    expect(page.locator("iframe")).to_have_attribute("src", address)


def test_properties_that_were_set_before_the_script_came_count(page: Page, live: Live, site: HostSite) -> None:
    page.goto(site.add("/", ""))
    page.evaluate(
        """(host) => {
            const element = document.createElement("now-playing");
            Object.assign(element, { theme: "dark", layout: "compact", darkSelector: null });
            document.body.append(element, Object.assign(document.createElement("script"), { src: `${host}/embed.js` }));
            document.querySelector("script").dataset.defineOnly = "";
        }""",
        live.url,
    )
    expect(page.locator("iframe")).to_have_attribute("src", f"{live.url}/widget?theme=dark&layout=compact")


def test_nothing_of_the_element_is_changed_but_its_shadow(page: Page, live: Live, site: HostSite) -> None:
    html = '<now-playing layout="compact" width="200" class="mine">Music</now-playing>'
    page.goto(site.add("/", html, head=f'<script src="{live.url}/embed.js" data-define-only></script>'))
    titles(page, "Tides of Glass")
    assert page.evaluate("document.querySelector('now-playing').outerHTML") == html
    assert page.locator("now-playing").bounding_box() == {"x": 8, "y": 8, "width": 200, "height": 56}
    page.evaluate("document.querySelector('now-playing').hidden = true")
    assert page.locator("now-playing").bounding_box() is None


def test_glass_blurs_the_page_behind_the_frame(page: Page, live: Live, site: HostSite) -> None:
    html = (
        '<now-playing background="glass" radius="20" scale="2" theme="light"></now-playing><now-playing></now-playing>'
    )
    page.goto(site.add("/", html, head=f'<script src="{live.url}/embed.js" data-define-only></script>'))
    frames = page.locator("iframe")
    expect(frames.first).to_have_css("backdrop-filter", "blur(20px) saturate(1.5)")
    expect(frames.first).to_have_css("border-radius", "40px")
    expect(frames.last).to_have_css("backdrop-filter", "none")
    page.evaluate("document.querySelector('now-playing').background = ''")
    expect(frames.first).to_have_css("backdrop-filter", "none")
