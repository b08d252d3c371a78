"""Real players that submit what they play, each driven from outside: press play, wait, look at the page.

``length`` is how long its songs last (s), ``tells_duration`` whether the page knows that, ``tells_repeats``
whether a player that plays a song again says so before another one begins.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from tests.support.audio import Song, make_library
from tests.support.commands import ROOT
from tests.support.live_server import free_port
from tests.support.programs import require
from tests.support.supysonic_server import USER, SupysonicServer
from tests.support.tls_proxy import TlsProxy

TITLES = ("First", "Second", "Start", "Paused", "Twice", "Stopped", "Killed")
"""The songs of the album; the first two follow each other."""

START_SECONDS = 60.0
PLUGINS = ROOT / ".players"


class RealPlayer(ABC):
    """A player with its library in ``folder``, which submits to the server at ``url`` with ``token``."""

    length: float = 6.0
    tells_duration = False
    tells_repeats = True
    proxy: TlsProxy | None = None

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.folder, self.url, self.token = folder, url, token
        self.process: subprocess.Popen[bytes] | None = None

    def file(self, title: str) -> Path:
        return self.folder / "music" / f"{title}.flac"

    def make_songs(self) -> None:
        require("ffmpeg")
        songs = [
            Song(f"{title}.flac", self.length, title, ("The Weirs",), "Locks", number=number)
            for number, title in enumerate(TITLES, start=1)
        ]
        make_library(self.folder / "music", songs)

    def launch(self, command: list[str], environ: Mapping[str, str]) -> None:
        """Start ``command`` in a group of its own, so that all of it can be killed."""
        with (self.folder / "player.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self, holds: Callable[[], bool]) -> None:
        """Return as soon as ``holds``, while the player starts."""
        end = time.monotonic() + START_SECONDS
        while not holds():
            assert time.monotonic() < end, (self.folder / "player.log").read_text(encoding="utf-8")
            time.sleep(0.2)

    @abstractmethod
    def start(self) -> None:
        """Start the player, or skip the test if it is not installed."""

    @abstractmethod
    def play(self, *titles: str) -> None:
        """Play ``titles``, one after the other."""

    @abstractmethod
    def next(self) -> None: ...

    @abstractmethod
    def pause(self) -> None: ...

    @abstractmethod
    def resume(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def near_the_end(self) -> None:
        """Go on to shortly before the end of what plays, if the player can."""

    def kill(self) -> None:
        """End it at once, with all that it started."""
        if self.process is not None:
            with_group = self.process.pid
            if self.process.poll() is None:
                os.killpg(with_group, signal.SIGKILL)
            self.process.wait(10)
            self.process = None
        if self.proxy is not None:
            self.proxy.close()


class Mopidy(RealPlayer):
    """Debian's Mopidy with Mopidy-Listenbrainz, which speaks https alone."""

    length = 32.0  # It scrobbles nothing shorter than half a minute.

    def start(self) -> None:
        require("mopidy", PLUGINS / "mopidy_listenbrainz")
        self.make_songs()
        self.proxy = TlsProxy(self.folder, int(self.url.rsplit(":", 1)[1]))
        self.port = free_port()
        configuration: dict[str, dict[str, object]] = {
            "core": {"data_dir": self.folder / "d", "cache_dir": self.folder / "c", "config_dir": self.folder / "f"},
            "audio": {"output": "fakesink sync=true", "mixer": "none"},
            "http": {"hostname": "127.0.0.1", "port": self.port},
            "file": {"media_dirs": self.folder / "music"},
            "m3u": {"enabled": "false"},
            "listenbrainz": {"token": self.token, "url": f"127.0.0.1:{self.proxy.port}"},
        }
        text = "\n".join(
            f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
            for section, values in configuration.items()
        )
        (self.folder / "mopidy.conf").write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        trust = {"REQUESTS_CA_BUNDLE": str(self.proxy.certificate), "PYTHONPATH": str(PLUGINS)}
        environ = {**kept, **trust, "HOME": str(self.folder), "PYTHONWARNINGS": "ignore"}
        command = ["/usr/bin/python3", "-m", "mopidy", "--config", str(self.folder / "mopidy.conf")]
        self.launch(command, environ)
        self.wait(self._answers)

    def play(self, *titles: str) -> None:
        self._call("core.tracklist.clear")
        self._call("core.tracklist.add", uris=[self.file(title).as_uri() for title in titles])
        self._call("core.playback.play")

    def next(self) -> None:
        self._call("core.playback.next")

    def pause(self) -> None:
        self._call("core.playback.pause")

    def resume(self) -> None:
        self._call("core.playback.resume")

    def stop(self) -> None:
        self._call("core.playback.stop")  # Nor is this submitted.

    def near_the_end(self) -> None:
        self._call("core.playback.seek", time_position=round((self.length - 2) * 1000))

    def _answers(self) -> bool:
        try:
            self._call("core.get_version")
        except httpx.HTTPError:
            return False
        return True

    def _call(self, method: str, **parameters: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = httpx.post(f"http://127.0.0.1:{self.port}/mopidy/rpc", json=request, timeout=10, trust_env=False)
        return answer.raise_for_status().json()["result"]


class Supysonic(RealPlayer):
    """Supysonic, which submits for its users' players; here the test is such a player."""

    length = 8.0
    tells_duration = True

    def start(self) -> None:
        self.make_songs()
        self.server = SupysonicServer(self.folder, f"[listenbrainz]\napi_url = {self.url}\n")
        # A connection as a context manager commits, and is not closed.
        with closing(sqlite3.connect(self.folder / "supysonic.db")) as database, database:
            database.execute(
                "update user set listenbrainz_session = ?, listenbrainz_status = 1 where name = ?", (self.token, USER)
            )
        self.server.start()
        self.queue: list[str] = []

    def play(self, *titles: str) -> None:
        self.queue = list(titles)
        self._announce()

    def next(self) -> None:
        self.queue.pop(0)
        self._announce()

    def pause(self) -> None:
        """Do nothing: players do not report it to their server."""

    def resume(self) -> None:
        """Do nothing, likewise."""

    def stop(self) -> None:
        """Do nothing, likewise."""

    def near_the_end(self) -> None:
        """Let the song play to its end as a player does: the scrobble at half of it, then the next one."""
        time.sleep(self.length / 2)
        song = self._song(self.queue[0])
        self.server.call("scrobble", id=song, time=str(round(self.began * 1000)), submission="true").raise_for_status()
        time.sleep(max(0.0, self.began + self.length - time.time()))
        if len(self.queue) > 1:
            self.next()

    def kill(self) -> None:
        self.server.kill()

    def _announce(self) -> None:
        self.began = time.time()
        self.server.call("scrobble", id=self._song(self.queue[0]), submission="false").raise_for_status()

    def _song(self, title: str) -> str:
        found = self.server.call("search3", query=title).json()["subsonic-response"]["searchResult3"]["song"]
        identifier: str = next(song["id"] for song in found if song["title"] == title)
        return identifier


class LibListenBrainz(RealPlayer):
    """A program on the published client library for Python."""

    length = 14.0
    tells_duration = True

    def start(self) -> None:
        import liblistenbrainz

        self.module = liblistenbrainz
        self.client = liblistenbrainz.ListenBrainz(api_base_url=self.url)
        self.client.set_auth_token(self.token)  # It asks whether the token is valid.

    def play(self, *titles: str) -> None:
        self.queue = list(titles)
        self._announce()

    def next(self) -> None:
        self.queue.pop(0)
        self._announce()

    def pause(self) -> None:
        """Do nothing: the API has no such message."""

    def resume(self) -> None:
        self.client.submit_playing_now(self._listen())

    def stop(self) -> None:
        self.client.submit_single_listen(self._listen(int(self.began)))

    def near_the_end(self) -> None:
        time.sleep(max(0.0, self.began + self.length - time.time()))
        self.client.submit_single_listen(self._listen(int(self.began)))
        if len(self.queue) > 1:
            self.next()

    def _announce(self) -> None:
        self.began = time.time()
        self.client.submit_playing_now(self._listen())

    def _listen(self, at: int | None = None) -> Any:
        info = {"duration_ms": round(self.length * 1000)}
        return self.module.Listen(
            track_name=self.queue[0],
            artist_name="The Weirs",
            release_name="Locks",
            listened_at=at,
            additional_info=info,
        )
