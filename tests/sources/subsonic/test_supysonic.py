"""The real Supysonic: it knows neither tokens nor extensions, and forgets what plays after three minutes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.audio import Song, image
from tests.support.real_time import real_time_program
from tests.support.supysonic_server import PASSWORD, SupysonicServer, supysonic_server

pytestmark = [pytest.mark.process, pytest.mark.supysonic]

SONGS = (
    Song("one/long.flac", 300.0, "Harbour Lights", album="The Ferry", cover="tides"),
    Song("two/other.flac", 200.0, "Second Platform", ("The Signal Boxes",), "The Platform"),
    Song("two/short.flac", 4.0, "Copper Sky", ("The Weirs",), "Locks"),
)


@pytest.fixture(scope="module")
def supysonic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupysonicServer]:
    with supysonic_server(tmp_path_factory.mktemp("supysonic"), SONGS) as server:
        yield server


async def test_a_song_is_shown_with_its_cover_until_the_next(supysonic: SupysonicServer, tmp_path: Path) -> None:
    async with real_time_program(tmp_path, {**supysonic.environ, "RECENT": "5"}) as program:
        await asyncio.to_thread(supysonic.play, "Second Platform", "nils")
        await asyncio.to_thread(supysonic.play, "Harbour Lights")
        now = await program.shows("playing", "Harbour Lights", seconds=15)
        assert now["source"] == {"name": "subsonic", "label": "Subsonic", "url": None}
        assert [artist["name"] for artist in now["item"]["artists"]] == ["Elin Sandvik"]
        assert (now["item"]["album"]["name"], now["item"]["duration_ms"]) == ("The Ferry", 300_000)
        assert (now["progress_ms"], now["item"]["id"], now["item"]["url"]) == (None, None, None)
        cover = await program.client.get(now["item"]["artwork_path"])
        assert cover.status_code == 200
        assert cover.content == image("tides")
        await asyncio.to_thread(supysonic.play, "Second Platform")
        await program.shows("playing", "Second Platform", seconds=8)
        ready = await program.client.get("/readyz")
        assert (ready.json()["status"], ready.json()["calls_last_24h"]) == ("ok", 0)
        assert PASSWORD not in ready.text


async def test_a_song_ends_though_its_entry_stays(supysonic: SupysonicServer, tmp_path: Path) -> None:
    async with real_time_program(tmp_path, supysonic.environ) as program:
        await asyncio.to_thread(supysonic.play, "Copper Sky")
        await program.shows("playing", "Copper Sky", seconds=12)
        await program.shows("idle", seconds=10)
        await asyncio.sleep(3)
        now = await program.now()
        assert (now["status"], now["last_played"]["item"]["title"]) == ("idle", "Copper Sky")


async def test_a_wrong_password_is_reported(supysonic: SupysonicServer, tmp_path: Path) -> None:
    async with real_time_program(tmp_path, {**supysonic.environ, "SUBSONIC_PASSWORD": "wrong"}) as program:
        now = await program.until(lambda now: now["error"] is not None)
        assert now["error"]["code"] == "bad_credentials"
