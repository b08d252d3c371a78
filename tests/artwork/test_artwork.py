"""``/artwork/{key}``: from our own origin, fetched once, and no open proxy."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import httpx
import pytest

from tests.support.chunks import Chunks, encoded
from tests.support.fake_clock import FakeClock, settle
from tests.support.web_harness import WebHarness, item, playing
from widget.artwork.cache import MAX_KEYS, ArtworkCache, pick_size
from widget.artwork.dominant_color import MAX_IMAGE_BYTES
from widget.artwork.fetcher import raster_media_type
from widget.config.settings import Settings
from widget.http_client import MAX_CONNECTIONS, http_client
from widget.model.playback import Artwork, Item

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
Answer = Callable[[httpx.Request], httpx.Response]


class Network(httpx.AsyncBaseTransport):
    """Answers as told, and remembers which hosts were asked."""

    def __init__(self, answer: Answer, hold: asyncio.Event | None = None) -> None:
        self.answer = answer
        self.hold = hold
        self.asked: list[str] = []
        self.headers: list[httpx.Headers] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        self.headers.append(request.headers)
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answer(request)
        if hasattr(answer, "_content"):  # Made whole by a test; from the network it comes bit by bit.
            return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))
        return answer


def with_art(*urls: str) -> Item:
    return item(artwork=tuple(Artwork(url, 300, 300) for url in urls))


def shown(network: Network, url: str = "https://i.scdn.co/image/1", hosts: tuple[str, ...] = ()) -> WebHarness:
    harness = WebHarness(settings=Settings(artwork_hosts=hosts), network=network)
    return harness.show(playing(harness.clock.now(), with_art(url)))


async def fetch(harness: WebHarness, **headers: str) -> httpx.Response:
    async with harness.client(**headers) as client:
        path = (await client.get("/now-playing")).json()["item"]["artwork_path"]
        return await client.get(path)


async def test_the_image_comes_as_it_is_to_be_kept_for_ever(harness: WebHarness) -> None:
    answer = await fetch(harness.show(playing(harness.clock.now())))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await fetch(harness, if_none_match=answer.headers["etag"])
    assert again.status_code == 304


async def test_any_width_is_had_that_there_is(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client() as client:
        path = (await client.get("/now-playing")).json()["item"]["artwork_path"]
        for width in ("64", "65", "2000", "-1", "x", ""):
            assert (await client.get(path, params={"w": width})).status_code == 200
    assert harness.simulator.requests == ["/image/tides-64", "/image/tides-300", "/image/tides-640"]


@pytest.mark.parametrize("key", ["0" * 32, "https://i.scdn.co/image/1", "%2e%2e%2fetc", "x" * 4000])
async def test_an_unknown_key_is_404_and_causes_no_request(harness: WebHarness, key: str) -> None:
    async with harness.client() as client:
        assert (await client.get(f"/artwork/{key}")).status_code == 404
    assert harness.simulator.requests == []


async def test_an_instance_that_has_not_served_it_yet_knows_the_key_too(harness: WebHarness) -> None:
    path = harness.artwork.path(item())
    other = WebHarness()
    other.show(playing(other.clock.now()))
    async with other.client() as client:
        assert (await client.get(str(path))).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/image",
        "http://i.scdn.co/image/1",
        "https://i.scdn.co.evil.example/1",
        "https://scdn.co/1",
        "https://i.scdn.co:8443/1",
        "https://me@i.scdn.co/1",
        "https://127.0.0.1/1",
        "file:///etc/passwd",
        "https://[::1/1",
        "",
    ],
)
async def test_only_spotify_s_image_hosts_are_requested(url: str) -> None:
    network = Network(lambda _: httpx.Response(200, content=PNG))
    harness = shown(network, url)
    async with harness.client() as client:
        assert (await client.get("/now-playing")).json()["item"]["artwork_path"] is None
    assert network.asked == []


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://mosaic.scdn.co/1", ()),
        ("https://image-cdn-ak.spotifycdn.com/1", ()),
        ("https://art.example:8443/1", ("art.example:8443",)),
        ("http://127.0.0.1:9000/1", ("127.0.0.1:9000",)),
        ("http://localhost:9000/1", ("localhost:9000",)),
    ],
)
async def test_the_owner_s_hosts_are_requested_too(url: str, hosts: tuple[str, ...]) -> None:
    network = Network(lambda _: httpx.Response(200, content=PNG))
    assert (await fetch(shown(network, url, hosts))).content == PNG
    assert network.asked == [url]


async def test_plain_http_is_for_loopback_alone() -> None:
    network = Network(lambda _: httpx.Response(200, content=PNG))
    harness = shown(network, "http://art.example/1", ("art.example",))
    async with harness.client() as client:
        assert (await client.get("/now-playing")).json()["item"]["artwork_path"] is None


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(500, content=PNG),
        httpx.Response(200, content=b"<svg onload=alert(1)>", headers={"content-type": "image/png"}),
        httpx.Response(200, content=b"<html>", headers={"content-type": "image/jpeg"}),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=PNG + b"0" * (2 * 1024 * 1024)),
        httpx.Response(302, headers={"location": "https://evil.example/1"}),
        httpx.Response(302, headers={"location": "http://i.scdn.co/image/1"}),
        httpx.Response(302, headers={"location": "https://i.scdn.co/image/1"}),
        httpx.Response(302, headers={"location": "https://[::1/"}),
        httpx.Response(302),
        httpx.Response(302, headers={b"location": b"https://\xfc" + b"x" * 3000}),
        httpx.Response(204),
        httpx.Response(101),
    ],
)
async def test_what_is_no_image_within_the_limits_gives_the_drawing(answer: httpx.Response) -> None:
    network = Network(lambda _: httpx.Response(answer.status_code, content=answer.content, headers=answer.headers))
    got = await fetch(shown(network))
    assert got.status_code == 200
    assert got.headers["content-type"] == "image/svg+xml"
    assert "max-age=10" in got.headers["cache-control"]
    assert all(url.startswith("https://i.scdn.co/") for url in network.asked)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: encoded("gzip", gzip.compress(gzip.compress(PNG + bytes(40 * 1024 * 1024)))),
        lambda: encoded("gzip", gzip.compress(PNG + bytes(40 * 1024 * 1024))),
        lambda: encoded("gzip, gzip", gzip.compress(gzip.compress(PNG))),
        lambda: encoded("br", PNG),
        lambda: encoded("zstd", PNG),
        lambda: encoded("gzip", PNG),
        lambda: encoded("gzip", gzip.compress(PNG)[:-20]),
        lambda: encoded("deflate", b"\x00\x01"),
        lambda: encoded("identity", *[PNG, *[bytes(64 * 1024)] * 40]),
    ],
)
async def test_no_encoding_costs_more_than_the_limit_or_fails(answer: Callable[[], httpx.Response]) -> None:
    made = answer()
    harness = shown(Network(lambda _: made))
    tracemalloc.start()
    try:
        got = await fetch(harness)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (got.status_code, got.headers["content-type"]) == (200, "image/svg+xml")
    assert most < 5 * MAX_IMAGE_BYTES


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_one_layer_of_compression_is_understood_though_none_is_asked_for(coding: str) -> None:
    packed = gzip.compress(PNG) if coding == "gzip" else zlib.compress(PNG)
    network = Network(lambda _: encoded(coding, packed[:20], packed[20:]))
    assert (await fetch(shown(network))).content == PNG
    assert network.headers[0]["accept-encoding"] == "identity"


async def test_a_body_without_an_end_is_read_to_the_limit_alone() -> None:
    endless = Chunks([PNG, *[bytes(64 * 1024)] * 1000])
    network = Network(lambda _: httpx.Response(200, stream=endless))
    await fetch(shown(network))
    assert endless.taken < MAX_IMAGE_BYTES + 128 * 1024


@pytest.mark.parametrize(
    "fault", [RuntimeError("odd"), KeyError("location"), UnicodeError("idna"), OSError(24, "files")]
)
async def test_whatever_the_client_raises_no_route_fails(fault: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise fault

    harness = shown(Network(fail))
    async with harness.client() as client:
        for path in (
            "/now-playing.svg",
            "/widget",
            "/now-playing",
            str(harness.artwork.path(with_art("https://i.scdn.co/image/1"))),
        ):
            assert (await client.get(path)).status_code == 200


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/image/1":
            return httpx.Response(301, headers={"location": "/image/2"})
        return httpx.Response(200, content=PNG)

    assert (await fetch(shown(Network(answer)))).content == PNG


async def test_a_failure_is_remembered_for_a_minute_and_then_tried_again() -> None:
    clock = FakeClock()
    network = Network(lambda _: httpx.Response(503))
    harness = WebHarness(clock, network=network).show(playing(clock.now(), with_art("https://i.scdn.co/image/1")))
    for _ in range(3):
        await fetch(harness)
    assert len(network.asked) == 1
    await clock.advance(61)
    network.answer = lambda _: httpx.Response(200, content=PNG)
    assert (await fetch(harness)).content == PNG


async def test_a_network_that_fails_is_no_error() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    assert (await fetch(shown(Network(fail)))).headers["content-type"] == "image/svg+xml"


async def test_many_at_once_fetch_once_and_nobody_waits_for_a_slow_one() -> None:
    hold = asyncio.Event()
    network = Network(lambda _: httpx.Response(200, content=PNG), hold)
    harness = shown(network)
    key = str(harness.artwork.key(with_art("https://i.scdn.co/image/1")))
    waiting = [asyncio.create_task(harness.artwork.get(key, 300, 5.0)) for _ in range(10)]
    assert await harness.artwork.get(key, 300, 0.02) is None
    hold.set()
    assert {file.body for file in await asyncio.gather(*waiting) if file} == {PNG}
    assert len(network.asked) == 1


async def test_what_is_kept_is_bounded() -> None:
    clock = FakeClock()
    big = PNG + b"0" * 1_900_000
    http = http_client(Network(lambda _: httpx.Response(200, content=big)))
    cache = ArtworkCache(lambda: http, (), clock)
    keys = [str(cache.key(with_art(f"https://i.scdn.co/image/{number}"))) for number in range(MAX_KEYS + 20)]
    assert not cache.has_key(keys[0])
    assert cache.has_key(keys[-1])
    for key in keys[-20:]:
        assert await cache.get(key, 300, 5.0) is not None
    assert sum(len(file.body) for file in cache._files.values()) <= 16 * 1024 * 1024


async def test_fetches_under_way_end_with_the_program() -> None:
    network = Network(lambda _: httpx.Response(200, content=PNG), asyncio.Event())
    harness = shown(network)
    await harness.artwork.get(str(harness.artwork.key(with_art("https://i.scdn.co/image/1"))), 300, 0.01)
    async with asyncio.timeout(1):
        await harness.artwork.close()


@pytest.mark.parametrize(("wanted", "width"), [(64, 64), (65, 300), (300, 300), (301, 640), (9000, 640)])
def test_the_smallest_that_is_wide_enough_is_chosen_else_the_widest(wanted: int, width: int) -> None:
    artwork = tuple(Artwork(f"https://i.scdn.co/{size}", size, size) for size in (640, 300, 64))
    chosen = pick_size(artwork, wanted)
    assert chosen is not None
    assert chosen.width == width


def test_unknown_sizes_mean_the_first_and_nothing_means_none() -> None:
    unknown = (Artwork("https://i.scdn.co/a"), Artwork("https://i.scdn.co/b"))
    assert pick_size(unknown, 300) == unknown[0]
    assert pick_size((), 300) is None


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<?xml", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes(start: bytes, media_type: str | None) -> None:
    assert raster_media_type(start) == media_type


async def test_slow_covers_of_a_long_list_leave_connections_to_the_source() -> None:
    network = Network(lambda request: httpx.Response(200, content=PNG), asyncio.Event())
    async with http_client(network) as http:
        artwork = ArtworkCache(lambda: http, (), FakeClock())
        keys = [artwork.key(with_art(f"https://i.scdn.co/image/{number}")) for number in range(2 * MAX_CONNECTIONS)]
        covers = [asyncio.create_task(artwork.get(key, timeout=10.0)) for key in keys if key is not None]
        await settle()
        assert 0 < len(network.asked) < MAX_CONNECTIONS
        assert network.hold is not None
        network.hold.set()
        assert all([await cover for cover in covers])
    assert len(network.asked) == 2 * MAX_CONNECTIONS
