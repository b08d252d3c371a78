"""The real commands in subprocesses, and a simulated Spotify on a port of its own for them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx

from tests.support import preloaded
from tests.support.json_schema import check_now_playing
from tests.support.live_server import NO_CERTIFICATES, free_port, live_server
from tests.support.program import ALWAYS
from widget.sources.simulators.spotify import RegisteredApp, SpotifySimulator
from widget.sources.simulators.spotify_playlist import SimulatedPlayback, SpotifyPlaylist

ROOT = Path(__file__).parent.parent.parent
Process: TypeAlias = subprocess.Popen[str] | preloaded.Process
CLIENT_ID = "0123456789abcdef0123456789abcdef"
CLIENT_SECRET = "needle-client-secret"


class Spotify:
    """``simulator`` answers at ``url``."""

    def __init__(self, url: str, simulator: SpotifySimulator) -> None:
        self.url = url
        self.simulator = simulator

    @property
    def environ(self) -> dict[str, str]:
        """Return the variables that lead a command here, and to nothing of the machine's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPOTIFY_", "DATABASE_"))}
        for name in ("PORT", "HOST", "PUBLIC_URL", "BROWSER", "NOTIFY_URLS", "SETUP_KEY"):
            kept.pop(name, None)
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "SPOTIFY_ACCOUNTS_URL": self.url,
            "SPOTIFY_API_URL": f"{self.url}/v1",
            "SPOTIFY_CLIENT_ID": CLIENT_ID,
            "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
        }


@contextmanager
def spotify(*redirect_uris: str, scenes: Sequence[SimulatedPlayback] = ALWAYS) -> Iterator[Spotify]:
    """Run a simulated Spotify while the context lasts."""
    app = RegisteredApp(CLIENT_ID, CLIENT_SECRET, set(redirect_uris))
    simulator = SpotifySimulator(time.time, app, SpotifyPlaylist(scenes, time.time()))
    with live_server(simulator.app) as url:
        yield Spotify(url, simulator)


def run(
    module: str, *arguments: str, cwd: Path, environ: dict[str, str], stdin: str = "", seconds: float = 30.0
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m MODULE`` to its end."""
    if preloaded.can_fork(environ):
        process = preloaded.start(module, *arguments, cwd=cwd, environ=environ)
        try:
            out, err = process.communicate(stdin, timeout=seconds)
        finally:
            process.kill()
        return subprocess.CompletedProcess([module, *arguments], process.wait(), out, err)
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=environ,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def start(module: str, *arguments: str, cwd: Path, environ: dict[str, str]) -> Process:
    """Start ``python -m MODULE``; the caller ends it."""
    if preloaded.can_fork(environ):
        return preloaded.start(module, *arguments, cwd=cwd, environ=environ)
    return start_interpreter(module, *arguments, cwd=cwd, environ=environ)


def start_interpreter(module: str, *arguments: str, cwd: Path, environ: dict[str, str]) -> "subprocess.Popen[str]":
    """Start ``python -m MODULE`` by an interpreter of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Server:
    """``python -m widget`` on a port of its own."""

    def __init__(
        self,
        cwd: Path,
        environ: dict[str, str],
        *arguments: str,
        port: int | None = None,
        own_interpreter: bool = False,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        begin = start_interpreter if own_interpreter else start
        self.process: Process = begin("widget", "--port", str(self.port), *arguments, cwd=cwd, environ=environ)
        wait_for(self.url + "/healthz", self.process)

    def get(self, path: str = "/now-playing", **more: float) -> httpx.Response:
        response = httpx.get(self.url + path, verify=NO_CERTIFICATES, timeout=more.get("timeout", 10.0))
        if path == "/now-playing":
            check_now_playing(response.json())
        return response

    def shows(self, status: str = "playing", seconds: float = 15.0) -> bool:
        """Return whether ``status`` appears in time: on a busy machine that may take longer than one response waits."""
        end = time.monotonic() + seconds
        while self.get().json()["status"] != status:
            if time.monotonic() >= end:
                return False
            time.sleep(0.2)
        return True

    def end(self, signal_number: int, seconds: float = 10.0) -> tuple[int, str, str]:
        """Send a signal; return the exit code and all output."""
        self.process.send_signal(signal_number)
        out, err = self.process.communicate(timeout=seconds)
        return self.process.wait(), out, err

    def kill(self) -> None:
        """End it at once, as a power failure does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@contextmanager
def server(
    cwd: Path, environ: dict[str, str], *arguments: str, port: int | None = None, own_interpreter: bool = False
) -> Iterator[Server]:
    """Run a server while the context lasts."""
    running = Server(cwd, environ, *arguments, port=port, own_interpreter=own_interpreter)
    try:
        yield running
    finally:
        running.kill()


def wait_for(url: str, process: Process | None = None, seconds: float = 15.0) -> None:
    """Wait until a server answers at ``url``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            httpx.get(url, timeout=2.0, verify=NO_CERTIFICATES)
        except httpx.HTTPError:
            if process is not None and process.poll() is not None:
                raise AssertionError(f"it ended: {process.communicate()}") from None
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no server answers at {url}")
