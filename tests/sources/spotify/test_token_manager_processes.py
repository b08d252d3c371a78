"""Real processes on one database, killed while they rotate, or many at once: no token is lost or refreshed twice."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.live_server import live_server
from tests.support.rig import FragileStore
from tests.support.strict_spotify import StrictSpotify
from widget.model.tokens import Authorization

ROOT = Path(__file__).parents[3]
ROUNDS = 4
PATIENCE_SECONDS = 20.0


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "now-playing.db"
    store = FragileStore(path)
    await store.open()
    await store.save_authorization(Authorization("AQ-first"), None, None)
    await store.close()
    return path


def start(database: Path, spotify: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.poll_once", str(database), spotify]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> str:
    """Return its output; its errors if it failed."""
    printed, errors = process.communicate(timeout=PATIENCE_SECONDS)
    return printed if process.returncode == 0 else errors


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to pass")
        time.sleep(0.01)


def test_a_process_killed_while_it_uses_a_new_access_token_has_the_rotated_token_on_disk(database: Path) -> None:
    spotify = StrictSpotify(database, "AQ-first")
    with live_server(spotify.app) as url:
        for _ in range(ROUNDS):
            spotify.hold_calls = True
            process = start(database, url)
            wait_until(lambda: spotify.waiting == 1)
            kill(process)
            spotify.hold_calls = False
            wait_until(lambda: spotify.waiting == 0)
            time.sleep(1.0)  # The access token ends, so that the next process must refresh.
        assert finish(start(database, url)) == "playing"
    assert (spotify.unsaved, spotify.refused, spotify.rotations) == ([], [], ROUNDS + 1)


def test_a_process_killed_before_spotify_answered_leaves_the_token_usable(database: Path) -> None:
    spotify = StrictSpotify(database, "AQ-first")
    with live_server(spotify.app) as url:
        spotify.hold_tokens = True
        process = start(database, url)
        wait_until(lambda: spotify.waiting == 1)
        kill(process)
        spotify.hold_tokens = False
        wait_until(lambda: spotify.waiting == 0)
        assert finish(start(database, url)) == "playing"
    assert (spotify.unsaved, spotify.refused, spotify.rotations) == ([], [], 1)


def test_processes_killed_at_any_moment_leave_a_database_that_goes_on(database: Path) -> None:
    spotify = StrictSpotify(database, "AQ-first", patient=True)
    moments = random.Random(7)  # noqa: S311
    with live_server(spotify.app) as url:
        for _ in range(2 * ROUNDS):
            process = start(database, url)
            time.sleep(moments.uniform(0.15, 1.2))
            kill(process)
        assert finish(start(database, url)) == "playing"
    assert (spotify.unsaved, spotify.refused) == ([], [])


def test_processes_that_start_together_make_one_refresh(database: Path) -> None:
    spotify = StrictSpotify(database, "AQ-first", access_seconds=3600)
    spotify.delay = 1.0
    with live_server(spotify.app) as url:
        processes = [start(database, url) for _ in range(3)]
        assert [finish(process) for process in processes] == ["playing"] * 3
    assert (spotify.unsaved, spotify.refused, spotify.rotations) == ([], [], 1)


def test_when_the_process_that_refreshes_is_killed_the_one_that_waits_takes_over(database: Path) -> None:
    spotify = StrictSpotify(database, "AQ-first")
    with live_server(spotify.app) as url:
        spotify.hold_tokens = True
        first = start(database, url)
        wait_until(lambda: spotify.waiting == 1)
        second = start(database, url)
        time.sleep(1.0)
        assert spotify.waiting == 1
        spotify.hold_tokens = False
        kill(first)
        assert finish(second) == "playing"
    assert (spotify.unsaved, spotify.refused, spotify.rotations) == ([], [], 1)
