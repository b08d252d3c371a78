"""The real Music Player Daemon with a null output, and a music folder that the test makes."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.audio import Song, make_library
from tests.support.live_server import free_port
from tests.support.programs import require

START_SECONDS = 10.0

_CONFIGURATION = """
music_directory "{folder}/music"
db_file "{folder}/database"
state_file "{folder}/state"
pid_file "{folder}/pid"
log_file "{folder}/log"
bind_to_address "127.0.0.1"
bind_to_address "{folder}/socket"
{abstract_socket}
port "{port}"
auto_update "no"
zeroconf_enabled "no"
audio_output {{
  type "null"
  name "nothing"
}}
input {{
  plugin "curl"
}}
{passwords}
"""


class MpdDaemon:
    """``mpd`` in ``folder``; :meth:`command` stands for a user's client."""

    def __init__(self, folder: Path, password: str | None = None) -> None:
        self.folder, self.port, self.password = folder, free_port(), password
        self._process: subprocess.Popen[bytes] | None = None
        passwords = (
            "" if password is None else f'password "{password}@read,control,add,admin"\ndefault_permissions ""\n'
        )
        self.abstract_socket = f"@now-playing-{self.port}"
        # Only Linux has them.
        abstract = f'bind_to_address "{self.abstract_socket}"' if sys.platform == "linux" else ""
        text = _CONFIGURATION.format(folder=folder, port=self.port, passwords=passwords, abstract_socket=abstract)
        (folder / "mpd.conf").write_text(text, encoding="utf-8")

    @property
    def socket_path(self) -> str:
        return str(self.folder / "socket")

    @property
    def environ(self) -> dict[str, str]:
        """The variables that lead the server here."""
        host = "127.0.0.1" if self.password is None else f"{self.password}@127.0.0.1"
        return {"SOURCE": "mpd", "MPD_HOST": host, "MPD_PORT": str(self.port)}

    def start(self) -> None:
        """Start it, and wait until it answers and knows its music."""
        command = ["mpd", "--no-daemon", str(self.folder / "mpd.conf")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.command("update")
                break
            except OSError:
                if time.monotonic() >= end:
                    raise
                time.sleep(0.02)
        while "updating_db" in self.command("status"):
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, as a machine does that loses its power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def suspend(self, signal_number: int) -> None:
        """Send ``signal_number``: SIGSTOP makes it silent, SIGCONT brings it back."""
        if self._process is not None:
            self._process.send_signal(signal_number)

    def command(self, *lines: str) -> dict[str, str]:
        """Send ``lines``; return the last one's reply."""
        reply: dict[str, str] = {}
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            file = connection.makefile("rwb")
            file.readline()
            for line in (*([] if self.password is None else [f"password {self.password}"]), *lines):
                file.write(f"{line}\n".encode())
                file.flush()
                reply = {}
                while (answer := file.readline().decode().rstrip("\n")) != "OK":
                    if not answer or answer.startswith("ACK"):
                        raise OSError(answer or "the daemon hung up")
                    key, _, text = answer.partition(": ")
                    reply[key.lower()] = text
        return reply


@contextmanager
def mpd_daemon(folder: Path, songs: Sequence[Song], password: str | None = None) -> Iterator[MpdDaemon]:
    """Run a daemon that knows ``songs`` while the context lasts. Skips the test where mpd or ffmpeg is missing."""
    require("mpd", "ffmpeg")
    make_library(folder / "music", songs)
    daemon = MpdDaemon(folder, password)
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.kill()
