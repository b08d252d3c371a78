"""The real Supysonic, a Subsonic server in Python, with a music folder that the test makes."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.audio import Song, make_library
from tests.support.live_server import free_port
from tests.support.programs import require

START_SECONDS = 20.0
USER, PASSWORD = "elin", "needle-of-the-server"

_CONFIGURATION = """
[base]
database_uri = sqlite:///{folder}/supysonic.db
[webapp]
cache_dir = {folder}/cache
mount_webui = off
[daemon]
socket = {folder}/daemon.sock
run_watcher = no
"""

_SERVE = """
import sys
from supysonic.web import create_application
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), create_application(), threaded=True)
"""


class SupysonicServer:
    """Supysonic in ``folder`` with ``more`` configuration; :meth:`play` stands for a user's player."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "supysonic.conf").write_text(_CONFIGURATION.format(folder=folder) + more, encoding="utf-8")
        for user in (USER, "nils"):
            self._cli("user", "add", user, "-p", PASSWORD)
        self._cli("folder", "add", "music", str(folder / "music"))
        self._cli("folder", "scan", "-f", "music")

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead our server here."""
        return {
            "SOURCE": "subsonic",
            "SUBSONIC_URL": self.url,
            "SUBSONIC_USER": USER,
            "SUBSONIC_PASSWORD": PASSWORD,
        }

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-W", "ignore", "-c", _SERVE, str(self.port)]
        self._process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.call("ping")
                return
            except httpx.TransportError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def play(self, title: str, user: str = USER) -> None:
        """Start the song ``title`` as ``user``, as a player that fetches its audio."""
        found = self.call("search3", query=title).json()["subsonic-response"]["searchResult3"]["song"]
        song = next(song for song in found if song["title"] == title)
        self.call("stream", user, id=song["id"]).raise_for_status()

    def call(self, endpoint: str, user: str = USER, **parameters: str) -> httpx.Response:
        """Send a request as ``user``."""
        query = {"u": user, "p": PASSWORD, "v": "1.12.0", "c": "a player", "f": "json", **parameters}
        return httpx.get(f"{self.url}/rest/{endpoint}.view", params=query, timeout=10, trust_env=False)

    def _cli(self, *arguments: str) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "supysonic.cli", *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


@contextmanager
def supysonic_server(folder: Path, songs: Sequence[Song]) -> Iterator[SupysonicServer]:
    """Run a server that knows ``songs`` while the context lasts. Skips the test where ffmpeg is missing."""
    require("ffmpeg")
    make_library(folder / "music", songs)
    server = SupysonicServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
