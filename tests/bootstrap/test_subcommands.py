"""``status``, ``export``, ``forget`` and ``message``, the real commands."""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from bootstrap.export import FORMATS, variables
from tests.support.commands import CLIENT_ID, CLIENT_SECRET, Spotify, run, spotify
from tests.support.live_server import free_port, live_server
from tests.support.receiver import Receiver
from widget.model.tokens import Authorization, Credentials

TOKEN = "/api/token"
Bootstrap = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def service() -> Iterator[Spotify]:
    with spotify(f"http://127.0.0.1:{free_port()}/callback") as running:
        yield running


@pytest.fixture
def bootstrap(service: Spotify, tmp_path: Path) -> Bootstrap:
    """Runs the command with an account that is authorized already, if ``authorize()`` was asked for."""
    (redirect_uri,) = service.simulator.app_settings.redirect_uris
    browser = f"{sys.executable} -m tests.support.consenting_browser %s"

    def command(*arguments: str, stdin: str = "", **environ: str | None) -> subprocess.CompletedProcess[str]:
        variables = {**service.environ, "BROWSER": browser, "SPOTIFY_REDIRECT_URI": redirect_uri, **environ}
        given = {name: value for name, value in variables.items() if value is not None}
        return run("bootstrap", *arguments, cwd=tmp_path, environ=given, stdin=stdin)

    return command


def authorized(bootstrap: Bootstrap) -> None:
    assert bootstrap().returncode == 0


def test_status_of_nothing_is_missing(bootstrap: Bootstrap) -> None:
    result = bootstrap("status", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout) == {
        "account": None,
        "scopes": [],
        "authorized_at": None,
        "expires_at": None,
        "days_left": None,
        "last_refreshed_at": None,
        "state": "missing",
        "source": "spotify",
        "user": None,
        "last_success_at": None,
    }
    assert "not set up yet" in bootstrap("status").stdout


def test_status_shows_account_scopes_and_expiry(bootstrap: Bootstrap) -> None:
    authorized(bootstrap)
    status = json.loads(bootstrap("status", "--json").stdout)
    assert status["account"] == {"id": "nilas.listener", "name": "Nilas Listener"}
    assert status["scopes"] == ["user-read-currently-playing", "user-read-recently-played"]
    assert status["state"] == "ok"
    assert 179 <= status["days_left"] <= 184
    text = bootstrap("status")
    assert text.returncode == 0
    for word in ("Nilas Listener", "days left", "user-read-recently-played", "now-playing.db"):
        assert word in text.stdout


def test_status_never_shows_a_token(bootstrap: Bootstrap, service: Spotify) -> None:
    authorized(bootstrap)
    everything = "".join(bootstrap("status", *more).stdout for more in ([], ["--json"], ["--check"]))
    secrets = [CLIENT_SECRET, *service.simulator.refresh_tokens, *service.simulator.access_tokens]
    assert not [secret for secret in secrets if secret in everything]


def test_check_refreshes_once_for_real(bootstrap: Bootstrap, service: Spotify) -> None:
    authorized(bootstrap)
    service.simulator.requests.clear()
    assert bootstrap("status", "--check").returncode == 0
    assert service.simulator.requests == [TOKEN]


def test_check_finds_a_dead_token_and_a_living_one_again(bootstrap: Bootstrap, service: Spotify) -> None:
    authorized(bootstrap)
    living = dict(service.simulator.refresh_tokens)
    service.simulator.refresh_tokens.clear()
    result = bootstrap("status", "--check", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["state"] == "needs_authorization"
    assert bootstrap("status").returncode == 1
    service.simulator.refresh_tokens.update(living)
    assert json.loads(bootstrap("status", "--check", "--json").stdout)["state"] == "ok"


def test_check_that_cannot_be_made_fails_and_loses_nothing(bootstrap: Bootstrap, service: Spotify) -> None:
    authorized(bootstrap)
    result = bootstrap("status", "--check", "--json", SPOTIFY_ACCOUNTS_URL="http://127.0.0.1:9")
    assert result.returncode == 1
    assert json.loads(result.stdout)["state"] == "ok"
    assert "Error" in result.stderr
    assert bootstrap("status", "--check").returncode == 0


def test_a_seed_counts_as_the_server_would_count_it(bootstrap: Bootstrap, service: Spotify) -> None:
    seed = service.simulator.grant(("user-read-currently-playing",))
    status = bootstrap("status", "--json", SPOTIFY_REFRESH_TOKEN=seed, SPOTIFY_AUTHORIZED_AT="2026-11-01T00:00:00Z")
    assert json.loads(status.stdout)["state"] in ("ok", "expires_soon", "needs_authorization")
    assert json.loads(status.stdout)["authorized_at"] == "2026-11-01T00:00:00.000Z"


def test_an_invalid_date_is_reported(bootstrap: Bootstrap) -> None:
    result = bootstrap("status", SPOTIFY_AUTHORIZED_AT="last week")
    assert result.returncode == 2
    assert "SPOTIFY_AUTHORIZED_AT" in result.stderr


def test_what_export_prints_starts_a_server_elsewhere(bootstrap: Bootstrap, tmp_path: Path) -> None:
    authorized(bootstrap)
    result = bootstrap("export")
    assert result.returncode == 0
    values = dict(line.split("=", 1) for line in result.stdout.splitlines())
    names = ["SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT"]
    assert list(values) == names
    assert values["SPOTIFY_CLIENT_ID"] == CLIENT_ID
    elsewhere = bootstrap("status", "--check", "--database", "sqlite:///elsewhere.db", **values)
    assert elsewhere.returncode == 0, elsewhere


def test_export_of_nothing_and_of_a_dead_token_says_what_to_run(bootstrap: Bootstrap, service: Spotify) -> None:
    assert bootstrap("export").returncode == 1
    authorized(bootstrap)
    service.simulator.refresh_tokens.clear()
    bootstrap("status", "--check")
    result = bootstrap("export")
    assert result.returncode == 1
    assert "python -m bootstrap" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("env", "SPOTIFY_CLIENT_ID="),
        ("heroku", "heroku config:set "),
        ("fly", "fly secrets set "),
        ("railway", "railway variables --set "),
        ("dokku", "dokku config:set now-playing "),
    ],
)
def test_every_format_is_read_by_a_shell_whatever_the_values_are(form: str, start: str) -> None:
    values = variables(Credentials("id", 'it\'s a "secret" $HOME `x`'), Authorization("AQ&token;", authorized_at=0.0))
    text = FORMATS[form](values)
    assert text.startswith(start)
    words = [word for word in shlex.split(text) if "=" in word]
    assert dict(word.split("=", 1) for word in words) == values


