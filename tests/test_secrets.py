"""No secret in any byte that is served, logged or printed, with marked secrets everywhere."""

import re
import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from tests.support.commands import CLIENT_SECRET, Server, Spotify, run, server, spotify
from tests.support.live_server import free_port, live_server
from tests.support.receiver import Receiver

KEY = "needle-setup-key-of-the-owner"
NOTIFY_PASSWORD = "needle-notify-password"
BROWSER = f"{sys.executable} -m tests.support.consenting_browser %s"
PATHS = (
    "/",
    "/widget",
    "/now-playing",
    "/now-playing.svg",
    "/api/now-playing",
    "/embed.js",
    "/oembed?url=x",
    "/healthz",
)
FAULTS = ("/readyz", "/setup", "/setup/callback?code=x&state=y", "/artwork/none", "/nothing")


@pytest.fixture
def service() -> Iterator[Spotify]:
    port = free_port()
    with spotify(f"http://127.0.0.1:{free_port()}/callback", f"http://127.0.0.1:{port}/setup/callback") as running:
        running.simulator.rotates = True
        yield running


def visit(running: Server, heard: list[str]) -> None:
    """Asks for everything, and keeps all bytes of the answers."""
    for path in (*PATHS, *FAULTS):
        answer = running.get(path)
        heard.append(answer.text + str(answer.headers))
    with httpx.stream("GET", f"{running.url}/now-playing/events", timeout=10) as stream:
        lines = stream.iter_lines()
        heard.extend(next(lines) for _ in range(3))


def renew(running: Server, service: Spotify, heard: list[str]) -> None:
    """The whole renewal, with a wrong key before."""
    with httpx.Client() as browser:
        for key in ("wrong", KEY):
            answer = browser.post(f"{running.url}/setup", data={"key": key}, headers={"Sec-Fetch-Site": "same-origin"})
            heard.append(answer.text + str(answer.headers))
        location = answer.headers["location"]
        form = {"query": httpx.URL(location).query.decode(), "decision": "agree"}
        callback = browser.post(f"{service.url}/authorize/decide", data=form).headers["location"]
        answer = browser.get(callback)
        assert answer.status_code == 200
        heard.append(answer.text + str(answer.headers))


@pytest.mark.timeout(360)  # Ten commands and a server, one after another.
def test_no_secret_is_ever_served_logged_or_printed(service: Spotify, tmp_path: Path) -> None:
    heard: list[str] = []
    cli_uri, setup_uri = sorted(service.simulator.app_settings.redirect_uris, key=lambda uri: "/setup/" in uri)
    port = httpx.URL(setup_uri).port
    receiver = Receiver(status=500)
    with live_server(receiver.app) as inbox:
        environ = {
            **service.environ,
            "BROWSER": BROWSER,
            "SPOTIFY_REDIRECT_URI": cli_uri,
            "SETUP_KEY": KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "NOTIFY_URLS": inbox.replace("http://", f"json://me:{NOTIFY_PASSWORD}@"),
            "LOG_LEVEL": "debug",
        }

        def command(*arguments: str, **more: str) -> None:
            result = run("bootstrap", *arguments, cwd=tmp_path, environ={**environ, **more})
            heard.append(result.stdout + result.stderr)

        command()
        command("--scope", "user-top-read")
        for arguments in (["status"], ["status", "--json"], ["status", "--check"], ["message"]):
            command(*arguments)
        command(SPOTIFY_CLIENT_SECRET="needle-wrong-secret")
        command("status", "--check", SPOTIFY_CLIENT_SECRET="needle-wrong-secret")

        with server(tmp_path, environ, port=port) as running:
            visit(running, heard)
            renew(running, service, heard)
            service.simulator.answers["/v1/me/player/currently-playing"] = lambda: PlainTextResponse("", 502)
            time.sleep(3.0)
            visit(running, heard)
            service.simulator.answers.clear()
            service.simulator.revoke_everything()
            time.sleep(4.0)
            visit(running, heard)
            code, out, err = running.end(signal.SIGTERM)
            assert code == 0
            heard.extend((out, err))
        command("status", "--check")
        command("forget", "--yes")

    everything = "\n".join(heard)
    issued = service.simulator.issued
    assert len(issued) >= 8
    assert "Nilas Listener" in everything
    marked = [CLIENT_SECRET, "needle", KEY, NOTIFY_PASSWORD, *issued]
    assert [secret for secret in marked if secret in everything] == []
    verifiers = re.findall(r"code_verifier[\"']?[:=]", everything)
    assert verifiers == []
    with closing(sqlite3.connect(tmp_path / "now-playing.db")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM token").fetchone() == (0,)
