"""No response of a service takes more memory than the limit, whatever it inflates to."""

import asyncio
import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import cache
from itertools import chain, repeat
from typing import Any

import httpx
import pytest
from starlette.middleware.gzip import GZipMiddleware

from tests.support.chunks import Chunks
from tests.support.fake_clock import FakeClock, settle
from tests.support.payloads import body
from tests.support.scripted import TOKEN, Scripted
from widget.http_client import MAX_RESPONSE_BYTES, LazyHttpClient, http_client, send
from widget.model.errors import SourceUnreachable, SpotifyUnreachable
from widget.model.tokens import AccessToken, Credentials
from widget.sources.lastfm.adapter import LastfmAccount, LastfmClient
from widget.sources.listenbrainz.adapter import ListenbrainzAccount, ListenbrainzClient
from widget.sources.simulators.lastfm import LastfmSimulator
from widget.sources.spotify.accounts_api import AccountsApi
from widget.sources.spotify.web_api import WebApi

CHUNK = 64 * 1024
ACCESS = AccessToken("BQ-access", 9e9)
CREDENTIALS = Credentials("an-id", "a-secret")
SPOTIFY = "https://spotify.example"


class Network(httpx.AsyncBaseTransport):
    """Responds to every request with one body."""

    def __init__(self, stream: Chunks, status: int, headers: dict[str, str]) -> None:
        self.stream = stream
        self.status = status
        self.headers = headers
        self.requested: httpx.Headers | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requested = request.headers
        return httpx.Response(self.status, headers=self.headers, stream=self.stream)


Ask = Callable[[LazyHttpClient], Awaitable[Any]]
CLIENTS: dict[str, Ask] = {
    "now": lambda http: WebApi(http, SPOTIFY, FakeClock()).currently_playing(ACCESS),
    "recent": lambda http: WebApi(http, SPOTIFY, FakeClock()).recently_played(ACCESS),
    "me": lambda http: WebApi(http, SPOTIFY, FakeClock()).me(ACCESS),
    "refresh": lambda http: AccountsApi(http, SPOTIFY, FakeClock()).refresh(CREDENTIALS, "AQ-stored"),
    "code": lambda http: AccountsApi(http, SPOTIFY, FakeClock()).exchange_code(
        CREDENTIALS, "a-code", "http://127.0.0.1:8888/callback", "a-verifier"
    ),
    "lastfm": lambda http: LastfmClient(http, FakeClock(), 2).now_playing(
        LastfmAccount("someone", "a-key", "https://lastfm.example/2.0/")
    ),
    "listenbrainz now": lambda http: ListenbrainzClient(http, FakeClock(), 2).now_playing(
        ListenbrainzAccount("someone", url="https://listenbrainz.example")
    ),
    "listenbrainz played": lambda http: ListenbrainzClient(http, FakeClock(), 2).recently_played(
        ListenbrainzAccount("someone", url="https://listenbrainz.example")
    ),
}
every_client = pytest.mark.parametrize("client", CLIENTS)

JSON = b'{"access_token": "BQ-new"}'


@cache
def bomb() -> bytes:
    """Return few bytes that inflate to eight times the limit."""
    return gzip.compress(b" " * (8 * MAX_RESPONSE_BYTES))


def without_end(start: bytes, chunk: bytes) -> Iterator[bytes]:
    return chain([start], repeat(chunk))