def test_export_leaves_out_what_is_not_there() -> None:
    assert variables(Credentials("id"), Authorization("AQ")) == {
        "SPOTIFY_CLIENT_ID": "id",
        "SPOTIFY_REFRESH_TOKEN": "AQ",
    }


def test_forget_deletes_everything_and_says_where_to_revoke(bootstrap: Bootstrap) -> None:
    authorized(bootstrap)
    assert bootstrap("forget").returncode == 2
    result = bootstrap("forget", "--yes")
    assert result.returncode == 0
    assert "spotify.com/account/apps" in result.stderr
    assert json.loads(bootstrap("status", "--json").stdout)["state"] == "missing"
    assert bootstrap(SPOTIFY_CLIENT_ID=None, SPOTIFY_CLIENT_SECRET=None).returncode == 2


def test_message_without_an_address_or_with_a_typo_is_wrong_configuration(bootstrap: Bootstrap) -> None:
    result = bootstrap("message")
    assert result.returncode == 2
    assert "NOTIFY_URLS" in result.stderr
    result = bootstrap("message", NOTIFY_URLS="discrod://needle-hook/needle-token")
    assert result.returncode == 2
    assert "1. discrod" in result.stderr
    assert "needle" not in result.stderr + result.stdout


def test_message_says_which_arrived(bootstrap: Bootstrap) -> None:
    good, bad = Receiver(), Receiver(status=500)
    with live_server(good.app) as one, live_server(bad.app) as two:
        urls = [address.replace("http://", "json://me:needle-password@") for address in (one, two)]
        both = bootstrap("message", NOTIFY_URLS=", ".join(urls))
        alone = bootstrap("message", NOTIFY_URLS=urls[0])
    assert both.returncode == 1
    assert re.findall(r"^(\d)\. json: (.+)$", both.stdout, re.MULTILINE) == [("1", "sent"), ("2", "not delivered")]
    assert alone.returncode == 0
    assert len(good.received) == 2
    assert "needle" not in both.stdout + both.stderr


def test_the_check_at_the_end_of_bootstrap_is_a_success_in_the_status(bootstrap: Bootstrap) -> None:
    before = time.time()
    authorized(bootstrap)
    told = json.loads(bootstrap("status", "--json").stdout)["last_success_at"]
    assert before - 1 <= datetime.fromisoformat(told).timestamp() <= time.time() + 1


@pytest.mark.parametrize("command", [["status"], ["status", "--json"], ["export"], ["forget", "--yes"]])
def test_looking_creates_no_database(bootstrap: Bootstrap, tmp_path: Path, command: list[str]) -> None:
    bootstrap(*command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_looking_migrates_nothing(bootstrap: Bootstrap, tmp_path: Path, version: str) -> None:
    path = tmp_path / "now-playing.db"
    written = Path(__file__).parent.parent / "store" / "files" / f"written-by-{version}.sqlite3"
    shutil.copy(written, path)
    status = json.loads(bootstrap("status", "--json", SOURCE="spotify").stdout)
    assert status["account"] == {"id": "listener", "name": "Ada Example"}
    assert "invented-refresh-token" in bootstrap("export", SOURCE="spotify").stdout
    assert bootstrap("status", SOURCE="lastfm").returncode == (0 if version == "1.1.0" else 1)
    with (
        closing(sqlite3.connect(path)) as now,
        closing(sqlite3.connect(f"file:{written}?immutable=1", uri=True)) as then,
    ):
        assert list(now.iterdump()) == list(then.iterdump())
        versions = [connection.execute("PRAGMA user_version").fetchone() for connection in (now, then)]
        assert versions[0] == versions[1]


def test_an_address_for_messages_without_a_scheme_is_wrong_use_that_names_it_and_shows_nothing(
    bootstrap: Bootstrap,
) -> None:
    result = bootstrap("message", NOTIFY_URLS="json://127.0.0.1:9/,hooks.example.org/needle-hook/needle-token")
    assert (result.returncode, result.stdout) == (2, "")
    assert "NOTIFY_URLS" in result.stderr
    assert "number 2 of 2" in result.stderr
    assert "needle" not in result.stderr
