"""The real Mopidy, which speaks MPD's protocol by an extension of its own."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.audio import Song, make_library
from tests.support.live_server import free_port
from tests.support.mpd_daemon import MpdDaemon
from tests.support.programs import require
from tests.support.radio import radio
from tests.support.real_time import real_time_program

pytestmark = [pytest.mark.process, pytest.mark.mopidy]

SONGS = (
    Song("long.flac", 300.0, "Harbour Lights", ("Elin Sandvik", "Ines Okafor"), "The Ferry"),
    Song("other.flac", 200.0, "Second Platform", ("The Signal Boxes",), "The Platform"),
)
START_SECONDS = 30.0

_CONFIGURATION = """
[core]
cache_dir = {folder}/cache
config_dir = {folder}
data_dir = {folder}/data
[audio]
output = fakesink sync=true
[mpd]
enabled = true
hostname = 127.0.0.1
port = {port}
[http]
enabled = false
[file]
media_dirs = {folder}/music
"""


class Mopidy(MpdDaemon):
    """Mopidy in ``folder``; a user's client sends it what it sends to MPD."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.password = folder, free_port(), None
        (folder / "mopidy.conf").write_text(_CONFIGURATION.format(folder=folder, port=self.port), encoding="utf-8")
        command = ["mopidy", "--config", str(folder / "mopidy.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.command("ping")
                return
            except OSError:
                assert time.monotonic() < end, "Mopidy does not answer"
                time.sleep(0.1)


@pytest.fixture(scope="module")
def mopidy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mopidy]:
    require("mopidy", "/usr/lib/python3/dist-packages/mopidy_mpd")
    folder = tmp_path_factory.mktemp("mopidy")
    make_library(folder / "music", SONGS)
    running = Mopidy(folder)
    try:
        running.wait()
        yield running
    finally:
        running.kill()


async def test_each_change_shows_as_with_mpd(mopidy: Mopidy, tmp_path: Path) -> None:
    mopidy.command("clear", *(f'add "file://{mopidy.folder}/music/{song.name}"' for song in SONGS))
    async with real_time_program(tmp_path, mopidy.environ) as program:
        await program.shows("idle")
        await asyncio.to_thread(mopidy.command, "play 0")
        now = await program.shows("playing", "Harbour Lights")
        # Mopidy keeps artists in a set, so their order is any.
        assert {artist["name"] for artist in now["item"]["artists"]} == {"Elin Sandvik", "Ines Okafor"}
        assert (now["item"]["album"]["name"], now["item"]["duration_ms"]) == ("The Ferry", 300_000)
        await asyncio.to_thread(mopidy.command, "pause 1")
        await program.shows("paused", "Harbour Lights")
        await asyncio.to_thread(mopidy.command, "pause 0")
        await program.shows("playing", "Harbour Lights")
        await asyncio.to_thread(mopidy.command, "seekcur 120")
        now = await program.until(lambda now: (now["progress_ms"] or 0) > 100_000)
        assert abs(now["progress_ms"] - 120_000) < 2_000
        await asyncio.to_thread(mopidy.command, "next")
        await program.shows("playing", "Second Platform")
        await asyncio.to_thread(mopidy.command, "stop")
        now = await program.shows("idle")
        assert now["last_played"]["item"]["title"] == "Second Platform"


async def test_a_radio_station_s_next_title_shows(mopidy: Mopidy, tmp_path: Path) -> None:
    with radio(tmp_path, "First Title") as station:
        mopidy.command("clear", f'add "{station.url}"')
        async with real_time_program(tmp_path, mopidy.environ) as program:
            await asyncio.to_thread(mopidy.command, "play 0")
            await program.shows("playing", "First Title", seconds=20)
            station.title = "Second Title"
            await program.shows("playing", "Second Title", seconds=20)
            await asyncio.to_thread(mopidy.command, "stop")
            await program.shows("idle")
