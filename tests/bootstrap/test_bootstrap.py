"""``python -m bootstrap`` as a real command: what it stores, and all its failures."""

import json
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.support.commands import CLIENT_SECRET, Process, Spotify, run, spotify, start, wait_for
from tests.support.consenting_browser import consent
from tests.support.live_server import free_port

ME = "/v1/me"
NOW = "/v1/me/player/currently-playing"
TOKEN = "/api/token"
AGREES = f"{sys.executable} -m tests.support.consenting_browser %s"
CANCELS = f"{sys.executable} -m tests.support.consenting_browser %s cancel"

Bootstrap = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def redirect_uri() -> str:
    return f"http://127.0.0.1:{free_port()}/callback"


@pytest.fixture
def service(redirect_uri: str) -> Iterator[Spotify]:
    with spotify(redirect_uri) as running:
        yield running


@pytest.fixture
def bootstrap(service: Spotify, redirect_uri: str, tmp_path: Path) -> Bootstrap:
    """Runs the command; ``browser`` is what ``BROWSER`` names, other names are variables (None takes one away)."""

    def command(
        *arguments: str, browser: str = AGREES, stdin: str = "", **environ: str | None
    ) -> subprocess.CompletedProcess[str]:
        variables = {**service.environ, "BROWSER": browser, "SPOTIFY_REDIRECT_URI": redirect_uri, **environ}
        given = {name: value for name, value in variables.items() if value is not None}
        return run("bootstrap", *arguments, cwd=tmp_path, environ=given, stdin=stdin)

    return command


def rows(tmp_path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(tmp_path / "now-playing.db")) as connection:
        return [*connection.execute("SELECT * FROM token"), *connection.execute("SELECT * FROM credentials")]


def failed(result: subprocess.CompletedProcess[str], code: int, *told: str) -> None:
    assert result.returncode == code, result
    assert "Traceback" not in result.stderr
    for text in told:
        assert text in result.stderr, result.stderr
    assert CLIENT_SECRET not in result.stdout + result.stderr


def test_it_stores_everything_and_says_what_it_stored(bootstrap: Bootstrap, redirect_uri: str, tmp_path: Path) -> None:
    result = bootstrap()
    assert result.returncode == 0, result
    for text in ("Nilas Listener", "user-read-currently-playing", "now-playing.db", "Valid until: 20"):
        assert text in result.stdout
    assert "python -m widget" in result.stdout
    assert "python -m bootstrap export" in result.stdout
    assert redirect_uri in result.stderr
    assert "INVALID_CLIENT" in result.stderr
    (token, credentials) = rows(tmp_path)
    assert CLIENT_SECRET in credentials
    assert str(token[1]).startswith("AQ")
    assert stat.S_IMODE((tmp_path / "now-playing.db").stat().st_mode) == 0o600


def test_the_authorize_url_stands_on_a_line_of_its_own_with_all_that_it_must_have(bootstrap: Bootstrap) -> None:
    result = bootstrap("--scope", "user-top-read")
    (url,) = re.findall(r"^\s*(http://127\.0\.0\.1:\d+/authorize\?\S+)$", result.stderr, re.MULTILINE)
    query = httpx.URL(url).params
    assert query["response_type"] == "code"
    assert query["show_dialog"] == "true"
    assert query["code_challenge_method"] == "S256"
    assert len(query["state"]) == 43
    assert query["scope"] == "user-read-currently-playing user-read-recently-played user-top-read"
    assert "scope=user-read-currently-playing%20user-read-recently-played" in url
    assert "user-top-read" in result.stdout


def test_two_runs_have_two_states(bootstrap: Bootstrap) -> None:
    states = [re.search(r"state=([^&\s]+)", bootstrap().stderr) for _ in range(2)]
    assert states[0] is not None
    assert states[1] is not None
    assert states[0][1] != states[1][1]


def test_no_secret_is_printed(bootstrap: Bootstrap, service: Spotify) -> None:
    result = bootstrap()
    everything = result.stdout + result.stderr
    secrets = [CLIENT_SECRET, *service.simulator.refresh_tokens, *service.simulator.access_tokens]
    assert not [secret for secret in secrets if secret in everything]
    assert "code=" not in everything.replace("response_type=code", "")


def test_without_a_secret_pkce_alone_is_enough(bootstrap: Bootstrap, tmp_path: Path) -> None:
    assert bootstrap(SPOTIFY_CLIENT_SECRET=None).returncode == 0
    assert rows(tmp_path)[1][2] is None
    assert bootstrap("status", "--check", SPOTIFY_CLIENT_SECRET=None).returncode == 0


def test_the_stored_id_and_secret_serve_the_next_time(bootstrap: Bootstrap) -> None:
    assert bootstrap().returncode == 0
    assert bootstrap(SPOTIFY_CLIENT_ID=None, SPOTIFY_CLIENT_SECRET=None).returncode == 0


