"""The command at a real terminal: what it asks for, and what it shows while it waits."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.commands import CLIENT_ID, CLIENT_SECRET, run, spotify
from tests.support.live_server import free_port

pty = pytest.importorskip("pty", reason="terminals are POSIX's")
BROWSER = f"{sys.executable} -m tests.support.agreeing_browser %s"
Typing = dict[str, str]


def at_terminal(arguments: list[str], folder: Path, environ: dict[str, str], typing: Typing) -> tuple[int, str]:
    """Runs the command at a terminal, typing each text of ``typing`` when its prompt has come: exit code and screen."""
    process, terminal = pty.fork()
    if process == 0:
        try:
            os.chdir(folder)
            os.execve(sys.executable, [sys.executable, "-m", "bootstrap", *arguments], environ)  # noqa: S606
        finally:
            os._exit(127)  # Whatever happens, no second copy of the tests runs on.
    screen, waiting = "", dict(typing)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:
            break
        if not chunk:
            break
        screen += chunk.decode("utf-8", "replace")
        for prompt in [prompt for prompt in waiting if prompt in screen]:
            time.sleep(0.1)
            os.write(terminal, waiting.pop(prompt).encode())
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), screen


@pytest.fixture
def environ(tmp_path: Path) -> Callable[..., dict[str, str]]:
    def of(url: str, redirect_uri: str, browser: str = BROWSER) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parent.parent.parent),
            "TERM": "dumb",
            "BROWSER": browser,
            "SPOTIFY_ACCOUNTS_URL": url,
            "SPOTIFY_API_URL": f"{url}/v1",
            "SPOTIFY_REDIRECT_URI": redirect_uri,
        }

    return of


def test_it_asks_for_id_and_secret_and_shows_no_secret(tmp_path: Path, environ: Callable[..., dict[str, str]]) -> None:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with spotify(redirect_uri) as service:
        service.simulator.delay = 0.7
        variables = environ(service.url, redirect_uri)
        typing = {"Client ID:": f"{CLIENT_ID}\n", "Client secret": f"{CLIENT_SECRET}\n"}
        code, screen = at_terminal([], tmp_path, variables, typing)
        assert code == 0, screen
        assert "Nilas Listener" in screen
        assert "Waiting for your consent … 5:00" in screen
        assert CLIENT_SECRET not in screen
        status = run("bootstrap", "status", cwd=tmp_path, environ=variables)
    assert status.returncode == 0


def test_ctrl_c_at_the_prompt_and_while_waiting_is_130(tmp_path: Path, environ: Callable[..., dict[str, str]]) -> None:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with spotify(redirect_uri) as service:
        variables = environ(service.url, redirect_uri, browser="true %s")
        code, screen = at_terminal([], tmp_path, variables, {"Client ID:": "\x03"})
        assert code == 130
        variables = {**variables, "SPOTIFY_CLIENT_ID": CLIENT_ID, "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET}
        code, screen = at_terminal([], tmp_path, variables, {"Waiting for your consent": "\x03"})
    assert code == 130, screen
    assert "Traceback" not in screen


def test_forget_asks_first(tmp_path: Path, environ: Callable[..., dict[str, str]]) -> None:
    variables = environ("http://127.0.0.1:9", "http://127.0.0.1:8888/callback")
    code, screen = at_terminal(["forget"], tmp_path, variables, {"[y/N]": "n\n"})
    assert code == 130
    assert "Deleted" not in screen
    code, screen = at_terminal(["forget"], tmp_path, variables, {"[y/N]": "y\n"})
    assert code == 0
    assert "Deleted" in screen
