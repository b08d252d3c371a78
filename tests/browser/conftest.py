"""A browser for all tests of this folder, and a server whose snapshot a test publishes."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect, sync_playwright

from tests.support.browser import SCHEMES, Scheme, launched
from tests.support.engines import Engine, Firefox, WebKit, firefox, webkit
from tests.support.host_site import HostSite, host_site
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, playing
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.model.snapshot import Snapshot


class Live:
    """``show`` publishes on a real server at ``url``."""

    def __init__(self, harness: WebHarness, url: str) -> None:
        self.harness = harness
        self.url = url

    def show(self, snapshot: Snapshot) -> None:
        self.harness.show(snapshot)


@pytest.fixture(scope="package")
def running_playwright() -> Iterator[Playwright]:
    """Playwright's loop runs while these tests do, and no longer: the asynchronous tests have loops of their own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)  # The default, 5 s, is short for a machine that runs six tests at a time.
        yield playwright


@pytest.fixture(scope="package")
def browser(running_playwright: Playwright) -> Iterator[BrowserContext]:
    with launched(running_playwright) as context:
        yield context


@pytest.fixture
def page_without_scripts(browser: BrowserContext) -> Iterator[Page]:
    """A page with scripts disabled."""
    with browser.new_page() as opened:
        browser.new_cdp_session(opened).send("Emulation.setScriptExecutionDisabled", {"value": True})
        yield opened


@pytest.fixture(scope="module", params=SCHEMES)
def system(request: pytest.FixtureRequest) -> Scheme:
    """The color scheme that the system prefers."""
    scheme: Scheme = request.param
    return scheme


@pytest.fixture(scope="module")
def browser_of_system(running_playwright: Playwright, system: Scheme) -> Iterator[BrowserContext]:
    """A browser on a system that prefers that scheme by itself, without emulation."""
    with launched(running_playwright, native=system) as context:
        yield context


@pytest.fixture
def page_of_system(browser_of_system: BrowserContext) -> Iterator[Page]:
    with browser_of_system.new_page() as opened:
        yield opened


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """A page that fails the test on a script error."""
    errors: list[str] = []
    with browser.new_page() as opened:
        opened.on("pageerror", lambda error: errors.append(str(error)))
        yield opened
    assert errors == []


@pytest.fixture(scope="module")
def browser_with_clock(running_playwright: Playwright) -> Iterator[BrowserContext]:
    """A browser of its own, as a clock is that of all pages in a browser's context."""
    with launched(running_playwright) as context:
        yield context


@pytest.fixture
def clock_page(browser_with_clock: BrowserContext) -> Iterator[Page]:
    """A page whose clock a test may stop."""
    with browser_with_clock.new_page() as opened:
        yield opened


@pytest.fixture(scope="package")
def shared_live() -> Iterator[Live]:
    """One server for all of these tests: each that stops takes a quarter of a second."""
    settings = Settings(setup_key="a key of sixteen characters")
    harness = WebHarness(SystemClock(), settings).show(playing(time.time()))
    with live_server(harness.app) as url:
        yield Live(harness, url)


@pytest.fixture
def live(shared_live: Live) -> Live:
    shared_live.show(playing(time.time()))
    return shared_live


@pytest.fixture(scope="package")
def shared_site() -> Iterator[HostSite]:
    with host_site() as site:
        yield site


@pytest.fixture
def site(shared_site: HostSite) -> HostSite:
    """A host's site, without pages at first."""
    shared_site.clear()
    return shared_site


@pytest.fixture(scope="package")
def running_firefox() -> Iterator[Firefox]:
    with firefox() as engine:
        yield engine


@pytest.fixture(scope="package")
def running_webkit() -> Iterator[WebKit]:
    with webkit() as engine:
        yield engine


@pytest.fixture(params=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine beside Chromium; it starts once for all tests."""
    started: Engine = request.getfixturevalue(f"running_{request.param}")
    yield started
    started.open("about:blank")  # Close the streams.