def test_dot_env_is_read_too(bootstrap: Bootstrap, service: Spotify, tmp_path: Path) -> None:
    lines = [f"{name}={service.environ[name]}" for name in ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET")]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert bootstrap(SPOTIFY_CLIENT_ID=None, SPOTIFY_CLIENT_SECRET=None).returncode == 0
    assert (tmp_path / ".env").read_text(encoding="utf-8") == "\n".join(lines)


def test_without_an_id_and_without_a_terminal_it_says_what_to_set(bootstrap: Bootstrap) -> None:
    failed(bootstrap(SPOTIFY_CLIENT_ID=None), 2, "SPOTIFY_CLIENT_ID")


def deny(_: Spotify) -> None:
    """The browser cancels."""


def another_secret(service: Spotify) -> None:
    service.simulator.app_settings.client_secret = "another"


def refused_code(service: Spotify) -> None:
    service.simulator.answers[TOKEN] = lambda: JSONResponse({"error": "invalid_grant"}, 400)


def without_refresh_token(service: Spotify) -> None:
    service.simulator.answers[TOKEN] = lambda: JSONResponse({"access_token": "BQ", "expires_in": 3600})


def accounts_down(service: Spotify) -> None:
    service.simulator.answers[TOKEN] = lambda: Response(status_code=503)


def accounts_busy(service: Spotify) -> None:
    service.simulator.answers[TOKEN] = lambda: Response(status_code=429, headers={"Retry-After": "300"})


def no_premium(service: Spotify) -> None:
    service.simulator.has_premium = False


def not_listed(service: Spotify) -> None:
    service.simulator.is_listed = False


def no_scope(service: Spotify) -> None:
    service.simulator.withheld_scopes = {"user-read-currently-playing"}


def scope_refused(service: Spotify) -> None:
    error = {"error": {"status": 403, "message": "Insufficient client scope"}}
    service.simulator.answers[NOW] = lambda: JSONResponse(error, 403)


FAILURES: list[tuple[Callable[[Spotify], None], str]] = [
    (deny, "denied"),
    (another_secret, "client secret"),
    (refused_code, "authorization code"),
    (without_refresh_token, "no refresh token"),
    (accounts_down, "start over"),
    (accounts_busy, "5 minutes"),
    (no_premium, "Premium"),
    (not_listed, "User Management"),
    (no_scope, "user-read-currently-playing"),
    (scope_refused, "scope"),
]


@pytest.mark.parametrize(("fault", "told"), FAILURES, ids=[fault.__name__ for fault, _ in FAILURES])
def test_each_failure_has_its_sentence_and_leaves_what_was_stored(
    bootstrap: Bootstrap, service: Spotify, tmp_path: Path, fault: Callable[[Spotify], None], told: str
) -> None:
    assert bootstrap().returncode == 0
    before = rows(tmp_path)
    fault(service)
    failed(bootstrap(browser=CANCELS if fault is deny else AGREES), 1, told)
    assert rows(tmp_path) == before


@pytest.mark.parametrize("path", [ME, NOW])
@pytest.mark.parametrize("status", [429, 500, 502])
def test_an_unreachable_web_api_is_a_warning(bootstrap: Bootstrap, service: Spotify, path: str, status: int) -> None:
    service.simulator.answers[path] = lambda: PlainTextResponse("", status)
    result = bootstrap()
    assert result.returncode == 0, result
    assert "Warning" in result.stderr
    assert json.loads(bootstrap("status", "--json").stdout)["state"] == "ok"


def test_a_missing_second_scope_is_a_warning(bootstrap: Bootstrap, service: Spotify) -> None:
    service.simulator.withheld_scopes = {"user-read-recently-played"}
    result = bootstrap()
    assert result.returncode == 0
    assert "Warning: The scope user-read-recently-played" in result.stderr


def test_an_unregistered_redirect_uri_ends_in_time_with_what_to_check(
    bootstrap: Bootstrap, service: Spotify, redirect_uri: str
) -> None:
    service.simulator.app_settings.redirect_uris = {redirect_uri + "/"}
    result = bootstrap("--timeout", "1.5")
    failed(result, 1, "1.5 seconds", "INVALID_CLIENT", redirect_uri)


def test_a_port_that_is_taken_is_reported_before_the_browser_opens(bootstrap: Bootstrap, service: Spotify) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        failed(bootstrap("--redirect-uri", f"http://127.0.0.1:{port}/callback"), 1, str(port), "--redirect-uri")
    assert "/authorize" not in service.simulator.requests


def test_a_database_that_cannot_be_written_is_reported_before_any_request_to_spotify(
    bootstrap: Bootstrap, service: Spotify
) -> None:
    failed(bootstrap("--database", "sqlite:////nowhere/at/all.db"), 2, "/nowhere/at/all.db")
    assert service.simulator.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="files have no limit of their own there")
