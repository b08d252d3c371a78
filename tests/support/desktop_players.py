"""Real players with a window, each on a screen and a session bus of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.support.programs import require
from tests.support.real_players import START_SECONDS, TITLES, RealPlayer

PYTHON_PACKAGES = Path("/usr/lib/python3/dist-packages")
QUOD_LIBET_PLUGIN = PYTHON_PACKAGES / "quodlibet/plugins/listenbrainz"
LISTENBRAINZ = "https://api.listenbrainz.org"
AUDIBLE_SINKS = ("alsasink", "jackaudiosink", "openalsink", "oss4sink", "osssink", "pipewiresink", "pulsesink")
"""GStreamer's ways to make a sound; where it may use none of them, it plays in silence."""


class QuodLibet(RealPlayer):
    """Debian's Quod Libet, on a screen of its own. Its plug-in lies where it does not look for plug-ins."""

    def start(self) -> None:
        require("quodlibet", "xvfb-run", "xauth", "dbus-run-session", QUOD_LIBET_PLUGIN)
        self.make_songs()
        home = self.folder / "quodlibet"
        shutil.copytree(QUOD_LIBET_PLUGIN, home / "plugins" / "listenbrainz")
        (home / "config").write_text(
            f"[plugins]\nactive_plugins = listenbrainz\nlistenbrainz_user_token = {self.token}\n"
            "[player]\ngst_pipeline = fakesink sync=true\n",
            encoding="utf-8",
        )
        self.environ = {
            **os.environ,
            "HOME": str(self.folder),
            "QUODLIBET_USERDIR": str(home),
            "QL_LISTENBRAINZ_DEV_SERVER": self.url.removeprefix("http://"),
            "NO_AT_BRIDGE": "1",
        }
        self.launch(["xvfb-run", "-a", "dbus-run-session", "--", "quodlibet", "--run"], self.environ)
        end = time.monotonic() + START_SECONDS
        while self._tell("--status", check=False).returncode:
            assert time.monotonic() < end, (self.folder / "player.log").read_text()
            time.sleep(0.2)

    def play(self, *titles: str) -> None:
        self._tell(f"--play-file={self.file(titles[0])}")
        for title in titles[1:]:
            self._tell(f"--enqueue={self.file(title)}")

    def next(self) -> None:
        self._tell("--next")

    def pause(self) -> None:
        self._tell("--pause")

    def resume(self) -> None:
        self._tell("--play")

    def stop(self) -> None:
        self._tell("--stop")  # It is a pause at the beginning, and is not submitted.

    def near_the_end(self) -> None:
        """Do nothing, as the songs are short."""

    def _tell(self, option: str, *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["quodlibet", option],
            env=self.environ,
            check=check,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=30,
        )


class Lollypop(RealPlayer):
    """Debian's Lollypop. It has no setting for the service's address, so a copy of its code has ours."""

    length = 31.0  # It scrobbles nothing shorter than half a minute.
    tells_duration = True

    def start(self) -> None:
        require("lollypop", "xvfb-run", "xauth", "dbus-run-session", "dbus-send", PYTHON_PACKAGES / "lollypop")
        self.make_songs()
        code, settings = self.folder / "code", self.folder / "config" / "glib-2.0" / "settings"
        shutil.copytree(PYTHON_PACKAGES / "lollypop", code / "lollypop")
        client = code / "lollypop" / "ws_listenbrainz.py"
        text = client.read_text(encoding="utf-8")
        assert LISTENBRAINZ in text
        client.write_text(text.replace(LISTENBRAINZ, self.url), encoding="utf-8")
        settings.mkdir(parents=True)
        # Of all services it may ask MusicBrainz alone, which here stands for ListenBrainz.
        (settings / "keyfile").write_text(
            f"[org/gnome/Lollypop]\nlistenbrainz-user-token='{self.token}'\nnetwork-access-acl=512\n"
            f"music-uris=['{(self.folder / 'music').as_uri()}']\nnotifications='none'\n",
            encoding="utf-8",
        )
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "PYTHONPATH": str(code),
            "GIO_USE_NETWORK_MONITOR": "base",  # It submits nothing where there seems to be no network.
            "GIO_USE_VFS": "local",
            "GSETTINGS_BACKEND": "keyfile",
            "GST_PLUGIN_FEATURE_RANK": ",".join(f"{sink}:NONE" for sink in AUDIBLE_SINKS),
            "NO_AT_BRIDGE": "1",
        }
        # A command of its own from outside needs the same screen and bus.
        command = "env -0 >environ.part && mv environ.part environ && exec lollypop"
        self.launch(["xvfb-run", "-a", "dbus-run-session", "--", "sh", "-c", f"cd {self.folder} && {command}"], environ)
        self._wait(lambda: (self.folder / "environ").exists())
        variables = (self.folder / "environ").read_text(encoding="utf-8").split("\0")
        self.environ = dict(variable.split("=", 1) for variable in variables if variable)
        self._wait(lambda: self._call("Properties.Get", "Player", "PlaybackStatus", check=False).returncode == 0)
        self._wait(self._knows_all_songs)

    def play(self, *titles: str) -> None:
        is_repeated = titles.count(titles[0]) > 1
        loop = "Track" if is_repeated else "None"
        self._call("Properties.Set", "Player", "LoopStatus", f"variant:string:{loop}")
        self.began = time.time()
        if titles == TITLES[:2]:
            # Only an album goes on by itself.
            subprocess.run(["lollypop", "--play-ids=a:1"], env=self.environ, check=True, stdin=subprocess.DEVNULL)
        else:
            self._call("OpenUri", self.file(titles[0]).as_uri())

    def next(self) -> None:
        self._call("Next")

    def pause(self) -> None:
        self._call("Pause")

    def resume(self) -> None:
        self._call("Play")

    def stop(self) -> None:
        self._call("Stop")  # It is not submitted.

    def near_the_end(self) -> None:
        """Let it play: it scrobbles two seconds before the end, by the time that has passed."""
        time.sleep(max(0.0, self.began + self.length - 2 - time.time()))

    def _knows_all_songs(self) -> bool:
        database = self.folder / "data" / "lollypop" / "lollypop.db"
        if not database.exists():
            return False
        with closing(sqlite3.connect(database)) as connection:
            try:
                (count,) = connection.execute("select count(*) from tracks").fetchone()
            except sqlite3.OperationalError:
                return False
        return bool(count == len(TITLES))

    def _wait(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + START_SECONDS
        while not holds():
            assert time.monotonic() < end, (self.folder / "player.log").read_text(encoding="utf-8")
            time.sleep(0.2)

    def _call(self, method: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Call a method of MPRIS, the interface of all players on a Linux desktop."""
        interface = "org.freedesktop.DBus" if method.startswith("Properties.") else "org.mpris.MediaPlayer2.Player"
        given = [one if one.startswith("variant:") else f"string:{one}" for one in arguments]
        given = [one.replace("string:Player", "string:org.mpris.MediaPlayer2.Player") for one in given]
        command = ["dbus-send", "--session", "--print-reply", "--dest=org.mpris.MediaPlayer2.Lollypop"]
        command += ["/org/mpris/MediaPlayer2", f"{interface}.{method}", *given]
        return subprocess.run(
            command, env=self.environ, check=check, capture_output=True, stdin=subprocess.DEVNULL, timeout=60
        )
