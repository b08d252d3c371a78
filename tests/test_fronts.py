"""The stream and the pages behind real web servers, set up with the lines of ``docs/hosting.md``."""

import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest

from tests.support.fronts import FRONTS, documented_lines
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, item, playing
from widget.clock import SystemClock

SITE = "http://music.example.org"
pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Behind:
    """A program that shows what a test publishes, behind a front at ``url``."""

    name: str
    harness: WebHarness
    url: str


@pytest.fixture(scope="module", params=FRONTS)
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    clock = SystemClock()
    harness = WebHarness(clock).show(playing(clock.now()))
    with live_server(harness.app) as upstream:
        lines = documented_lines(request.param)
        assert "127.0.0.1:8000" in lines
        lines = lines.replace("127.0.0.1:8000", upstream.removeprefix("http://"))
        with FRONTS[request.param](tmp_path_factory.mktemp(request.param), lines) as url:
            yield Behind(request.param, harness, url)


class Events:
    """A stream as a browser reads it: compressed if the front compresses."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._raw = response.iter_raw()
        self._inflate = zlib.decompressobj(31) if response.headers.get("content-encoding") == "gzip" else None
        self.text = ""

    def read_until(self, text: str) -> float:
        """Return when ``text`` has come (monotonic s)."""
        while text not in self.text:
            piece = next(self._raw)
            self.text += (self._inflate.decompress(piece) if self._inflate else piece).decode()
        return time.monotonic()


@contextmanager
def events(url: str) -> Iterator[Events]:
    headers = {"Accept-Encoding": "gzip, deflate, br", "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{url}/now-playing/events", headers=headers, timeout=10) as response:
        yield Events(response)


def test_events_come_at_once(behind: Behind) -> None:
    begun = time.monotonic()
    with events(behind.url) as stream:
        assert stream.read_until("Tides of Glass") - begun < 2
        for title in ("Second", "Third"):
            published = time.monotonic()
            behind.harness.show(playing(time.time(), item(title)))
            assert stream.read_until(title) - published < 1
        assert stream.response.headers["cache-control"] == "no-store, no-transform"
        behind.harness.show(playing(time.time()))


def test_a_viewer_who_leaves_is_noticed(behind: Behind) -> None:
    if behind.name in ("HAProxy", "Apache"):
        return  # They tell at the second heartbeat; thirty seconds are too long for this test.
    broadcaster = behind.harness.broadcast
    with events(behind.url) as stream:
        stream.read_until("data: ")
        assert broadcaster.streams >= 1
    end = time.monotonic() + 10
    while broadcaster.streams and time.monotonic() < end:
        time.sleep(0.05)
    assert broadcaster.streams == 0


def test_our_own_address_is_the_front_s(behind: Behind) -> None:
    url = quote(f"{SITE}/widget", safe="")
    headers = {"Host": SITE.removeprefix("http://")}
    found = httpx.get(f"{behind.url}/oembed?url={url}", headers=headers, timeout=10)
    assert found.status_code == 200
    assert f'src="{SITE}/widget' in found.json()["html"]


def test_conditions_work_through_the_front(behind: Behind) -> None:
    headers = {"Accept-Encoding": "gzip"}
    with httpx.Client(base_url=behind.url, headers=headers, timeout=10) as client:
        for path in ("/static/widget.js", "/robots.txt", "/now-playing.schema.json"):
            first = client.get(path)
            again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (first.status_code, again.status_code) == (200, 304)
