"""Limits on one connection: endless heads and bodies, silence, too many requests."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass

import httpx
import pytest

from tests.support.live_server import LIMITS, live_server
from tests.support.web_harness import WebHarness, playing
from widget.clock import SystemClock
from widget.config.settings import Settings
from widget.server.connections import ConnectionLimits

LINE = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


@dataclass(frozen=True)
class Server:
    harness: WebHarness
    url: str


@pytest.fixture(params=["httptools", "h11"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    clock = SystemClock()
    harness = WebHarness(clock).show(playing(clock.now()))
    with live_server(harness.app, h11=request.param == "h11") as address:
        yield Server(harness, address)


@pytest.fixture
def url(server: Server) -> str:
    return server.url


def eventually(holds: Callable[[], bool], seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def said(url: str, *pieces: bytes, responses: int | None = None) -> bytes:
    """All that the server says to ``pieces`` until it ends the connection, or has answered and says no more.

    It says no more after a second of silence, or once it has sent so many ``responses``.
    """
    with connected(url) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            connection.settimeout(1.0 if responses is None else 20.0)
            heard = b""
            while piece := connection.recv(65_536):
                heard += piece
                if responses is not None and heard.count(b"HTTP/1.1 ") >= responses:
                    break
        except TimeoutError:
            return heard
        except OSError:
            return b"closed"
        return heard or b"closed"


def is_cut_off(connection: socket.socket, again_and_again: bytes) -> bool:
    """Whether the server ends the connection while it is sent the same without an end: 40 MB, more than the buffers
    on the way hold."""
    try:
        for _ in range(40_000_000 // len(again_and_again)):
            connection.sendall(again_and_again)
    except OSError:
        return True
    return False


def is_refused(answer: bytes) -> bool:
    return answer == b"closed" or answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def is_healthy(url: str) -> bool:
    return httpx.get(f"{url}/healthz", timeout=5).status_code == 200


def test_a_head_within_the_limits_is_answered(url: str) -> None:
    long = b"x: " + bytes([97]) * (LIMITS.head_bytes - len(LINE) - 200)
    many = b"".join(b"h%d: v\r\n" % number for number in range(LIMITS.headers - 1))
    for headers in (long + b"\r\n", many):
        assert said(url, LINE + headers + b"\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "head",
    [
        LINE + b"x: " + b"a" * LIMITS.head_bytes + b"\r\n\r\n",
        LINE + b"".join(b"h%d: v\r\n" % number for number in range(LIMITS.headers)) + b"\r\n",
        b"GET /" + b"a" * LIMITS.head_bytes + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        LINE + b"a" * 500_000 + b": x\r\n\r\n",
    ],
    ids=["a long header", "many headers", "a long address", "a long name"],
)
def test_a_larger_head_is_refused_in_one_piece_and_bit_by_bit(url: str, head: bytes) -> None:
    assert is_refused(said(url, head))
    assert is_refused(said(url, *(head[start : start + 1000] for start in range(0, len(head), 1000))))
    assert is_healthy(url)


@pytest.mark.parametrize(
    "endless",
    [b"a:b\r\n" * 400, b"x" * 2000, b"\r\n" * 1000],
    ids=["tiny header lines", "one name", "empty lines"],
)
def test_a_head_without_an_end_is_cut_off(url: str, endless: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(LINE if endless != b"\r\n" * 1000 else b"\r\n")
        assert is_cut_off(connection, endless)
    assert is_healthy(url)


def test_trailers_count_as_head(url: str) -> None:
    chunked = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    with connected(url) as connection:
        connection.sendall(chunked)
        assert is_cut_off(connection, b"t: r\r\n" * 400)
    assert is_healthy(url)


def test_what_is_no_http_is_refused_without_a_line_in_the_log(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert said(url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").startswith(b"HTTP/1.1 400")
    assert said(url, LINE + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_requests_upon_requests_on_one_connection_are_answered_to_a_limit(url: str) -> None:
    few = said(url, (LINE + b"\r\n") * 20)
    assert few.count(b"HTTP/1.1 200") == 20
    said(url, (LINE + b"\r\n") * 5000)
    assert is_healthy(url)


def test_a_hundred_requests_in_one_write_are_answered_one_by_one(url: str) -> None:
    for count in (100, 1000):
        assert said(url, (LINE + b"\r\n") * count, responses=count).count(b"HTTP/1.1 200") == count


def test_what_is_no_request_ends_the_connection_after_the_answers_that_are_due(url: str) -> None:
    answers = said(url, (LINE + b"\r\n") * 3 + b"GARBAGE\r\n\r\n" + LINE + b"\r\n")
    assert answers.count(b"HTTP/1.1 200") == 3
    assert answers.count(b"HTTP/1.1 400") == 1


STREAM = b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("behind", [b"", LINE + b"\r\n", LINE, (LINE + b"\r\n") * 300, STREAM * 3])
def test_a_viewer_who_leaves_is_gone_at_once_whatever_was_sent_behind_the_stream(
    server: Server, behind: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for pieces in ((STREAM + behind,), (STREAM, behind)):
        with connected(server.url) as connection:
            for piece in pieces:
                connection.sendall(piece)
                assert eventually(lambda: server.harness.broadcast.streams == 1)
            heard = b""
            while b"data: " not in heard:
                heard += connection.recv(65_536)
        assert eventually(lambda: server.harness.broadcast.streams == 0, seconds=2)
        assert heard.count(b"HTTP/1.1") == 1
    assert not caplog.records


def test_a_connection_with_requests_behind_its_stream_closes_after_the_stream(server: Server) -> None:
    with connected(server.url) as connection:
        connection.sendall(STREAM + LINE + b"\r\n")
        assert eventually(lambda: server.harness.broadcast.streams == 1)
        server.harness.app.do(server.harness.app.close_streams)
        heard = b""
        while piece := connection.recv(65_536):
            heard += piece
    assert heard.endswith(b"0\r\n\r\n")
    assert heard.count(b"HTTP/1.1") == 1


def test_a_stream_leaves_its_connection_usable(server: Server) -> None:
    with connected(server.url) as connection:
        connection.sendall(STREAM)
        assert eventually(lambda: server.harness.broadcast.streams == 1)
        server.harness.app.do(server.harness.app.close_streams)
        heard = b""
        while not heard.endswith(b"0\r\n\r\n"):
            heard += connection.recv(65_536)
        connection.sendall(LINE + b"\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


UNFINISHED = (
    b"POST /setup HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nkey="
)


@pytest.mark.parametrize("h11", [False, True])
def test_bodies_that_stand_still_shut_nobody_out(h11: bool) -> None:
    app = WebHarness(settings=Settings(setup_key="a key of twenty letters")).app
    with live_server(app, limits=ConnectionLimits(20), h11=h11) as url, ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(url)).sendall(UNFINISHED)
        assert is_healthy(url)


@pytest.mark.parametrize("h11", [False, True])
def test_few_bodies_are_awaited_at_a_time_and_a_whole_one_always_passes(h11: bool) -> None:
    app = WebHarness(settings=Settings(setup_key="a key of twenty letters")).app
    with live_server(app, h11=h11) as url, ExitStack() as stack:
        waiting = [stack.enter_context(connected(url)) for _ in range(30)]
        for connection in waiting:
            connection.sendall(UNFINISHED)
        begun, refused = time.monotonic(), 0
        for connection in waiting:
            connection.settimeout(0.5)
            with suppress(TimeoutError):
                refused += connection.recv(20).startswith(b"HTTP/1.1 503")
            connection.settimeout(0.01)
        assert refused >= 20
        assert time.monotonic() - begun < 10
        form = httpx.post(f"{url}/setup", data={"key": "x"}, headers={"Sec-Fetch-Site": "same-origin"}, timeout=10)
        assert form.status_code == 403


def test_without_the_cookie_of_the_form_no_body_is_read() -> None:
    app = WebHarness(settings=Settings(setup_key="a key of twenty letters")).app
    with live_server(app) as url:
        head = b"POST /setup HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
        assert said(url, head).startswith(b"HTTP/1.1 403")


HOSTS = ["[]", "[::1", "[::::]", "[1.2.3.4]", "[gggg::1]", "[::1]]", "[::1]:x", "[v1.x]", "a b", "\xff"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_host_that_is_no_address_changes_nothing(url: str, host: str, caplog: pytest.LogCaptureFixture) -> None:
    for path in (b"/", b"/widget", b"/oembed?url=x", b"/api/now-playing", b"/static/widget.js", b"/setup", b"/nowhere"):
        head = b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\nHost: " + host.encode("latin-1")
        answer = said(url, head + b"\r\n\r\n")
        assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 40")), path
        assert b"//" + host.encode("latin-1") not in answer.partition(b"\r\n\r\n")[2], path
    assert not caplog.records


def test_an_answer_comes_though_the_body_goes_on(url: str) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    assert said(url, head, b"x" * 100_000).startswith(b"HTTP/1.1 413")


def test_silent_connections_shut_nobody_out() -> None:
    with live_server(WebHarness().app, limits=ConnectionLimits(20)) as url, ExitStack() as stack:
        silent = [stack.enter_context(connected(url)) for _ in range(60)]
        assert is_healthy(url)
        assert silent[0].recv(1) == b""  # The longest silent one made room.
        for connection in silent[-5:]:
            connection.sendall(LINE + b"\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost", LINE + b"\r\n" + b"GET /he"])
@pytest.mark.parametrize("h11", [False, True])
def test_a_head_that_is_not_complete_in_time_ends_the_connection(begun: bytes, h11: bool) -> None:
    with (
        live_server(WebHarness().app, limits=ConnectionLimits(100, header_timeout=0.3), h11=h11) as url,
        connected(url) as connection,
    ):
        begin = time.monotonic()
        connection.sendall(begun)
        while connection.recv(65_536):
            pass
        assert time.monotonic() - begin < 5
        assert is_healthy(url)


def test_who_takes_nothing_of_what_was_asked_for_is_let_go() -> None:
    with (
        live_server(WebHarness().app, limits=ConnectionLimits(100, write_timeout=0.3)) as url,
        connected(url) as connection,
    ):
        assert is_cut_off(connection, b"GET /static/widget.js HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        assert is_healthy(url)
