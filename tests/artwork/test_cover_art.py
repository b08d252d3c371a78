"""Artwork by a MusicBrainz release: over the hosts of the Cover Art Archive, and over no other."""

import asyncio
from itertools import pairwise

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from tests.support.web_harness import WebHarness, item, playing
from widget.model.playback import Artwork, Item
from widget.model.sources import LISTENBRAINZ, SPOTIFY, front_cover
from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.playlist import PIECES

RELEASE = PIECES[0].release
FRONT = f"https://coverartarchive.org/release/{RELEASE}/front-500"
SPOTIFY_S = "https://i.scdn.co/image/tides-300"


class Network(httpx.AsyncBaseTransport):
    """Answers each address as told; ``asked`` is what was asked."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.hold: asyncio.Event | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers[str(request.url)]
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def released() -> Item:
    return item(artwork=front_cover(RELEASE))


def to(address: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": address})


async def shown(network: httpx.AsyncBaseTransport, clock: FakeClock | None = None) -> tuple[WebHarness, httpx.Response]:
    clock = clock or FakeClock()
    harness = WebHarness(clock, network=network, source=LISTENBRAINZ).show(playing(clock.now(), released()))
    return harness, await fetch(harness)


async def fetch(harness: WebHarness) -> httpx.Response:
    async with harness.client() as client:
        path = (await client.get("/now-playing")).json()["item"]["artwork_path"]
        return await client.get(path)


async def test_the_image_is_followed_over_the_archive_s_own_hosts() -> None:
    simulator = CoverArtSimulator()
    _, answer = await shown(httpx.ASGITransport(simulator.app))
    assert answer.headers["content-type"] == "image/jpeg"
    assert [httpx.URL(url).host for url in simulator.requests] == [
        "coverartarchive.org",
        "archive.org",
        "ia801500.us.archive.org",
    ]


async def test_its_color_is_found_like_any_other() -> None:
    simulator, clock = CoverArtSimulator(), FakeClock()
    harness = WebHarness(clock, network=httpx.ASGITransport(simulator.app), source=LISTENBRAINZ)
    await harness.show(playing(clock.now(), released())).find_color()
    async with harness.client() as client:
        assert (await client.get("/now-playing")).json()["item"]["artwork_color"].startswith("#")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/cover.jpg",
        "https://archive.org.evil.example/cover.jpg",
        "https://notarchive.org/cover.jpg",
        "http://archive.org/cover.jpg",
        "https://archive.org:8443/cover.jpg",
        "https://me@archive.org/cover.jpg",
        "https://127.0.0.1/cover.jpg",
        SPOTIFY_S,
        "",
    ],
)
async def test_no_hop_leads_anywhere_else(elsewhere: str) -> None:
    network = Network({FRONT: to(elsewhere)})
    _, answer = await shown(network)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert network.asked == [FRONT]


@pytest.mark.parametrize(("redirects", "arrives"), [(3, True), (4, False)])
async def test_three_redirects_are_followed_and_no_more(redirects: int, arrives: bool) -> None:
    chain = [FRONT, *(f"https://archive.org/{n}" for n in range(redirects))]
    answers = {here: to(there) for here, there in pairwise(chain)}
    network = Network({**answers, chain[-1]: httpx.Response(200, content=b"\xff\xd8\xff" + b"0" * 64)})
    _, answer = await shown(network)
    assert (answer.headers["content-type"] == "image/jpeg") is arrives
    assert len(network.asked) == 4


@pytest.mark.parametrize(("status", "seconds"), [(404, 86_400.0), (503, 60.0), (500, 60.0)])
async def test_no_picture_is_remembered_for_a_day_and_other_failures_for_a_minute(status: int, seconds: float) -> None:
    clock, network = FakeClock(), Network({FRONT: httpx.Response(status)})
    harness, answer = await shown(network, clock)
    assert answer.headers["content-type"] == "image/svg+xml"
    await clock.advance(seconds - 1.0)
    await fetch(harness)
    assert len(network.asked) == 1
    await clock.advance(1.0)
    await fetch(harness)
    assert len(network.asked) == 2


async def test_nobody_waits_longer_than_a_second_for_it() -> None:
    network = Network({FRONT: httpx.Response(200, content=b"\xff\xd8\xff" + b"0" * 64)})
    network.hold = asyncio.Event()
    async with asyncio.timeout(5):
        harness, answer = await shown(network)
        assert answer.headers["content-type"] == "image/svg+xml"
        network.hold.set()
        assert (await fetch(harness)).headers["content-type"] == "image/jpeg"
    assert LISTENBRAINZ.artwork_policy.seconds == 15


async def test_no_source_fetches_the_pictures_of_another() -> None:
    clock, network = FakeClock(), Network({})
    for source, picture in ((SPOTIFY, FRONT), (LISTENBRAINZ, SPOTIFY_S)):
        strange = item(artwork=(Artwork(picture),))
        harness = WebHarness(clock, network=network, source=source).show(playing(clock.now(), strange))
        async with harness.client() as client:
            assert (await client.get("/now-playing")).json()["item"]["artwork_path"] is None
    assert network.asked == []