TOO_MUCH: dict[str, Callable[[], tuple[str, Iterable[bytes]]]] = {
    "plain": lambda: ("identity", [b"{" + b" " * MAX_RESPONSE_BYTES]),
    "plain, in an encoding without a name": lambda: ("", [b" " * CHUNK] * 33),
    "without an end": lambda: ("identity", without_end(b"{", b" " * CHUNK)),
    "a bomb at once": lambda: ("gzip", [bomb()]),
    "a bomb bit by bit": lambda: ("gzip", [bomb()[at : at + 512] for at in range(0, len(bomb()), 512)]),
    "a zlib bomb": lambda: ("deflate", [zlib.compress(b" " * (8 * MAX_RESPONSE_BYTES))]),
    "blocks without an end that hold nothing": lambda: (
        "gzip",
        without_end(gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff" * 13_000),
    ),
    "what follows the end of the encoded part": lambda: ("gzip", without_end(gzip.compress(JSON), b" " * CHUNK)),
}
UNREADABLE: dict[str, Callable[[], tuple[str, Iterable[bytes]]]] = {
    "a bomb in a bomb": lambda: ("gzip, gzip", [gzip.compress(bomb())]),
    "a bomb that is told as one layer": lambda: ("gzip", [gzip.compress(bomb())]),
    "no gzip at all": lambda: ("gzip", [JSON]),
    "a wrong sum": lambda: ("gzip", [gzip.compress(JSON)[:-8] + bytes(8)]),
    "cut off": lambda: ("gzip", [gzip.compress(JSON)[:20]]),
    "a head alone": lambda: ("gzip", [gzip.compress(JSON)[:10]]),
    "brotli": lambda: ("br", [JSON]),
    "zstd": lambda: ("zstd", [JSON]),
    "nothing that is known": lambda: ("x-no-such", [JSON]),
}


async def requested(
    client: str, coding: str, chunks: Iterable[bytes], status: int = 200
) -> tuple[SourceUnreachable, int]:
    """Return the error of ``client`` at such a body, and the peak of its memory (bytes)."""
    stream = Chunks(chunks)
    network = Network(stream, status, {"content-encoding": coding})
    async with http_client(network) as http:
        tracemalloc.start()
        try:
            with pytest.raises(SourceUnreachable) as raised:
                await CLIENTS[client](LazyHttpClient(http))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert stream.is_closed
    assert stream.taken <= MAX_RESPONSE_BYTES + CHUNK
    is_spotify = client in ("now", "recent", "me", "refresh", "code")
    assert isinstance(raised.value, SpotifyUnreachable) == is_spotify
    assert raised.value.code == ("spotify_unreachable" if is_spotify else "source_unreachable")
    return raised.value, most


@every_client
@pytest.mark.parametrize("answer", TOO_MUCH)
async def test_an_answer_beyond_the_limit_is_read_to_the_limit_alone(client: str, answer: str) -> None:
    error, most = await requested(client, *TOO_MUCH[answer]())
    assert str(error).endswith("sent a response that is too large.")
    assert most < 5 * MAX_RESPONSE_BYTES


@every_client
@pytest.mark.parametrize("answer", UNREADABLE)
async def test_an_encoding_that_is_broken_or_was_not_asked_for_is_no_answer(client: str, answer: str) -> None:
    _, most = await requested(client, *UNREADABLE[answer]())
    assert most < 5 * MAX_RESPONSE_BYTES


@every_client
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
async def test_refusals_have_the_same_limit(client: str, status: int) -> None:
    error, most = await requested(client, "gzip", [bomb()], status)
    assert str(error).endswith("sent a response that is too large.")
    assert most < 5 * MAX_RESPONSE_BYTES


def answering(content: bytes, *, coding: str = "gzip", step: int = CHUNK, **headers: str) -> Network:
    chunks = [content[at : at + step] for at in range(0, len(content), step)]
    return Network(Chunks(chunks), 200, {"content-encoding": coding, **headers})


async def answer_of(network: Network) -> httpx.Response:
    async with http_client(network) as http:
        return await send(http, http.build_request("GET", f"{SPOTIFY}/v1/me"), "Spotify")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP", "deflate", "identity"])
@pytest.mark.parametrize("step", [1, 7, CHUNK])
async def test_an_encoded_answer_reads_as_if_it_were_plain(coding: str, step: int) -> None:
    text = json.dumps({"name": "Ærø", "rows": list(range(500))}, ensure_ascii=False)
    packers: dict[str, Callable[[bytes], bytes]] = {"deflate": zlib.compress, "identity": bytes}
    packed = packers.get(coding, gzip.compress)(text.encode())
    network = answering(packed, coding=coding, step=step, **{"content-type": "application/json", "retry-after": "7"})
    response = await answer_of(network)
    assert (response.status_code, response.text, response.json()) == (200, text, json.loads(text))
    assert response.headers["retry-after"] == "7"
    assert "content-encoding" not in response.headers
    assert int(response.headers["content-length"]) == len(response.content) == len(text.encode())
    assert network.requested is not None
    assert network.requested["accept-encoding"] == "gzip"


async def test_an_answer_as_long_as_the_limit_is_read() -> None:
    content = JSON.ljust(MAX_RESPONSE_BYTES)
    assert (await answer_of(answering(gzip.compress(content)))).content == content
    assert (await answer_of(answering(content, coding="identity"))).json() == json.loads(JSON)


async def test_an_answer_without_a_body_may_name_an_encoding() -> None:
    assert (await answer_of(answering(b""))).content == b""


async def test_headers_in_no_encoding_that_we_know_do_no_harm() -> None:
    stream = Chunks([JSON])
    raw = [(b"x-odd", "Ærø".encode()), (b"x-odder", b"\xff\xfe"), (b"Content-Encoding", b"identity")]

    class Odd(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, headers=raw, stream=stream)

    async with http_client(Odd()) as http:
        response = await send(http, http.build_request("GET", SPOTIFY), "Spotify")
    assert response.json() == json.loads(JSON)


async def test_a_token_in_an_answer_that_lacks_its_last_bytes_is_not_lost() -> None:
    network = answering(gzip.compress(body("token_rotated"))[:-8], step=16)
    async with http_client(network) as http:
        answer = await AccountsApi(LazyHttpClient(http), SPOTIFY, FakeClock()).refresh(CREDENTIALS, "AQ-stored")
    assert answer.refresh_token == json.loads(body("token_rotated"))["refresh_token"]


async def test_a_service_that_compresses_is_understood() -> None:
    clock = FakeClock()
    simulator = LastfmSimulator(clock.now)
    account = LastfmAccount(simulator.user, simulator.key, "https://lastfm.example/2.0/")
    transport = httpx.ASGITransport(GZipMiddleware(simulator.app, minimum_size=1))
    async with http_client(transport) as http:
        result = await LastfmClient(LazyHttpClient(http), clock, 2).now_playing(account)
    assert result.playback is not None


async def test_who_waits_for_a_body_can_be_cancelled_and_the_connection_is_closed() -> None:
    comes = asyncio.Event()

    class Slow(Chunks):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            await comes.wait()

    stream = Slow([])
    async with http_client(Network(stream, 200, {})) as http:
        waiting = asyncio.create_task(send(http, http.build_request("GET", SPOTIFY), "Spotify"))
        await settle()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert stream.is_closed
        with pytest.raises(SourceUnreachable, match="in time"):
            await send(http, http.build_request("GET", SPOTIFY), "Spotify", seconds=0.01)


async def test_a_body_that_breaks_off_is_no_answer() -> None:
    class Broken(Chunks):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            raise httpx.RemoteProtocolError("peer closed connection")

    network = Scripted().answer(TOKEN, lambda _: httpx.Response(200, stream=Broken([])))
    with pytest.raises(SpotifyUnreachable, match="RemoteProtocolError"):
        await AccountsApi(LazyHttpClient(http_client(network)), SPOTIFY, FakeClock()).refresh(CREDENTIALS, "AQ-stored")
