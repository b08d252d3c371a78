"""User-Agent, timeouts and Retry-After of all requests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime
from importlib.metadata import version

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_clock import settle
from tests.support.payloads import payload
from tests.support.scripted import NOW, Scripted
from widget.clock import to_utc
from widget.http_client import (
    DEFAULT_RETRY_AFTER_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    TIMEOUT_SECONDS,
    LazyHttpClient,
    http_client,
    json_object,
    retry_after_seconds,
    user_agent,
)
from widget.model.errors import QuotaExceeded, RateLimited, SourceUnreachable, SpotifyUnreachable
from widget.sources.spotify.accounts_api import send, throttled_error

AT = 1_795_000_000.0


def test_the_user_agent_names_the_program_and_its_version() -> None:
    assert user_agent() == f"now-playing-backend/{version('now-playing-backend')}"


async def test_every_request_carries_the_user_agent_and_a_short_time_out() -> None:
    network = Scripted().answer(NOW, "track")
    http = http_client(network)
    await http.get(f"https://api.spotify.example{NOW}")
    assert network.requests[0].headers["user-agent"] == user_agent()
    assert set(network.requests[0].extensions["timeout"].values()) == {TIMEOUT_SECONDS}
    assert TIMEOUT_SECONDS <= 10


async def test_a_redirect_is_not_followed_with_our_token() -> None:
    network = Scripted().answer(NOW, httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    http = http_client(network)
    response = await send(http, http.build_request("GET", f"https://api.spotify.example{NOW}"))
    assert (response.status_code, len(network.requests)) == (302, 1)


class ForgetfulServer:
    """Keeps each connection open, and closes it without an answer at the request after the ``answers`` first ones."""

    def __init__(self, answers: int) -> None:
        self.answers, self.requests = answers, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            for answered in range(self.answers + 1):
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                if answered < self.answers:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()


@asynccontextmanager
async def forgetful_server(answers: int) -> AsyncIterator[tuple[ForgetfulServer, str]]:
    forgetful = ForgetfulServer(answers)
    async with await asyncio.start_server(forgetful.serve, "127.0.0.1", 0) as server:
        yield forgetful, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def test_a_question_is_asked_again_where_a_kept_connection_was_closed_meanwhile() -> None:
    async with forgetful_server(answers=1) as (server, url), http_client() as http:
        for _ in range(3):
            assert (await send(http, http.build_request("GET", url))).status_code == 200
        assert server.requests == 5


async def test_what_is_no_question_is_not_sent_twice() -> None:
    async with forgetful_server(answers=1) as (server, url), http_client() as http:
        await send(http, http.build_request("POST", url))
        with pytest.raises(SpotifyUnreachable, match="RemoteProtocolError"):
            await send(http, http.build_request("POST", url))
        assert server.requests == 2


async def test_a_new_connection_that_is_closed_at_once_is_not_tried_again() -> None:
    async with forgetful_server(answers=0) as (server, url), http_client() as http:
        with pytest.raises(SpotifyUnreachable, match="RemoteProtocolError"):
            await send(http, http.build_request("GET", url))
        assert server.requests == 1


async def test_an_answer_that_trickles_in_is_given_up_as_a_whole() -> None:
    network = Scripted().answer(NOW, "track")
    network.hold = asyncio.Event()
    http = http_client(network)
    request = http.build_request("GET", f"https://api.spotify.example{NOW}")
    with pytest.raises(SpotifyUnreachable, match="in time"):
        await send(http, request, seconds=0.01)


async def test_who_waits_for_an_answer_can_be_cancelled() -> None:
    network = Scripted().answer(NOW, "track")
    network.hold = asyncio.Event()
    http = http_client(network)
    waiting = asyncio.create_task(send(http, http.build_request("GET", f"https://api.spotify.example{NOW}")))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        (" 17 ", 17.0),
        ("0", 1.0),
        ("50400", 50_400.0),
        ("99999999", MAX_RETRY_AFTER_SECONDS),
        (format_datetime(to_utc(AT + 90), usegmt=True), 90.0),
        (format_datetime(to_utc(AT - 90), usegmt=True), 1.0),
        ("Tue, 18 Nov 2036 10:00:00 -0000", MAX_RETRY_AFTER_SECONDS),
        *((value, DEFAULT_RETRY_AFTER_SECONDS) for value in (None, "", "soon", "-5", "1.5", "9" * 30, "１７")),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date_else_a_minute(value: str | None, seconds: float) -> None:
    assert retry_after_seconds(value, AT) == seconds


DATE_LIKE = st.from_regex(r"\A[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,12} [0-9:]{1,12} [-+A-Z0-9]{1,16}\Z")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | DATE_LIKE | st.just("Mon, 01 Jan 0001 00:00:00 +2359"))
def test_any_retry_after_is_some_time_within_a_week(value: str) -> None:
    assert 1.0 <= retry_after_seconds(value, AT) <= MAX_RETRY_AFTER_SECONDS


def test_the_quota_is_distinguished_from_the_rate_limit() -> None:
    assert isinstance(throttled_error(payload("error_429_quota"), AT), QuotaExceeded)
    assert isinstance(throttled_error(payload("error_429_rate"), AT), RateLimited)
    assert isinstance(throttled_error(httpx.Response(429, text="Too many requests"), AT), RateLimited)
    assert isinstance(throttled_error(httpx.Response(429, json={"error": "QUOTA_EXCEEDED"}), AT), RateLimited)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=40), st.sampled_from(["application/json", "text/plain; charset=utf-16", "x; charset=no-such"])
)
def test_any_body_is_an_object_or_an_empty_one(content: bytes, media_type: str) -> None:
    assert isinstance(json_object(httpx.Response(200, headers={"content-type": media_type}, content=content)), dict)


def test_a_client_that_can_no_longer_be_made_is_a_source_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The certificate file may disappear while the program runs."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/certificates.pem")
    with pytest.raises(SourceUnreachable, match="FileNotFoundError"):
        LazyHttpClient()()
