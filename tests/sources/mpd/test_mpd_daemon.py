"""The real Music Player Daemon: what its owner does shows at once."""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.audio import Song, image
from tests.support.commands import server
from tests.support.fake_clock import FakeClock
from tests.support.mpd_daemon import MpdDaemon, mpd_daemon
from tests.support.other_program import other_program
from tests.support.radio import radio
from tests.support.real_time import Json, RealTimeProgram, real_time_program

pytestmark = [pytest.mark.process, pytest.mark.mpd]

SONGS = (
    Song("long.flac", 300.0, "Harbour Lights", ("Elin Sandvik", "Ines Okafor"), "The Ferry", cover="tides"),
    Song("other.flac", 200.0, "Second Platform", ("The Signal Boxes",), "The Platform"),
    Song("short one.flac", 1.2, "Copper Sky"),
    Song("short two.flac", 1.2, "Small Planets"),
    Song("folder/no tags.flac", 100.0),
)
# Far less than the ten seconds between two polls, so it was pushed. How fast it is, no busy machine can say.
PUSH_SECONDS = 3.0


@pytest.fixture(scope="module")
def running_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MpdDaemon]:
    with mpd_daemon(tmp_path_factory.mktemp("mpd"), SONGS) as daemon:
        yield daemon


@pytest.fixture
def daemon(running_daemon: MpdDaemon) -> MpdDaemon:
    running_daemon.command("stop", "clear", "repeat 0", "single 0", "consume 0")
    return running_daemon


def add(daemon: MpdDaemon, *names: str) -> None:
    daemon.command(*(f'add "{name}"' for name in names))


async def expect_pushed(
    program: RealTimeProgram, daemon: MpdDaemon, command: str, status: str, title: str | None
) -> Json:
    """Send ``command``; return the JSON that shows its effect, which must be pushed."""
    await asyncio.to_thread(daemon.command, command)
    begun = time.monotonic()
    now = await program.shows(status, title)
    assert time.monotonic() - begun < PUSH_SECONDS
    return now


