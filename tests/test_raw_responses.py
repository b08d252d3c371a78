"""Raw response heads are on the wire what another server makes of the same message."""

import gc
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from tests.support.live_server import NO_CERTIFICATES, live_server
from tests.support.web_harness import WebHarness, playing
from widget.server.connections import LimitedProtocol


@pytest.fixture
def both() -> Iterator[tuple[str, str]]:
    app = (
        WebHarness().show(playing(FakeClock().now(), progress_ms=None)).app
    )  # Time stands still between the two answers.
    with live_server(app) as fast, live_server(app, h11=True) as plain:
        yield fast, plain


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
@pytest.mark.parametrize("condition", ["", "*", 'W/"x"'])
def test_both_servers_say_the_same(both: tuple[str, str], method: str, condition: str) -> None:
    headers = {"If-None-Match": condition} if condition else {}
    fast, plain = (httpx.request(method, f"{url}/now-playing", headers=headers) for url in both)
    assert fast.status_code == plain.status_code
    assert {**fast.headers, "date": ""} == {**plain.headers, "date": ""}
    assert fast.content == plain.content


def test_a_connection_that_is_to_end_ends_after_the_answer(both: tuple[str, str]) -> None:
    host, port = both[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /now-playing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        heard = b""
        while piece := connection.recv(65_536):
            heard += piece
    assert b"connection: close" in heard
    assert heard.endswith(b"}")


def test_requests_in_a_row_are_answered_in_a_row(both: tuple[str, str]) -> None:
    host, port = both[0].removeprefix("http://").split(":")
    paths = [b"now-playing", b"healthz", b"now-playing"] * 5
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        requests = [b"GET /" + path + b" HTTP/1.1\r\nHost: x\r\n\r\n" for path in paths]
        connection.sendall(b"".join(requests[:-1]) + requests[-1].replace(b"Host", b"Connection: close\r\nHost"))
        heard = b""
        while piece := connection.recv(65_536):
            heard += piece
    assert heard.count(b"HTTP/1.1 200") == len(paths)


def test_a_connection_that_has_ended_leaves_nothing_to_the_garbage_collector(both: tuple[str, str]) -> None:
    collections: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        collections.append(phase)

    gc.callbacks.append(note)
    gc.disable()
    try:
        while True:
            gc.collect()
            collections.clear()
            for url in both:
                for path in ("/now-playing", "/healthz", "/nowhere"):
                    httpx.get(f"{url}{path}", headers={"Connection": "close"}, verify=NO_CERTIFICATES)
            end = time.monotonic() + 10
            while (left := _connections()) and not collections and time.monotonic() < end:
                time.sleep(0.01)
            if not collections:  # Each server collects once, soon after its start.
                break
    finally:
        gc.enable()
        gc.callbacks.remove(note)
    assert left == 0


def _connections() -> int:
    return sum(isinstance(one, LimitedProtocol) for one in gc.get_objects())
