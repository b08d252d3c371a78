"""``/now-playing/events``, from a real server."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.support.live_server import live_server
from tests.support.showing import Showing, idle, item, playing
from widget.clock import SystemClock
from widget.config.settings import Settings


class Stream:
    """An open stream; ``next()`` gives the next event, as its fields."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def next(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line:
                if fields:
                    return fields
                continue
            name, _, value = line.partition(": ")
            fields[name or "comment"] = value
        raise AssertionError("the stream ended")


@contextmanager
def stream(url: str) -> Iterator[Stream]:
    with httpx.stream("GET", f"{url}/now-playing/events", timeout=20) as response:
        yield Stream(response)


@pytest.fixture
def live() -> Iterator[tuple[Showing, str]]:
    clock = SystemClock()
    showing = Showing(clock, Settings(max_streams=3)).show(playing(clock.now()))
    with live_server(showing.app) as url:
        yield showing, url


def publish(showing: Showing, title: str) -> float:
    """When it was published (monotonic s)."""
    showing.show(playing(time.time(), item(title)))
    return time.monotonic()


def test_the_first_event_comes_at_once_and_is_the_json(live: tuple[Showing, str]) -> None:
    _, url = live
    etag = httpx.get(f"{url}/now-playing").headers["etag"]
    with stream(url) as events:
        event = events.next()
        headers = events.response.headers
    assert event["event"] == "now-playing"
    assert json.loads(event["data"])["item"]["title"] == "Tides of Glass"
    assert etag.startswith(f'W/"{event["id"]}.')
    assert event["retry"] == "3000"
    assert headers["content-type"].startswith("text/event-stream")
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert headers["access-control-allow-origin"] == "*"


def test_each_change_comes_soon_and_plain_progress_does_not(live: tuple[Showing, str]) -> None:
    showing, url = live
    with stream(url) as events:
        events.next()
        first = showing.broadcast.current
        # The loop runs in the server's thread; a request of ours makes it look.
        showing.show(playing(time.time(), item(), progress_ms=61_500, started_at=first.started_at))
        delays = []
        for title in ("Second", "Third", "Fourth", "Fifth"):
            published = publish(showing, title)
            httpx.get(f"{url}/healthz")
            event = events.next()
            delays.append(time.monotonic() - published)
            assert json.loads(event["data"])["item"]["title"] == title
        assert min(delays) < 0.25
        showing.show(idle(time.time()))
        httpx.get(f"{url}/healthz")
        assert json.loads(events.next()["data"])["status"] == "idle"


def test_beyond_the_limit_streams_are_refused_with_a_moment_to_come_back(live: tuple[Showing, str]) -> None:
    showing, url = live
    ready = threading.Barrier(4)
    done = threading.Event()

    def hold() -> None:
        with stream(url) as events:
            events.next()
            ready.wait()
            done.wait()

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(timeout=10)
    refused = httpx.get(f"{url}/now-playing/events")
    done.set()
    for thread in threads:
        thread.join()
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert eventually(lambda: showing.broadcast.streams == 0)


def test_of_many_that_come_together_none_is_one_too_many(live: tuple[Showing, str]) -> None:
    showing, url = live
    statuses: list[int] = []
    together, done = threading.Barrier(12), threading.Event()

    def come() -> None:
        together.wait()
        with httpx.stream("GET", f"{url}/now-playing/events", timeout=20) as response:
            statuses.append(response.status_code)
            done.wait(10)

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 10
    while len(statuses) < 12 and time.monotonic() < end:
        time.sleep(0.05)
    assert showing.broadcast.streams == 3
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 3 + [503] * 9


def test_head_tells_what_it_is_and_opens_no_stream(live: tuple[Showing, str]) -> None:
    showing, url = live
    with httpx.Client() as client:
        for _ in range(2):
            answer = client.head(f"{url}/now-playing/events")
            assert answer.headers["content-type"].startswith("text/event-stream")
        assert client.get(f"{url}/healthz").status_code == 200
    assert showing.broadcast.streams == 0


def test_a_quiet_stream_is_kept_alive_by_an_event_that_browsers_see(live: tuple[Showing, str]) -> None:
    _, url = live
    with stream(url) as events:
        events.next()
        begun = time.monotonic()
        assert events.next() == {"event": "heartbeat", "data": "{}"}
        assert 13 < time.monotonic() - begun < 20


def test_options_tell_what_is_allowed_and_other_methods_are_refused(live: tuple[Showing, str]) -> None:
    showing, url = live
    with httpx.Client() as client:
        assert (
            client.options(f"{url}/now-playing/events").headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"
        )
        assert client.post(f"{url}/now-playing/events").status_code == 405
    assert showing.broadcast.streams == 0


def test_a_viewer_that_goes_is_noticed_and_so_is_the_end_of_the_program(live: tuple[Showing, str]) -> None:
    showing, url = live
    with stream(url) as events:
        events.next()
        assert showing.broadcast.streams == 1
    assert eventually(lambda: showing.broadcast.streams == 0)
    with stream(url) as events:
        events.next()
        showing.app.close_streams()
        httpx.get(f"{url}/healthz")
        with pytest.raises(AssertionError, match="the stream ended"):
            events.next()


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()
