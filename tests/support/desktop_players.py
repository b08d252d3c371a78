"""Real players with a window, each on a screen and a session bus of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from tests.support.programs import require
from tests.support.real_players import PLUGINS, START_SECONDS, TITLES, RealPlayer
from tests.support.tls_proxy import TlsProxy

Command: TypeAlias = subprocess.CompletedProcess[bytes]

PYTHON_PACKAGES = Path("/usr/lib/python3/dist-packages")
QUOD_LIBET_PLUGIN = PYTHON_PACKAGES / "quodlibet/plugins/listenbrainz"
RHYTHMBOX_PLUGINS = PLUGINS / "rhythmbox"
PLAYER = "org.mpris.MediaPlayer2.Player"
AUDIBLE_SINKS = ("alsasink", "jackaudiosink", "openalsink", "oss4sink", "osssink", "pipewiresink", "pulsesink")
"""GStreamer's ways to make a sound; where it may use none of them, it plays in silence."""


class DesktopPlayer(RealPlayer):
    """A player on a screen and a bus, which the commands of :meth:`command` share."""

    environ: Mapping[str, str]
    command_seconds = START_SECONDS

    def command(self, *words: str, check: bool = True) -> Command:
        """Run a command as the user of this player."""
        return subprocess.run(
            words,
            env=self.environ,
            check=check,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=self.command_seconds,
        )


class RemoteControlledPlayer(DesktopPlayer):
    """A player that ``remote``, a command of its own, tells what to do by options."""

    remote: tuple[str, ...]

    def tell(self, *words: str, check: bool = True) -> Command:
        return self.command(*self.remote, *words, check=check)

    def next(self) -> None:
        self.tell("--next")

    def pause(self) -> None:
        self.tell("--pause")

    def resume(self) -> None:
        self.tell("--play")

    def stop(self) -> None:
        self.tell("--stop")

    def near_the_end(self) -> None:
        """Do nothing, as the songs are short."""


class QuodLibet(RemoteControlledPlayer):
    """Debian's Quod Libet. Its plug-in lies where it does not look for plug-ins.

    Its stop is a pause at the beginning, and is not submitted.
    """

    remote = ("quodlibet",)
    command_seconds = 30.0

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
        self.wait(lambda: self.tell("--status", check=False).returncode == 0)

    def play(self, *titles: str) -> None:
        self.tell(f"--play-file={self.file(titles[0])}")
        for title in titles[1:]:
            self.tell(f"--enqueue={self.file(title)}")


class GnomePlayer(DesktopPlayer):
    """A player that keeps its settings as GNOME does; commands from outside share its screen and its bus.

    ``mpris`` is its name on the bus, for MPRIS, the interface of all players on a Linux desktop.
    """

    mpris: str

    def open(self, command: str, settings: str, **variables: str) -> None:
        """Start ``command`` with ``settings``, and wait until commands find it."""
        require(command, "xvfb-run", "xauth", "dbus-run-session", "dbus-send")
        keyfile = self.folder / "config" / "glib-2.0" / "settings" / "keyfile"
        keyfile.parent.mkdir(parents=True)
        keyfile.write_text(settings, encoding="utf-8")
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "GIO_USE_NETWORK_MONITOR": "base",  # Lollypop submits nothing where there seems to be no network.
            "GIO_USE_VFS": "local",
            "GSETTINGS_BACKEND": "keyfile",
            "GST_PLUGIN_FEATURE_RANK": ",".join(f"{sink}:NONE" for sink in AUDIBLE_SINKS),
            "NO_AT_BRIDGE": "1",
            **variables,
        }
        script = f"cd {self.folder} && env -0 >environ.part && mv environ.part environ && exec {command}"
        self.launch(["xvfb-run", "-a", "dbus-run-session", "--", "sh", "-c", script], environ)
        written = self.folder / "environ"
        self.wait(written.exists)
        parts = written.read_text(encoding="utf-8").split("\0")
        self.environ = dict(part.split("=", 1) for part in parts if part)
        self.wait(lambda: self.property("PlaybackStatus") is not None)

    def property(self, name: str, interface: str = "Player") -> str | None:
        """Return a property as text, None if the player does not tell it."""
        arguments = [f"string:org.mpris.MediaPlayer2.{interface}", f"string:{name}"]
        answer = self.send("org.freedesktop.DBus.Properties.Get", *arguments, check=False)
        return answer.stdout.decode().split("variant", 1)[-1].strip() if answer.returncode == 0 else None

    def send(self, method: str, *arguments: str, check: bool = True) -> Command:
        """Call a method of the player."""
        message = ["--session", "--print-reply", f"--dest={self.mpris}", "/org/mpris/MediaPlayer2", method]
        return self.command("dbus-send", *message, *arguments, check=check)