async def test_each_change_shows_at_once_of_a_second(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac", "other.flac")
    async with real_time_program(tmp_path, daemon.environ) as program:
        now = await program.shows("idle")
        assert now["source"] == {"name": "mpd", "label": "MPD", "url": None}
        now = await expect_pushed(program, daemon, "play 0", "playing", "Harbour Lights")
        assert [artist["name"] for artist in now["item"]["artists"]] == ["Elin Sandvik", "Ines Okafor"]
        assert now["item"]["album"]["name"] == "The Ferry"
        assert now["item"]["duration_ms"] == 300_000
        await expect_pushed(program, daemon, "pause 1", "paused", "Harbour Lights")
        await expect_pushed(program, daemon, "pause 0", "playing", "Harbour Lights")
        await asyncio.to_thread(daemon.command, "seekcur 120")
        begun = time.monotonic()
        now = await program.until(lambda now: now["progress_ms"] >= 119_000)
        assert time.monotonic() - begun < PUSH_SECONDS
        assert abs(now["progress_ms"] - 120_000) < 1_000
        await expect_pushed(program, daemon, "next", "playing", "Second Platform")
        now = await expect_pushed(program, daemon, "stop", "idle", None)
        assert now["last_played"]["item"]["title"] == "Second Platform"


async def test_the_position_of_a_pause_stands_still(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac")
    daemon.command("play 0", "seekcur 60", "pause 1")
    async with real_time_program(tmp_path, daemon.environ) as program:
        first = await program.shows("paused", "Harbour Lights")
        await asyncio.sleep(0.5)
        now = await program.now()
        assert now["progress_ms"] == first["progress_ms"]
        assert abs(now["progress_ms"] - 60_000) < 1_000


async def test_songs_follow_each_other_without_idle_and_the_end_is_reported(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "short one.flac", "short two.flac")
    async with real_time_program(tmp_path, {**daemon.environ, "RECENT": "5"}) as program:
        await program.shows("idle")
        await asyncio.to_thread(daemon.command, "play 0")
        seen: list[tuple[str, str | None]] = []
        end = time.monotonic() + 10
        while time.monotonic() < end and (not seen or seen[-1][0] != "idle" or len(seen) < 3):
            now = await program.now()
            looks = (now["status"], now["item"] and now["item"]["title"])
            if looks != (seen[-1] if seen else ("idle", None)):
                seen.append(looks)
            await asyncio.sleep(0.02)
        assert seen == [("playing", "Copper Sky"), ("playing", "Small Planets"), ("idle", None)]
        now = await program.now()
        assert [last["item"]["title"] for last in now["recent"]] == ["Small Planets", "Copper Sky"]


async def test_a_repeated_song_is_a_play_of_its_own(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "short one.flac")
    daemon.command("repeat 1", "single 1")
    async with real_time_program(tmp_path, {**daemon.environ, "RECENT": "5"}) as program:
        await program.shows("idle")
        await asyncio.to_thread(daemon.command, "play 0")
        now = await program.until(lambda now: len(now["recent"]) >= 2)
        assert {last["item"]["title"] for last in now["recent"]} == {"Copper Sky"}
        assert now["status"] == "playing"


async def test_playing_the_same_song_again_begins_anew(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac")
    daemon.command("play 0", "seekcur 100")
    async with real_time_program(tmp_path, daemon.environ) as program:
        first = await program.until(lambda now: (now["progress_ms"] or 0) >= 99_000)
        await asyncio.to_thread(daemon.command, "play 0")
        now = await program.until(lambda now: now["progress_ms"] < 5_000, seconds=PUSH_SECONDS)
        assert now["valid_until"] > first["valid_until"]


async def test_a_file_without_tags_is_called_by_its_name(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "folder/no tags.flac")
    daemon.command("play 0")
    async with real_time_program(tmp_path, daemon.environ) as program:
        now = await program.shows("playing", "no tags")
        assert (now["item"]["artists"], now["item"]["album"]) == ([], None)


async def test_the_picture_in_the_file_is_the_artwork(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac", "other.flac")
    daemon.command("play 0")
    async with real_time_program(tmp_path, daemon.environ) as program:
        item = (await program.shows("playing", "Harbour Lights"))["item"]
        assert item["artwork"][0]["url"] == f"https://music.example.org{item['artwork_path']}"
        cover = await program.client.get(item["artwork_path"])
        assert (cover.status_code, cover.content) == (200, image("tides"))
        await asyncio.to_thread(daemon.command, "next")
        item = (await program.shows("playing", "Second Platform"))["item"]
        cover = await program.client.get(item["artwork_path"])
        assert cover.headers["content-type"] == "image/svg+xml", "the placeholder"


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_it_is_reached_by_both_kinds_of_sockets_too(daemon: MpdDaemon, tmp_path: Path, kind: str) -> None:
    add(daemon, "long.flac")
    daemon.command("play")
    host = daemon.socket_path if kind == "path" else daemon.abstract_socket
    # A real process, since its event loop is another one than that of the tests.
    with server(tmp_path, {"SOURCE": "mpd", "MPD_HOST": host}) as running:
        assert running.shows("playing")


async def test_a_daemon_that_was_killed_is_found_again(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac")
    daemon.command("play 0")
    async with real_time_program(tmp_path, daemon.environ) as program:
        await program.shows("playing", "Harbour Lights")
        await asyncio.to_thread(daemon.kill)
        now = await program.until(lambda now: bool(now["stale"]))
        assert now["status"] == "playing"
        ready = await program.client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "source_unreachable")
        await asyncio.to_thread(daemon.start)
        await asyncio.to_thread(daemon.command, "stop")
        await program.until(lambda now: now["status"] == "idle" and not now["stale"], seconds=12)


async def test_a_daemon_that_falls_silent_is_lost_after_ten_seconds(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac")
    daemon.command("play 0")
    clock = FakeClock()
    async with other_program(tmp_path, daemon.environ, clock) as running:

        async def pass_by(seconds: float) -> Json:
            """Let the time pass, and what was sent meanwhile arrive."""
            await clock.advance(seconds)
            await asyncio.sleep(0.1)
            return await running.now()

        await pass_by(0)
        assert (await pass_by(1))["item"]["title"] == "Harbour Lights"
        assert not (await pass_by(60))["stale"], "pings were answered"
        daemon.suspend(signal.SIGSTOP)
        try:
            await pass_by(31)  # The ping,
            await pass_by(10)  # which is not answered,
            await pass_by(2)  # and a connection, which is not answered either.
            now = await pass_by(10)
            assert (now["status"], now["stale"]) == ("playing", True)
            ready = (await running.client.get("/readyz")).json()
            assert ready["source"]["error"]["code"] == "source_unreachable"
        finally:
            daemon.suspend(signal.SIGCONT)
        for _ in range(10):
            now = await pass_by(1)
        assert (now["status"], now["stale"]) == ("playing", False)


async def test_a_wrong_or_missing_password_names_the_variable(tmp_path: Path) -> None:
    folder = tmp_path / "mpd"
    folder.mkdir()
    with mpd_daemon(folder, SONGS[:1], password="needle-of-mpd") as daemon:
        add(daemon, "long.flac")
        daemon.command("play 0")
        for host in ("wrong-needle@127.0.0.1", "127.0.0.1"):
            async with real_time_program(tmp_path, {**daemon.environ, "MPD_HOST": host}) as program:
                now = await program.until(lambda now: now["error"] is not None)
                assert now["error"]["code"] == "bad_credentials"
                assert "MPD_HOST" in now["error"]["message"]
                assert "needle" not in str(now)
        async with real_time_program(tmp_path, daemon.environ) as program:
            await program.shows("playing", "Harbour Lights")


async def test_two_instances_on_one_database_show_the_same(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac", "other.flac")
    async with real_time_program(tmp_path, daemon.environ) as one, real_time_program(tmp_path, daemon.environ) as two:
        await asyncio.gather(one.shows("idle"), two.shows("idle"))
        await asyncio.to_thread(daemon.command, "play 0")
        await asyncio.gather(
            *(program.shows("playing", "Harbour Lights", seconds=PUSH_SECONDS) for program in (one, two))
        )
        await asyncio.to_thread(daemon.command, "next")
        await asyncio.gather(
            *(program.shows("playing", "Second Platform", seconds=PUSH_SECONDS) for program in (one, two))
        )


async def test_it_listens_though_nobody_watches(daemon: MpdDaemon, tmp_path: Path) -> None:
    add(daemon, "long.flac", "other.flac")
    daemon.command("play 0", "seekcur 150")
    moment = time.time()
    async with real_time_program(tmp_path, {**daemon.environ, "RECENT": "5"}) as program:
        await program.polls_after(moment)
        moment = time.time()
        await asyncio.to_thread(daemon.command, "next")
        await program.polls_after(moment)
        now = await program.shows("playing", "Second Platform", seconds=PUSH_SECONDS)
        assert [last["item"]["title"] for last in now["recent"]] == ["Harbour Lights"]


async def test_a_radio_station_has_titles_and_no_end(daemon: MpdDaemon, tmp_path: Path) -> None:
    with radio(tmp_path, "First Title") as station:
        add(daemon, station.url)
        async with real_time_program(tmp_path, daemon.environ) as program:
            await asyncio.to_thread(daemon.command, "play 0")
            now = await program.shows("playing", "First Title")
            assert now["item"]["album"] == {"name": "Harbour Radio", "url": None}
            assert (now["progress_ms"], now["item"]["duration_ms"], now["valid_until"]) == (None, None, None)
            assert (now["item"]["artwork"], now["item"]["artwork_path"]) == ([], None)
            station.title = "Second Title"
            await program.shows("playing", "Second Title", seconds=20)
            await asyncio.to_thread(daemon.command, "stop")
            await program.shows("idle")
