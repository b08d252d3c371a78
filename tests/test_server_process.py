"""``python -m widget`` as a real process: its start, its faults, its end."""

import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.support.commands import CLIENT_SECRET, Spotify, run, server, spotify, start
from tests.support.live_server import free_port, live_server

TOKEN = "/api/token"
NOW = "/v1/me/player/currently-playing"
BROWSER = f"{sys.executable} -m tests.support.consenting_browser %s"
ANSWER_SECONDS = 0.2


def stored_token(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "now-playing.db")) as connection:
        return str(connection.execute("SELECT refresh_token FROM token").fetchone()[0])


def open_streams(url: str, count: int) -> list[threading.Thread]:
    """Readers of the event stream; each ends with its stream."""
    first_event = threading.Barrier(count + 1)

    def read() -> None:
        with httpx.stream("GET", f"{url}/now-playing/events", timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)
            first_event.wait()
            for _ in lines:
                pass

    threads = [threading.Thread(target=read, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    first_event.wait(timeout=15)
    return threads


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_peace_within_three_seconds_open_streams_included(
    seeded: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with server(tmp_path, seeded) as running:
        readers = open_streams(running.url, 5)
        begun = time.monotonic()
        code, out, err = running.end(number)
        assert time.monotonic() - begun < 3
        for reader in readers:
            reader.join(timeout=2)
            assert not reader.is_alive()
    assert code == 0, err
    assert running.url in out
    assert "Traceback" not in err


def test_its_answers_name_no_server_and_connections_stay_open(seeded: dict[str, str], tmp_path: Path) -> None:
    with server(tmp_path, seeded) as running, httpx.Client() as client:
        answers = [client.get(f"{running.url}/now-playing") for _ in range(3)]
    assert all("server" not in answer.headers for answer in answers)
    assert answers[0].json()["item"]["title"] == "Tides of Glass"


def test_the_log_holds_no_request_and_no_secret(service: Spotify, seeded: dict[str, str], tmp_path: Path) -> None:
    with server(tmp_path, {**seeded, "LOG_LEVEL": "debug"}) as running:
        for path in ("/now-playing", "/widget", "/readyz", "/setup?key=needle"):
            running.get(path)
        _, out, err = running.end(signal.SIGTERM)
    secrets = [CLIENT_SECRET, "needle", *service.simulator.refresh_tokens, *service.simulator.access_tokens]
    assert not [secret for secret in secrets if secret in out + err]
    assert "GET /" not in out + err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "70000"),
        ("PUBLIC_URL", "music.example.org"),
        ("DATABASE_URL", "mysql://a/b"),
        ("DATABASE_URL", "postgres://a.example/b?sslmode=bogus"),
        ("LOG_LEVEL", "loud"),
        ("FRAME_ANCESTORS", "https://a.example; script-src *"),
        ("HIDE", "my guilty pleasures"),
        ("ARTWORK_HOSTS", "https://a b"),
        ("SPOTIFY_AUTHORIZED_AT", "last week"),
        ("SPOTIFY_REDIRECT_URI", "http://localhost:8888/callback"),
        ("CALLS_PER_DAY", "many"),
        ("MAX_STREAMS", "-1"),
        ("SETUP_KEY", "short"),
        ("HIDE_EXPLICIT", "maybe"),
        ("HOST", "no.such.host.invalid"),
    ],
)
def test_a_value_that_cannot_be_right_stops_it_and_is_named(
    service: Spotify, tmp_path: Path, name: str, value: str
) -> None:
    result = run("widget", cwd=tmp_path, environ={**service.environ, name: value})
    assert result.returncode == 2
    assert name in result.stderr
    assert "Traceback" not in result.stderr