class Lollypop(GnomePlayer):
    """Debian's Lollypop. It has no setting for the service's address, so a copy of its code has ours."""

    mpris = "org.mpris.MediaPlayer2.Lollypop"
    length = 31.0  # It scrobbles nothing shorter than half a minute.
    tells_duration = True

    def start(self) -> None:
        require("lollypop", PYTHON_PACKAGES / "lollypop")
        self.make_songs()
        code = self.folder / "code"
        shutil.copytree(PYTHON_PACKAGES / "lollypop", code / "lollypop")
        replace(code / "lollypop" / "ws_listenbrainz.py", "https://api.listenbrainz.org", self.url)
        # Of all services it may ask MusicBrainz alone, which here stands for ListenBrainz.
        settings = (
            f"[org/gnome/Lollypop]\nlistenbrainz-user-token='{self.token}'\nnetwork-access-acl=512\n"
            f"music-uris=['{(self.folder / 'music').as_uri()}']\nnotifications='none'\n"
        )
        self.open("lollypop", settings, PYTHONPATH=str(code))
        self.wait(self._knows_all_songs)

    def play(self, *titles: str) -> None:
        loop = "Track" if titles.count(titles[0]) > 1 else "None"
        given = [f"string:{PLAYER}", "string:LoopStatus", f"variant:string:{loop}"]
        self.send("org.freedesktop.DBus.Properties.Set", *given)
        self.began = time.time()
        if titles == TITLES[:2]:
            self.command("lollypop", "--play-ids=a:1")  # Only an album goes on by itself.
        else:
            self.send(f"{PLAYER}.OpenUri", f"string:{self.file(titles[0]).as_uri()}")

    def next(self) -> None:
        self.send(f"{PLAYER}.Next")

    def pause(self) -> None:
        self.send(f"{PLAYER}.Pause")

    def resume(self) -> None:
        self.send(f"{PLAYER}.Play")

    def stop(self) -> None:
        self.send(f"{PLAYER}.Stop")  # It is not submitted.

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


class Rhythmbox(RemoteControlledPlayer, GnomePlayer):
    """Debian's Rhythmbox. Its plug-in knows one server, over https alone, so a copy of it has ours."""

    mpris = "org.mpris.MediaPlayer2.rhythmbox"
    length = 8.0
    tells_repeats = False
    remote = ("rhythmbox-client", "--no-start")

    def start(self) -> None:
        require("rhythmbox", RHYTHMBOX_PLUGINS)
        self.make_songs()
        self.proxy = TlsProxy(self.folder, int(self.url.rsplit(":", 1)[1]))
        plugins = self.folder / "data" / "rhythmbox" / "plugins"
        for name in ("listenbrainz", "mpris", "rb"):
            shutil.copytree(RHYTHMBOX_PLUGINS / name, plugins / name)
        replace(plugins / "listenbrainz" / "client.py", "api.listenbrainz.org", f"127.0.0.1:{self.proxy.port}")
        active = "['listenbrainz', 'mpris', 'rb']"
        # Nor does it play a song while it finds it in its library, which therefore is empty.
        settings = (
            f"[org/gnome/rhythmbox/plugins]\nactive-plugins={active}\nseen-plugins={active}\n"
            f"[org/gnome/rhythmbox/plugins/listenbrainz]\nuser-token='{self.token}'\n"
            f"[org/gnome/rhythmbox/rhythmdb]\nlocations=['{(self.folder / 'none').as_uri()}']\n"
        )
        self.open("rhythmbox", settings, SSL_CERT_FILE=str(self.proxy.certificate))
        # Commands are lost until its library is read; then it makes its playlists, which are four with the queue.
        self.wait(lambda: self.property("PlaylistCount", "Playlists") == "uint32 4")

    def play(self, *titles: str) -> None:
        first, *others = (self.file(title).as_uri() for title in titles)
        # It imports one file after the other, so the next song is known when this one plays; but none twice at once.
        for other in others:
            if other != first:
                self.tell("--enqueue", other)
        self.tell(f"--play-uri={first}")
        if first in others:
            self.wait(lambda: first in (self.property("Metadata") or ""))
            self.tell("--enqueue", first)


def replace(file: Path, old: str, new: str) -> None:
    """Replace ``old``, which must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