def test_a_disk_without_room_for_a_token_is_reported_before_any_request_to_spotify(
    bootstrap: Bootstrap, service: Spotify, redirect_uri: str, tmp_path: Path
) -> None:
    assert bootstrap().returncode == 0
    stored, asked = rows(tmp_path), list(service.simulator.requests)
    # What measures the coverage would find no room for its own file either.
    unmeasured = {name: value for name, value in service.environ.items() if not name.startswith("COVERAGE_")}
    result = subprocess.run(
        ["bash", "-c", f"ulimit -f 24; exec {sys.executable} -m bootstrap"],
        cwd=tmp_path,
        env={**unmeasured, "BROWSER": AGREES, "SPOTIFY_REDIRECT_URI": redirect_uri},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    failed(result, 2, "now-playing.db")
    assert service.simulator.requests == asked
    assert rows(tmp_path) == stored


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--redirect-uri", "http://localhost:8888/callback"], "127.0.0.1"),
        (["--redirect-uri", "http://example.org/callback"], "https://"),
        (["--redirect-uri", "nonsense"], "127.0.0.1"),
        (["--scope", "user-read-minds"], "user-read-private"),
        (["--timeout", "0"], "timeout"),
        (["--timeout", "soon"], "timeout"),
        (["--timeout", "nan"], "timeout"),
        (["--timeout", "inf"], "timeout"),
        (["--database", "mysql://x/y"], "sqlite:///"),
        (["--nonsense"], "--nonsense"),
        (["dance"], "dance"),
        (["export", "--format", "xml"], "heroku"),
    ],
)
def test_wrong_use_is_reported_with_the_rule(bootstrap: Bootstrap, arguments: list[str], told: str) -> None:
    failed(bootstrap(*arguments), 2, told)


def test_a_variable_that_cannot_be_right_is_named(bootstrap: Bootstrap) -> None:
    failed(bootstrap(SPOTIFY_REDIRECT_URI="http://localhost:8888/callback"), 2, "SPOTIFY_REDIRECT_URI")


@pytest.mark.parametrize("command", [[], ["status"], ["export"], ["forget"], ["message"]])
def test_every_command_explains_itself(bootstrap: Bootstrap, command: list[str]) -> None:
    result = bootstrap(*command, "--help")
    assert result.returncode == 0
    assert "Usage" in result.stdout


@pytest.fixture
def waiting(service: Spotify, redirect_uri: str, tmp_path: Path) -> Iterator[Process]:
    """The command, waiting for its callback."""
    environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri}
    process = start("bootstrap", "--no-browser", cwd=tmp_path, environ=environ)
    wait_for(redirect_uri.replace("/callback", "/anything"), process)
    yield process
    process.kill()
    process.communicate()


def test_the_listener_answers_nobody_else_and_waits_on(waiting: Process, service: Spotify, redirect_uri: str) -> None:
    root = redirect_uri.removesuffix("/callback")
    for path in ("/", "/favicon.ico", "/callback/", "/robots.txt"):
        assert httpx.get(root + path).status_code == 404
    for query in ("", "?code=x", "?code=x&state=old", "?error=access_denied&state=old", "?state=", "?state=a&state=b"):
        assert httpx.get(redirect_uri + query).status_code == 400
    assert httpx.post(redirect_uri).status_code == 405
    login = httpx.get(root + "/login")
    assert login.status_code == 302
    status, page = consent(login.headers["location"])
    assert status == 200
    assert "Nilas Listener" in page
    assert "close this tab" in page
    assert waiting.wait(10) == 0
    assert TOKEN in service.simulator.requests


def test_the_browser_sees_what_failed(waiting: Process, service: Spotify, redirect_uri: str) -> None:
    service.simulator.has_premium = False
    login = httpx.get(redirect_uri.replace("/callback", "/login")).headers["location"]
    status, page = consent(login)
    assert status == 400
    assert "Premium" in page
    assert waiting.wait(10) == 1


def test_a_state_without_a_code_ends_at_once(waiting: Process, redirect_uri: str) -> None:
    location = httpx.get(redirect_uri.replace("/callback", "/login")).headers["location"]
    state = httpx.URL(location).params["state"]
    assert httpx.get(redirect_uri, params={"state": state}).status_code == 400
    assert waiting.wait(10) == 1