def test_all_faults_are_reported_at_once(service: Spotify, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=loud\n", encoding="utf-8")
    result = run("widget", cwd=tmp_path, environ={**service.environ, "PORT": "abc"})
    assert "PORT" in result.stderr
    assert "LOG_LEVEL" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--nonsense"], 2, "--nonsense"),
        (["--port", "abc"], 2, "--port"),
        (["--database", "mysql://a/b"], 2, "sqlite"),
        (["--database", "sqlite:////nowhere/at/all.db"], 2, "/nowhere/at/all.db"),
    ],
)
def test_wrong_use_is_reported(service: Spotify, tmp_path: Path, arguments: list[str], code: int, told: str) -> None:
    result = run("widget", *arguments, cwd=tmp_path, environ=service.environ)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_that_is_taken_is_reported(service: Spotify, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = run("widget", "--port", port, cwd=tmp_path, environ=service.environ)
    assert result.returncode == 1
    assert port in result.stderr
    assert "Traceback" not in result.stderr


def test_help_is_complete(service: Spotify, tmp_path: Path) -> None:
    result = run("widget", "--help", cwd=tmp_path, environ=service.environ)
    assert result.returncode == 0
    for option in ("--host", "--port", "--database", "--demo"):
        assert option in result.stdout


def test_options_win_over_variables(service: Spotify, tmp_path: Path) -> None:
    with server(
        tmp_path,
        {**service.environ, "PORT": "1", "DATABASE_URL": "sqlite:////nowhere.db"},
        "--database",
        "sqlite:///here.db",
    ):
        assert (tmp_path / "here.db").exists()


def test_any_free_port_will_do(service: Spotify, tmp_path: Path) -> None:
    process = start("widget", "--port", "0", cwd=tmp_path, environ=service.environ)
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    assert httpx.get(f"{address}healthz").json() == {"status": "ok"}
    process.terminate()
    process.communicate(timeout=5)
    assert process.returncode == 0


def test_the_demo_needs_nothing_keeps_nothing_and_has_news_every_half_minute(tmp_path: Path) -> None:
    environ = {"PATH": "", "PYTHONPATH": str(Path(__file__).parent.parent), "HOME": "/nowhere"}
    seen: list[tuple[float, object]] = []
    with server(tmp_path, environ, "--demo", own_interpreter=True) as running:
        begun = time.monotonic()
        while time.monotonic() - begun < 34:
            answer = running.get().json()
            shown = (answer["status"], (answer["item"] or {}).get("title"))
            if not seen or seen[-1][1] != shown:
                seen.append((time.monotonic() - begun, shown))
            time.sleep(0.5)
        path = running.get().json()["item"]["artwork_path"]
        assert running.get(path).headers["content-type"] == "image/jpeg"
        assert running.get("/readyz").status_code == 200
        code, _, err = running.end(signal.SIGTERM)
    assert code == 0, err
    assert len(seen) >= 2
    assert list(tmp_path.iterdir()) == []


def test_what_rotates_survives_a_process_that_is_killed_again_and_again(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    service.simulator.rotates = True
    service.simulator.access_seconds = 2.0
    for moment in (0.1, 0.35, 0.6, 0.85, 1.3, 1.7):
        with server(tmp_path, seeded) as running, ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(lambda: running.get(timeout=3.0)) for _ in range(4)]
            time.sleep(moment)
            # What is on its way from Spotify to the disk nobody can save; every other moment counts. Stopped, it starts
            # no refresh between the look at the disk and the end; the one that it started before is answered meanwhile.
            running.process.send_signal(signal.SIGSTOP)
            time.sleep(ANSWER_SECONDS)
            while not _is_kept(service, seeded, tmp_path):
                running.process.send_signal(signal.SIGCONT)
                time.sleep(0.01)
                running.process.send_signal(signal.SIGSTOP)
                time.sleep(ANSWER_SECONDS)
            running.kill()
            for one in asked:
                one.exception()
    with server(tmp_path, seeded) as running:
        assert running.shows()
        assert running.get("/readyz").status_code == 200
    assert stored_token(tmp_path) in service.simulator.refresh_tokens


def test_two_servers_and_a_check_on_one_database_make_one_refresh(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    service.simulator.rotates = True
    with server(tmp_path, seeded) as one, server(tmp_path, seeded) as two:
        service.simulator.delay = 1.5
        with ThreadPoolExecutor(3) as pool:
            check = pool.submit(run, "bootstrap", "status", "--check", cwd=tmp_path, environ=seeded)
            shown = [pool.submit(running.shows) for running in (one, two)]
            assert check.result().returncode == 0
            assert [answer.result() for answer in shown] == [True, True]
    assert service.simulator.requests.count(TOKEN) == 1


def test_of_two_servers_on_one_file_one_polls_and_both_show(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    with server(tmp_path, seeded) as one, server(tmp_path, seeded) as two:
        assert one.shows()
        assert two.shows()
        begun = time.monotonic()
        while time.monotonic() - begun < 10:
            titles = {running.get().json()["item"]["title"] for running in (one, two)}
            time.sleep(0.5)
    assert titles == {"Tides of Glass"}
    assert service.simulator.requests.count(NOW) <= 6  # Early in an item one server asks five times; two would ask ten.


def test_a_token_that_the_bootstrap_stores_is_used_without_a_restart(tmp_path: Path) -> None:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with spotify(redirect_uri) as service:
        environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri, "BROWSER": BROWSER}
        with server(tmp_path, environ) as running:
            assert running.get().json()["error"]["code"] == "not_configured"
            assert run("bootstrap", cwd=tmp_path, environ=environ).returncode == 0
            assert running.shows()


def test_the_server_needs_no_variable_once_the_bootstrap_has_run(tmp_path: Path) -> None:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with spotify(redirect_uri) as service:
        environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri, "BROWSER": BROWSER}
        assert run("bootstrap", cwd=tmp_path, environ=environ).returncode == 0
        bare = {
            name: value for name, value in environ.items() if name not in ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET")
        }
        with server(tmp_path, bare) as running:
            assert running.shows()


def test_a_client_that_never_reads_disturbs_nobody(seeded: dict[str, str], tmp_path: Path) -> None:
    with server(tmp_path, seeded) as running:
        with socket.create_connection(("127.0.0.1", running.port)) as silent:
            silent.sendall(b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.3)
            assert running.get().status_code == 200
        code, _, _ = running.end(signal.SIGTERM)
    assert code == 0


def _is_kept(service: Spotify, seeded: dict[str, str], tmp_path: Path) -> bool:
    """Whether a token that Spotify takes is on the disk, or is the seed still."""
    known = service.simulator.refresh_tokens
    return seeded["SPOTIFY_REFRESH_TOKEN"] in known or stored_token(tmp_path) in known


def test_the_installed_scripts_are_the_same_commands(service: Spotify, tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent
    for name in ("now-playing", "now-playing-backend", "now-playing-bootstrap"):
        result = subprocess.run(
            [scripts / name, "--help"], cwd=tmp_path, env=service.environ, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0
        assert result.stdout.startswith(f"Usage: {name} [OPTIONS]")


class LockingSpotify:
    """A simulated Spotify during whose refresh another program locks the database at ``path``."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self._app = app
        self._path = path
        self.lock: sqlite3.Connection | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == TOKEN and self.lock is None:
            self.lock = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self.lock.execute("BEGIN EXCLUSIVE")
        await self._app(scope, receive, send)


def test_a_token_that_came_while_the_database_was_locked_survives_the_end(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    service.simulator.rotates = True
    locking = LockingSpotify(service.simulator.app, tmp_path / "now-playing.db")
    waiting = tmp_path / "now-playing.db.unsaved"
    with live_server(locking) as url:
        environ = {**seeded, "SPOTIFY_ACCOUNTS_URL": url, "SPOTIFY_API_URL": f"{url}/v1"}
        with server(tmp_path, environ) as running:
            with suppress(httpx.HTTPError):
                running.get("/now-playing.txt")
            deadline = time.monotonic() + 15
            while not waiting.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            begun = time.monotonic()
            code, _, err = running.end(signal.SIGTERM)
            assert (code, time.monotonic() - begun < 3) == (0, True), err
        assert locking.lock is not None
        locking.lock.close()
        refreshes = service.simulator.requests.count(TOKEN)
        with server(tmp_path, environ) as again:
            assert again.shows()
        assert service.simulator.requests.count(TOKEN) == refreshes
    assert not waiting.exists()
    assert stored_token(tmp_path) in service.simulator.refresh_tokens
