"""The real Maloja, which takes listens as ListenBrainz does and tells nobody what plays."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.commands import ROOT
from tests.support.live_server import free_port
from tests.support.programs import require

PACKAGES = ROOT / ".players" / "maloja"
START_SECONDS = 60.0
USER, TOKEN = "elin", "needle-of-the-server"


class MalojaServer:
    """Maloja with its data in ``folder``, from packages of its own: some of ours are there in other versions."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "apikeys.yml").write_text(f"default: {TOKEN}\n", encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
        own = {
            "MALOJA_DATA_DIRECTORY": str(folder),
            "MALOJA_FORCE_PASSWORD": TOKEN,
            "MALOJA_HOST": "127.0.0.1",
            "MALOJA_NAME": USER,
            "MALOJA_PORT": str(self.port),
            "MALOJA_SKIP_SETUP": "yes",
        }
        self._log = folder / "maloja.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["/usr/bin/python3", "-W", "ignore", "-m", "maloja", "run"],
                cwd=folder,
                env={**kept, **own, "HOME": str(folder), "PYTHONPATH": str(PACKAGES)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self.call("validate-token").raise_for_status()
                return
            except httpx.TransportError:
                assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
                assert time.monotonic() < end, self._log.read_text(encoding="utf-8")
                time.sleep(0.1)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait(10)

    def call(self, path: str, submission: object = None) -> httpx.Response:
        """Request ``path`` of its ListenBrainz API, or post ``submission`` there."""
        method, headers = "GET" if submission is None else "POST", {"Authorization": f"Token {TOKEN}"}
        url = f"{self.url}/apis/listenbrainz/1/{path}"
        return httpx.request(method, url, json=submission, headers=headers, timeout=10, trust_env=False)

    def environ(self, path: str) -> dict[str, str]:
        """Return the variables that lead our server to the address ``path`` here."""
        return {
            "SOURCE": "listenbrainz",
            "LISTENBRAINZ_URL": f"{self.url}{path}",
            "LISTENBRAINZ_USER": USER,
            "LISTENBRAINZ_TOKEN": TOKEN,
        }


@contextmanager
def maloja_server(folder: Path) -> Iterator[MalojaServer]:
    """Run a server while the context lasts. Skips the test where Maloja is missing."""
    require(PACKAGES / "maloja")
    server = MalojaServer(folder)
    try:
        server.wait()
        yield server
    finally:
        server.kill()
