"""The matrix: real players, driven from outside, and what visitors see of them."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import ROOT, Server, server
from tests.support.desktop_players import Lollypop, QuodLibet, Rhythmbox
from tests.support.real_players import LibListenBrainz, Mopidy, RealPlayer, Supysonic

TOKEN = "a-token-that-players-send"
PATIENCE_SECONDS = 12.0

PLAYERS = [
    pytest.param(LibListenBrainz, marks=pytest.mark.liblistenbrainz),
    pytest.param(Lollypop, marks=pytest.mark.lollypop),
    pytest.param(Mopidy, marks=pytest.mark.mopidy),
    pytest.param(QuodLibet, marks=pytest.mark.quodlibet),
    pytest.param(Rhythmbox, marks=pytest.mark.rhythmbox),
    pytest.param(Supysonic, marks=pytest.mark.supysonic),
]


class Viewer:
    """``seen`` is status and title of each event of the page at ``url`` since the last :meth:`forget`."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self.client = url, client
        self.seen: list[tuple[str, str | None]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def forget(self) -> None:
        self.seen = self.seen[-1:]

    def now(self) -> dict[str, Any]:
        value: dict[str, Any] = self.client.get(f"{self.url}/now-playing").json()
        return value

    def shows(self, status: str, title: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The JSON as soon as it shows this."""
        return self.until(lambda now: (now["status"], _title(now)) == (status, title), seconds)

    def until(self, holds: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while not holds(now := self.now()):
            assert time.monotonic() < end, (now["status"], _title(now), now["recent"], self.seen)
            time.sleep(0.05)
        return now

    def stays(self, status: str, title: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = self.now()
            assert (now["status"], _title(now)) == (status, title)
            time.sleep(0.1)

    def _read(self) -> None:
        with httpx.stream("GET", f"{self.url}/now-playing/events", timeout=None, trust_env=False) as response:  # noqa: S113
            try:
                for line in response.iter_lines():
                    if line.startswith("data: {"):
                        now = json.loads(line.removeprefix("data: "))
                        if "status" in now:
                            self.seen.append((now["status"], _title(now)))
            except httpx.HTTPError:
                pass  # The server has ended.


def _title(now: dict[str, Any]) -> str | None:
    item = now["item"] or (now["last_played"] or {}).get("item")
    return item and item["title"]


def rows(now: dict[str, Any], title: str) -> int:
    return sum(row["item"]["title"] == title for row in now["recent"])


@pytest.fixture
def inlet(tmp_path: Path) -> Iterator[Server]:
    known = {"SOURCE": "inlet", "INLET_TOKEN": TOKEN, "RECENT": "10"}
    folder = tmp_path / "server"
    folder.mkdir()
    with server(folder, {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **known}) as started:
        yield started


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", PLAYERS)
def test_what_visitors_see_of_a_real_player(kind: type[RealPlayer], inlet: Server, tmp_path: Path) -> None:
    folder = tmp_path / "player"
    folder.mkdir()
    player = kind(folder, inlet.url, TOKEN)
    with httpx.Client(timeout=10, trust_env=False) as client:
        try:
            player.start()
            page = Viewer(inlet.url, client)
            for scenario in (start, following, pausing, the_same_twice, stopping, being_killed):
                page.forget()
                scenario(player, page)
        finally:
            player.kill()


def start(player: RealPlayer, page: Viewer) -> None:
    player.play("Start")
    now = page.shows("playing", "Start")
    assert now["item"]["album"]["name"] == "Locks"
    assert (now["item"]["duration_ms"] is not None) == player.tells_duration


def following(player: RealPlayer, page: Viewer) -> None:
    player.play("First", "Second")
    page.shows("playing", "First")
    page.forget()
    player.next()
    page.shows("playing", "Second")
    assert "idle" not in [status for status, _ in page.seen]


def pausing(player: RealPlayer, page: Viewer) -> None:
    player.play("Paused")
    page.shows("playing", "Paused")
    player.pause()
    page.stays("playing", "Paused", 1.0)  # Nobody tells a pause in this language.
    player.resume()
    page.stays("playing", "Paused", 0.5)


def the_same_twice(player: RealPlayer, page: Viewer) -> None:
    player.play("Twice", "Twice")
    page.shows("playing", "Twice")
    page.forget()
    player.near_the_end()
    if not player.tells_repeats:
        page.stays("playing", "Twice", player.length + 2)
        player.play("Start")
        page.shows("playing", "Start")
        page.until(lambda now: rows(now, "Twice") == 1)
        return
    now = page.until(lambda now: rows(now, "Twice") == 1)
    assert (now["status"], _title(now)) == ("playing", "Twice")
    assert "idle" not in [status for status, _ in page.seen]


def stopping(player: RealPlayer, page: Viewer) -> None:
    player.play("Stopped")
    page.shows("playing", "Stopped")
    player.stop()
    page.stays("playing", "Stopped", 1.0)  # None of them tells that.
    if player.tells_duration:
        page.shows("idle", "Stopped", player.length + 3 + PATIENCE_SECONDS)
        page.until(lambda now: rows(now, "Stopped") == 1)


def being_killed(player: RealPlayer, page: Viewer) -> None:
    player.play("Killed")
    now = page.shows("playing", "Killed")
    player.kill()
    page.stays("playing", "Killed", 1.0)
    known = player.length if player.tells_duration else 600.0
    from datetime import datetime

    left = datetime.fromisoformat(now["valid_until"]).timestamp() - time.time()
    assert known - 8 < left <= known + 3
