"""``/listen``: the link of pictures."""

from dataclasses import replace

import httpx
import pytest

from tests.support.web_harness import LOCAL, WebHarness, advertisement, idle, item, paused, playing
from widget.config.settings import Settings
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import SPOTIFY

URL = "https://open.spotify.com/track/5tIdesOfGlass0000000aB"


async def listened(harness: WebHarness) -> httpx.Response:
    async with harness.client() as client:
        return await client.get("/listen")


async def test_it_leads_to_what_plays_or_played_last(harness: WebHarness) -> None:
    now = harness.clock.now()
    for snapshot in (playing(now), paused(now), idle(now, item()), advertisement(now)):
        answer = await listened(harness.show(snapshot))
        assert (answer.status_code, answer.headers["location"]) == (302, URL)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("url", [None, "javascript:alert(1)", "//evil.example", "https://a.example/\r\nX: y"])
async def test_an_item_without_a_page_leads_to_its_source(harness: WebHarness, url: str | None) -> None:
    harness.show(playing(harness.clock.now(), replace(LOCAL, url=url)))
    assert (await listened(harness)).headers["location"] == "https://open.spotify.com/"


async def test_nothing_and_errors_lead_to_the_source(harness: WebHarness) -> None:
    nothing = idle(harness.clock.now())
    unavailable = Snapshot(None, SourceProblem("needs_authorization", "Spotify no longer accepts it."))
    for snapshot in (nothing, unavailable):
        assert (await listened(harness.show(snapshot))).headers["location"] == "https://open.spotify.com/"


async def test_a_source_without_a_page_leads_to_our_own(harness: WebHarness) -> None:
    harness = WebHarness(source=replace(SPOTIFY, url=None), settings=Settings(public_url="https://me.example/music"))
    assert (await listened(harness)).headers["location"] == "https://me.example/music/"
    assert (await listened(WebHarness(source=replace(SPOTIFY, url=None)))).headers["location"] == "/"


async def test_an_address_in_any_script_is_a_header_all_the_same(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), item(url="https://music.example/ليلى?a=b%20c&d=e")))
    location = (await listened(harness)).headers["location"]
    assert location == "https://music.example/%D9%84%D9%8A%D9%84%D9%89?a=b%20c&d=e"
