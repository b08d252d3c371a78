"""``?sample=``: every state of every route, with invented music."""

from typing import get_args

import pytest

from tests.support.web_harness import WebHarness, item, playing
from widget.artwork.dominant_color import extract_colors
from widget.model.sources import SourceInfo
from widget.samples.artwork import COLORS, FOLDER, WIDTHS, load_image
from widget.samples.snapshots import SAMPLE_ITEMS, Sample, make_snapshot

STATES = {
    "playing": "Tides of Glass",
    "paused": "Orbit Song",
    "last": "Lanterns in the Rain",
    "nothing": "Nothing playing",
    "ad": "Back after the break",
    "long": "Noon over the Viaduct",
    "rtl": "باب الياسمين",
}


def test_every_sample_is_looked_at() -> None:
    assert set(STATES) == set(get_args(Sample))


@pytest.mark.parametrize("face", ["/widget", "/now-playing.svg"])
@pytest.mark.parametrize("sample", STATES)
async def test_each_route_shows_it_and_nothing_of_the_current_item(harness: WebHarness, face: str, sample: str) -> None:
    harness.show(playing(harness.clock.now(), item("What really plays")))
    async with harness.client() as client:
        text = (await client.get(f"{face}?sample={sample}&lang=en")).text
    assert STATES[sample] in text
    assert "What really plays" not in text
    assert harness.simulator.requests == []


STATUSES = {"playing": "playing", "long": "playing", "rtl": "playing", "paused": "paused", "ad": "ad"}


@pytest.mark.parametrize("sample", STATES)
async def test_json_and_text_show_it_too(harness: WebHarness, sample: str) -> None:
    harness.show(playing(harness.clock.now(), item("What really plays")))
    status = STATUSES.get(sample, "idle")
    async with harness.client() as client:
        answer = await client.get(f"/now-playing?sample={sample}")
        told = answer.json()
        flat = (await client.get(f"/api/now-playing?sample={sample}")).json()
        real = (await client.get("/now-playing?sample=wild")).json()
        again = await client.get(f"/now-playing?sample={sample}", headers={"If-None-Match": answer.headers["etag"]})
        paths = [told["item"]["artwork_path"]] if told["item"] else []
        pictures = [(await client.get(path)).headers["content-type"] for path in paths]
    assert (told["status"], told["is_playing"], told["error"]) == (status, status == "playing", None)
    assert set(told) == set(real)
    assert real["item"]["title"] == "What really plays"
    assert again.status_code == 304
    assert "What really plays" not in answer.text
    assert "sample:" not in answer.text
    if told["item"]:
        assert told["item"]["title"].startswith(STATES[sample])
    assert flat["isPlaying"] == told["is_playing"]
    assert flat.get("title") == (told["item"]["title"] if told["is_playing"] else None)
    assert pictures == ["image/jpeg"] * len(paths)
    assert harness.simulator.requests == []


async def test_a_source_without_progress_has_none_in_a_sample() -> None:
    async with WebHarness(source=SourceInfo("inlet", "Listening", None)).client() as client:
        told = (await client.get("/now-playing?sample=playing")).json()
    assert told["status"] == "playing"
    assert told["progress_ms"] is None


@pytest.mark.parametrize("sample", get_args(Sample))
def test_what_plays_in_a_sample_ends_as_music_does(sample: Sample) -> None:
    snapshot = make_snapshot(sample, 1_795_000_000.0)
    if snapshot.status == "playing" and snapshot.playback is not None:
        assert snapshot.valid_until == pytest.approx((snapshot.playback.ends_at or 0) + 3)
    else:
        assert snapshot.valid_until is None


async def test_an_unknown_sample_is_what_plays(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), item("What really plays")))
    async with harness.client() as client:
        assert "What really plays" in (await client.get("/widget?sample=<b>")).text


async def test_a_sample_counts_as_no_viewer(harness: WebHarness) -> None:
    async with harness.client() as client:
        await client.get("/widget?sample=playing")
        await client.get("/now-playing.svg?sample=playing")
        await client.get("/now-playing?sample=playing")
        await client.get("/api/now-playing?sample=playing")
    assert not harness.broadcast.has_viewers


async def test_its_artwork_is_ours_and_comes_from_our_own_origin(harness: WebHarness) -> None:
    for one in SAMPLE_ITEMS:
        key = harness.artwork.key(one)
        async with WebHarness().client() as client:  # Another process, which has shown nothing yet.
            for width in WIDTHS:
                answer = await client.get(f"/artwork/{key}?w={width}")
                assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
                assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("name", COLORS)
def test_the_colors_that_are_written_down_are_those_that_are_found(name: str) -> None:
    assert extract_colors(load_image(f"{name}-64") or b"") == (COLORS[name], None)


@pytest.mark.parametrize("face", ["/widget", "/now-playing.svg"])
async def test_a_list_has_rows_in_its_samples(harness: WebHarness, face: str) -> None:
    async with harness.client() as client:
        for sample in ("playing", "last", "rtl"):
            text = (await client.get(f"{face}?layout=list&sample={sample}&lang=en")).text
            assert "Orbit Song" in text


def test_a_drawing_is_one_of_the_folder_and_no_other_file() -> None:
    assert load_image("tides-64") == (FOLDER / "tides-64.jpg").read_bytes()
    for name in ("../music", "..", "", "tides", "tides-64.jpg"):
        assert load_image(name) is None
