"""Responses of real caches while a song plays, and after its end without a server: all read at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import launched
from tests.support.fronts import apache, nginx
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, playing
from widget.clock import SystemClock

pytestmark = pytest.mark.process

SECONDS = 24
EVERY_SECONDS = 4
NGINX_CACHE = "proxy_cache_path {folder}/cache keys_zone=c:1m;"
NGINX_LINES = """
location / {{
    proxy_pass {upstream};
    proxy_cache c;
    proxy_cache_revalidate on;
    proxy_set_header Host music.example.org;
}}"""
APACHE_LINES = """
CacheEnable disk /
CacheRoot {folder}
CacheStaleOnError On
ProxyPass / {upstream}/
"""
IN_THE_BROWSER = """async ([url, seconds, every]) => {
  const samples = [];
  for (let at = 0; at <= seconds; at += every) {
    const body = await (await fetch(url)).json();
    samples.push([Date.now() / 1000, body.progress_ms, body.started_at]);
    await new Promise((done) => setTimeout(done, every * 1000));
  }
  return samples;
}"""
CACHES = ("Chromium", "nginx", "Apache", "CacheControl", "requests-cache")


@dataclass
class Sample:
    """At ``at`` (s since the epoch) the JSON said this."""

    at: float
    progress_ms: int
    started_at: str

    def behind(self, began: float) -> float:
        """Return how many seconds the progress is behind that of a play that ``began`` then."""
        return self.at - began - self.progress_ms / 1000


@dataclass
class Recorded:
    """The samples of each cache, of a play that ``began`` then, and the statuses of both proxies after its end."""

    began: float
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    after_the_end: dict[str, list[str]] = field(default_factory=dict)


def sample(get: Callable[[], Any]) -> list[Sample]:
    samples = []
    for _ in range(SECONDS // EVERY_SECONDS + 1):
        body = get()
        samples.append(Sample(time.time(), body["progress_ms"], body["started_at"]))
        time.sleep(EVERY_SECONDS)
    return samples


def in_chromium(url: str) -> list[Sample]:
    with sync_playwright() as playwright, launched(playwright) as context:
        page = context.new_page()
        page.goto(f"{url}/healthz")
        found = page.evaluate(IN_THE_BROWSER, [f"{url}/now-playing", SECONDS, EVERY_SECONDS])
        return [Sample(*values) for values in found]


def statuses_after_the_end(fronts: dict[str, str]) -> dict[str, list[str]]:
    """Return what each proxy says of a song that ends in a few seconds, once its server is dead and the end is over."""
    clock = SystemClock()
    harness = WebHarness(clock).show(playing(clock.now(), progress_ms=210_000))  # Four seconds, and three of grace.
    with ExitStack() as stack:
        with live_server(harness.app) as upstream:
            urls = {name: stack.enter_context(_proxy(name, Path(folder), upstream)) for name, folder in fronts.items()}
            shown = [httpx.get(url + path).status_code for url in urls.values() for path in PATHS]
            assert set(shown) == {200}
        time.sleep(9)
        return {name: [_state(f"{url}{path}") for path in PATHS] for name, url in urls.items()}


PATHS = ("/now-playing", "/api/now-playing", "/now-playing.txt", "/widget")


def _state(url: str) -> str:
    answer = httpx.get(url, timeout=20)
    return "playing" if answer.status_code == 200 and "Tides of Glass" in answer.text else str(answer.status_code)


def _proxy(name: str, folder: Path, upstream: str) -> Any:
    folder.mkdir()
    if name == "nginx":
        return nginx(folder, NGINX_LINES.format(upstream=upstream), NGINX_CACHE.format(folder=folder))
    lines = APACHE_LINES.format(upstream=upstream, folder=folder)
    return apache(folder, lines, "cache", "cache_disk")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    # Here, for each worker collects this file.
    import requests
    from cachecontrol import CacheControl
    from requests_cache import CachedSession

    folder, clock = tmp_path_factory.mktemp("caches"), SystemClock()
    harness = WebHarness(clock).show(playing(clock.now(), next_update_at=clock.now() + 100))
    with ExitStack() as stack:
        url = stack.enter_context(live_server(harness.app))
        proxies = {name: stack.enter_context(_proxy(name, folder / name, url)) for name in ("nginx", "Apache")}
        controlled = CacheControl(requests.Session())
        cached = CachedSession(backend="memory", cache_control=True)
        ways: dict[str, Callable[[], list[Sample]]] = {
            "Chromium": lambda: in_chromium(url),
            "nginx": lambda: sample(lambda: httpx.get(f"{proxies['nginx']}/now-playing").json()),
            "Apache": lambda: sample(lambda: httpx.get(f"{proxies['Apache']}/now-playing").json()),
            "CacheControl": lambda: sample(lambda: controlled.get(f"{url}/now-playing").json()),
            "requests-cache": lambda: sample(lambda: cached.get(f"{url}/now-playing").json()),
        }
        started_at = harness.broadcast.current.started_at
        assert started_at is not None
        found = Recorded(started_at)

        def record(name: str) -> None:
            found.samples[name] = ways[name]()

        threads = [threading.Thread(target=record, args=(name,)) for name in ways]
        ended = {name: str(folder / f"{name}-ended") for name in proxies}
        threads.append(threading.Thread(target=lambda: found.after_the_end.update(statuses_after_the_end(ended))))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        controlled.close()
        cached.close()  # type: ignore[no-untyped-call]
        yield found


@pytest.mark.parametrize("cache", CACHES)
def test_a_cached_progress_is_never_far_behind(recorded: Recorded, cache: str) -> None:
    behind = [sample.behind(recorded.began) for sample in recorded.samples[cache]]
    assert len(behind) == SECONDS // EVERY_SECONDS + 1
    assert -1 < min(behind) <= max(behind) < 12, behind
    assert behind[-1] < 12


@pytest.mark.parametrize("cache", CACHES)
def test_the_start_of_the_play_is_right_in_every_copy(recorded: Recorded, cache: str) -> None:
    for sample in recorded.samples[cache]:
        assert abs(datetime.fromisoformat(sample.started_at).timestamp() - recorded.began) < 0.002


@pytest.mark.parametrize("proxy", ["nginx", "Apache"])
def test_with_a_dead_server_no_proxy_shows_a_song_beyond_its_end(recorded: Recorded, proxy: str) -> None:
    assert "playing" not in recorded.after_the_end[proxy], dict(zip(PATHS, recorded.after_the_end[proxy], strict=True))