def test_the_address_may_be_pasted(waiting: Process, redirect_uri: str) -> None:
    location = httpx.get(redirect_uri.replace("/callback", "/login")).headers["location"]
    with httpx.Client() as browser:
        browser.get(location)
        form = {"query": httpx.URL(location).query.decode(), "decision": "agree"}
        origin = httpx.URL(location).copy_with(path="/authorize/decide", query=None)
        callback = browser.post(origin, data=form).headers["location"]
    out, err = waiting.communicate(f"nonsense\n\nhttp://[\n{redirect_uri}?code=x&state=old\n{callback}\n", timeout=10)
    assert waiting.returncode == 0, (out, err)
    assert err.count("That is not the address of this login") == 3
    assert "Nilas Listener" in out


def test_an_https_redirect_uri_works_by_pasting_alone(service: Spotify, tmp_path: Path) -> None:
    uri = "https://me.example/callback"
    service.simulator.app_settings.redirect_uris = {uri}
    process = start("bootstrap", "--no-browser", "--redirect-uri", uri, cwd=tmp_path, environ=service.environ)
    out, err = process.communicate(callback_of(process, service), timeout=10)
    assert process.returncode == 0, (out, err)


def callback_of(process: Process, service: Spotify) -> str:
    """Agree to the address that ``process`` prints, and return the one of the browser's last page."""
    assert process.stderr is not None
    location = ""
    while "/authorize?" not in location:
        location = process.stderr.readline().strip()
    form = {"query": httpx.URL(location).query.decode(), "decision": "agree"}
    return httpx.post(f"{service.url}/authorize/decide", data=form).headers["location"]


def test_ctrl_c_ends_it_with_nothing_written(waiting: Process, tmp_path: Path) -> None:
    waiting.send_signal(signal.SIGINT)
    _, err = waiting.communicate(timeout=10)
    assert waiting.returncode == 130
    assert "Traceback" not in err
    assert rows(tmp_path) == []


def test_the_rehearsal_needs_nothing_and_keeps_nothing(bootstrap: Bootstrap, service: Spotify, tmp_path: Path) -> None:
    result = bootstrap("--demo", SPOTIFY_CLIENT_ID=None, SPOTIFY_CLIENT_SECRET=None)
    assert result.returncode == 0, result
    assert "Nilas Listener" in result.stdout
    assert "rehearsal" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert service.simulator.requests == []


def test_without_any_browser_the_address_is_enough(service: Spotify, redirect_uri: str, tmp_path: Path) -> None:
    environ = {
        **service.environ,
        "SPOTIFY_REDIRECT_URI": redirect_uri,
        "BROWSER": "/nowhere/browser",
        "PATH": "/nowhere",
    }
    environ.pop("DISPLAY", None)
    process = start("bootstrap", cwd=tmp_path, environ=environ)
    wait_for(redirect_uri.replace("/callback", "/anything"), process)
    consent(httpx.get(redirect_uri.replace("/callback", "/login")).headers["location"])
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, (out, err)


@pytest.fixture
def text_browsers(tmp_path: Path) -> Path:
    """A directory with text browsers that would leave a mark in it, and nothing else but a shell's basics."""
    folder = tmp_path / "browsers"
    folder.mkdir()
    for name in ("lynx", "w3m", "links", "elinks", "www-browser"):
        program = folder / name
        program.write_text(f'#!/bin/sh\necho "$0 $*" > {folder}/opened\n', encoding="utf-8")
        program.chmod(0o755)
    return folder


@pytest.mark.skipif(os.name != "posix", reason="text browsers are a matter of POSIX terminals")
@pytest.mark.parametrize(("browser", "opens"), [("", False), ("lynx", True), ("/nowhere/firefox", False)])
def test_a_text_browser_is_opened_only_if_its_name_is_set(
    service: Spotify, redirect_uri: str, tmp_path: Path, text_browsers: Path, browser: str, opens: bool
) -> None:
    environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri, "TERM": "xterm", "PATH": str(text_browsers)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        environ.pop(name, None)
    process = start("bootstrap", cwd=tmp_path, environ={**environ, **({"BROWSER": browser} if browser else {})})
    wait_for(redirect_uri.replace("/callback", "/anything"), process)
    consent(httpx.get(redirect_uri.replace("/callback", "/login")).headers["location"])
    _, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert (text_browsers / "opened").exists() == opens
    assert ("No browser could be opened here" in err) == (browser == "")


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there is always a browser")
def test_without_a_browser_the_last_page_s_address_may_be_pasted_through_a_pipe(
    service: Spotify, redirect_uri: str, tmp_path: Path, text_browsers: Path
) -> None:
    environ = {**service.environ, "SPOTIFY_REDIRECT_URI": redirect_uri, "PATH": str(text_browsers)}
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        environ.pop(name, None)
    process = start("bootstrap", cwd=tmp_path, environ=environ)
    out, err = process.communicate(callback_of(process, service), timeout=10)
    assert process.returncode == 0, (out, err)
    assert "paste it here" in err
