"""bootstrap for Last.fm, ListenBrainz and the inlet, as real commands against simulated services."""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from tests.support.commands import run, server, spotify
from tests.support.live_server import free_port
from tests.support.scrobbling import Scrobbling, bare, scrobbling
from tests.support.terminal import run_at_terminal


@pytest.fixture
def services() -> Iterator[Scrobbling]:
    with scrobbling() as running:
        yield running


@pytest.mark.parametrize("source", ["lastfm", "listenbrainz"])
def test_three_commands_lead_to_a_live_widget(tmp_path: Path, services: Scrobbling, source: str) -> None:
    done = run("bootstrap", "--source", source, cwd=tmp_path, environ=services.environ(source))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert services.lastfm.key not in done.stdout + done.stderr
    user = services.lastfm.user if source == "lastfm" else services.listenbrainz.user
    assert user in done.stdout

    told = run("bootstrap", "status", "--json", "--check", cwd=tmp_path, environ=bare())
    assert told.returncode == 0, told.stderr
    status = json.loads(told.stdout)
    assert (status["source"], status["user"], status["state"], status["days_left"]) == (source, user, "ok", None)

    exported = run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout.splitlines()
    assert exported[0] == f"SOURCE={source}"
    assert any(services.url in line for line in exported[1:])
    assert not any(line.startswith("LISTENBRAINZ_TOKEN") for line in exported)

    with server(tmp_path, bare()) as running:
        assert running.shows()
        now = running.get().json()
        assert (now["item"]["title"], now["source"]["name"]) == ("Harbour Lights", source)
    status = json.loads(run("bootstrap", "status", "--json", cwd=tmp_path, environ=bare()).stdout)
    assert status["last_success_at"] is not None

    gone = run("bootstrap", "forget", "--yes", cwd=tmp_path, environ=bare())
    assert gone.returncode == 0
    status = run("bootstrap", "status", "--json", cwd=tmp_path, environ={**bare(), "SOURCE": source})
    assert (status.returncode, json.loads(status.stdout)["state"]) == (1, "missing")


@pytest.mark.parametrize(
    ("change", "told"),
    [({"LASTFM_API_KEY": "f" * 32}, "LASTFM_API_KEY"), ({"LASTFM_USER": "nobody.here"}, "LASTFM_USER")],
)
def test_an_error_is_reported_and_nothing_is_stored(
    tmp_path: Path, services: Scrobbling, change: dict[str, str], told: str
) -> None:
    assert run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm")).returncode == 0
    refused = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm", **change))
    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Nothing was stored" in refused.stderr
    status = json.loads(run("bootstrap", "status", "--json", cwd=tmp_path, environ=bare()).stdout)
    assert status["user"] == services.lastfm.user


@pytest.mark.parametrize(("number", "code"), [(17, "private"), (26, "forbidden")])
def test_a_refusal_is_the_state_after_a_check(tmp_path: Path, services: Scrobbling, number: int, code: str) -> None:
    services.lastfm.error = number
    refused = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm"))
    assert refused.returncode == 1
    environ = services.environ("lastfm", SOURCE="lastfm")
    checked = run("bootstrap", "status", "--json", "--check", cwd=tmp_path, environ=environ)
    assert (checked.returncode, json.loads(checked.stdout)["state"]) == (1, code)


@pytest.mark.parametrize("number", [8, 29])
def test_an_outage_is_a_warning_and_all_is_stored(tmp_path: Path, services: Scrobbling, number: int) -> None:
    services.lastfm.error = number
    done = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm"))
    assert done.returncode == 0
    assert "Warning" in done.stderr
    assert run("bootstrap", "status", cwd=tmp_path, environ=bare()).returncode == 0


def test_what_is_missing_is_named_where_nobody_can_be_asked(tmp_path: Path) -> None:
    for environ, name in (({}, "LASTFM_USER"), ({"LASTFM_USER": "me"}, "LASTFM_API_KEY")):
        done = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ={**bare(), **environ})
        assert (done.returncode, name in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--no-browser",),
        ("--redirect-uri", "http://127.0.0.1:8888/callback"),
        ("--scope", "user-top-read"),
        ("--timeout", "5"),
    ],
)
def test_spotify_s_options_are_refused_with_another_source(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("bootstrap", "--source", "listenbrainz", *arguments, cwd=tmp_path, environ=bare())
    assert (done.returncode, arguments[0] in done.stderr) == (2, True)


def test_an_unknown_source_is_refused_with_the_four_names(tmp_path: Path) -> None:
    for done in (
        run("bootstrap", "--source", "winamp", cwd=tmp_path, environ=bare()),
        run("widget", cwd=tmp_path, environ={**bare(), "SOURCE": "winamp"}),
    ):
        assert done.returncode == 2
        assert all(name in done.stderr for name in ("spotify", "lastfm", "listenbrainz", "inlet"))


def test_the_inlet_s_token_is_shown_once_and_its_hash_alone_is_kept(tmp_path: Path) -> None:
    done = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare())
    assert done.returncode == 0, done.stderr
    token = done.stdout.split()[-1]
    assert len(token) >= 16
    for player in ("Navidrome", "Jellyfin", "multi-scrobbler"):
        assert player in done.stderr
    exported = run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout
    assert exported.splitlines() == ["SOURCE=inlet", f"INLET_TOKEN=sha256:{hashlib.sha256(token.encode()).hexdigest()}"]
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.iterdir())
    status = run("bootstrap", "status", "--json", "--check", cwd=tmp_path, environ=bare())
    assert (status.returncode, json.loads(status.stdout)["source"]) == (0, "inlet")


def test_a_token_that_is_set_alone_counts_and_none_is_made(tmp_path: Path) -> None:
    environ = {**bare(), "INLET_TOKEN": "needle-of-the-owner", "INLET_LABEL": "The kitchen"}
    done = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=environ)
    assert done.returncode == 0, done.stderr
    assert "ListenBrainz.BaseURL" in done.stderr
    assert "needle" not in done.stdout + done.stderr
    assert run("bootstrap", "status", cwd=tmp_path, environ=bare()).returncode == 1
    exported = run("bootstrap", "export", cwd=tmp_path, environ=environ).stdout
    digest = hashlib.sha256(b"needle-of-the-owner").hexdigest()
    assert exported.splitlines()[0] == "SOURCE=inlet"
    assert set(exported.splitlines()[1:]) == {f"INLET_TOKEN=sha256:{digest}", "INLET_LABEL='The kitchen'"}


def exported_hash(folder: Path) -> str:
    return run("bootstrap", "export", cwd=folder, environ=bare()).stdout.split("INLET_TOKEN=sha256:")[1].strip()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def test_a_token_that_players_use_is_replaced_on_demand_alone(tmp_path: Path) -> None:
    first = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare()).stdout.split()[-1]
    refused = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare())
    assert (refused.returncode, "--replace-token" in refused.stderr) == (2, True)
    for environ in (bare(), {**bare(), "SOURCE": "inlet"}):
        kept = run("bootstrap", cwd=tmp_path, environ=environ)
        assert (kept.returncode, "ListenBrainz.BaseURL" in kept.stderr) == (0, True)
        assert "stays valid" in kept.stderr
        assert exported_hash(tmp_path) == digest(first)
    second = run("bootstrap", "--source", "inlet", "--replace-token", cwd=tmp_path, environ=bare()).stdout.split()[-1]
    assert first != second
    assert exported_hash(tmp_path) == digest(second)


@pytest.mark.parametrize(("answer", "is_replaced"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_at_a_terminal_it_asks_before_it_replaces_the_token(tmp_path: Path, answer: str, is_replaced: bool) -> None:
    first = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare()).stdout.split()[-1]
    code, screen = run_at_terminal(["--source", "inlet"], tmp_path, bare(), {"[y/N]": answer})
    assert (code, "Your players use the current token. Replace it? [y/N]" in screen) == (0, True)
    assert "ListenBrainz.BaseURL" in screen
    assert (exported_hash(tmp_path) != digest(first)) == is_replaced


def test_only_the_inlet_s_token_can_be_replaced(tmp_path: Path) -> None:
    done = run("bootstrap", "--source", "lastfm", "--replace-token", cwd=tmp_path, environ=bare())
    assert (done.returncode, "--replace-token" in done.stderr) == (2, True)


def test_multi_scrobbler_s_line_has_all_that_it_needs(tmp_path: Path) -> None:
    done = run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare())
    (client,) = json.loads(next(line for line in done.stderr.splitlines() if line.strip().startswith("[{")))
    assert (client["id"], client["name"], client["configureAs"]) == ("now-playing", "now-playing", "client")
    assert client["data"] == {"token": done.stdout.split()[-1], "username": "me", "url": "https://music.example.org"}


def test_the_status_says_whether_players_have_a_token_and_when_one_last_submitted(tmp_path: Path) -> None:
    none = run("bootstrap", "--source", "inlet", "status", cwd=tmp_path, environ=bare())
    assert (none.returncode, "none" in none.stdout) == (1, True)
    run("bootstrap", "--source", "inlet", cwd=tmp_path, environ=bare())
    stored = run("bootstrap", "status", cwd=tmp_path, environ=bare())
    assert stored.returncode == 0
    assert "Token for players: stored (only its hash)" in stored.stdout
    assert "no player has sent anything yet" in stored.stdout
    is_set = run("bootstrap", "status", cwd=tmp_path, environ={**bare(), "INLET_TOKEN": "needle-of-the-owner"})
    assert "set by INLET_TOKEN" in is_set.stdout


def test_a_change_of_the_source_takes_a_restart_and_loses_nothing(tmp_path: Path, services: Scrobbling) -> None:
    first = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm"))
    again = run("bootstrap", cwd=tmp_path, environ=services.environ("lastfm"))
    other = run("bootstrap", "--source", "listenbrainz", cwd=tmp_path, environ=services.environ("listenbrainz"))
    assert [done.returncode for done in (first, again, other)] == [0, 0, 0]
    assert ["after a restart" in done.stderr for done in (first, again, other)] == [True, False, True]
    status = run("bootstrap", "status", "--json", cwd=tmp_path, environ={**bare(), "SOURCE": "lastfm"})
    assert json.loads(status.stdout)["user"] == services.lastfm.user


def test_spotify_stays_stored_beside_another_source_and_comes_back(tmp_path: Path, services: Scrobbling) -> None:
    redirect_uri = f"http://127.0.0.1:{free_port()}/callback"
    with spotify(redirect_uri) as service:
        own = {
            **bare(),
            **{name: value for name, value in service.environ.items() if name.startswith("SPOTIFY_")},
            "SPOTIFY_REDIRECT_URI": redirect_uri,
            "BROWSER": f"{sys.executable} -m tests.support.consenting_browser %s",
        }
        assert run("bootstrap", cwd=tmp_path, environ=own).returncode == 0
        assert run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout.startswith("SPOTIFY_CLIENT_ID=")
        moved = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm"))
        assert (moved.returncode, "after a restart" in moved.stderr) == (0, True)
        assert run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout.startswith("SOURCE=lastfm\n")
        kept = run("bootstrap", "--source", "spotify", "status", "--json", cwd=tmp_path, environ=bare())
        assert json.loads(kept.stdout)["account"]["name"] == "Nilas Listener"
        back = run("bootstrap", "--source", "spotify", cwd=tmp_path, environ=own)
        assert (back.returncode, "after a restart" in back.stderr) == (0, True)
    assert run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout.startswith(
        "SOURCE=spotify\nSPOTIFY_CLIENT_ID="
    )


def test_a_source_that_is_set_goes_before_and_bootstrap_says_so(tmp_path: Path, services: Scrobbling) -> None:
    (tmp_path / ".env").write_text("SOURCE=inlet\n")
    done = run("bootstrap", "--source", "lastfm", cwd=tmp_path, environ=services.environ("lastfm"))
    assert done.returncode == 0
    assert "Warning: SOURCE is set to inlet" in done.stderr
    status = run("bootstrap", "status", "--json", cwd=tmp_path, environ=bare())
    assert json.loads(status.stdout)["source"] == "inlet"


@pytest.mark.parametrize(("status", "exit_code"), [(401, 1), (404, 1), (429, 0), (503, 0)])
def test_listenbrainz_s_refusals_store_nothing_and_its_outages_warn(
    tmp_path: Path, services: Scrobbling, status: int, exit_code: int
) -> None:
    services.listenbrainz.status = status
    environ = services.environ("listenbrainz", LISTENBRAINZ_TOKEN="needle-token")
    done = run("bootstrap", "--source", "listenbrainz", cwd=tmp_path, environ=environ)
    assert done.returncode == exit_code
    assert ("Nothing was stored" in done.stderr, "Warning" in done.stderr) == (exit_code == 1, exit_code == 0)
    assert "needle" not in done.stdout + done.stderr
    exported = run("bootstrap", "export", cwd=tmp_path, environ={**bare(), "SOURCE": "listenbrainz"})
    assert exported.returncode == exit_code
    assert ("LISTENBRAINZ_TOKEN=needle-token" in exported.stdout) is (exit_code == 0)


def test_a_server_that_does_not_know_what_plays_is_refused_in_words(tmp_path: Path, services: Scrobbling) -> None:
    services.listenbrainz.answer = lambda: JSONResponse({"status": "ok"})
    done = run("bootstrap", "--source", "listenbrainz", cwd=tmp_path, environ=services.environ("listenbrainz"))
    assert done.returncode == 1
    assert "this server does not tell what plays" in " ".join(done.stderr.split())
    assert "Nothing was stored" in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", ["a/b", "a\tb", "x" * 65])
def test_a_name_that_nobody_can_have_is_wrong_configuration(tmp_path: Path, name: str) -> None:
    done = run("bootstrap", "--source", "listenbrainz", cwd=tmp_path, environ={**bare(), "LISTENBRAINZ_USER": name})
    assert (done.returncode, "LISTENBRAINZ_USER" in done.stderr) == (2, True)


def test_at_a_terminal_the_name_is_asked_for_and_the_key_is_hidden(tmp_path: Path, services: Scrobbling) -> None:
    from tests.support.terminal import run_at_terminal

    environ = {**bare(), "TERM": "xterm-256color", "LASTFM_API_URL": f"{services.url}/2.0/"}
    typing = {"Last.fm user name:": f"a/b\n{services.lastfm.user}\n", "API key (hidden):": f"{services.lastfm.key}\n"}
    code, screen = run_at_terminal(["--source", "lastfm"], tmp_path, environ, typing)
    assert code == 0, screen
    assert "Invalid value" in screen
    assert "https://www.last.fm/api/account/create" in screen[: screen.index("API key (hidden)")]
    assert services.lastfm.key not in screen
    assert run("bootstrap", "status", "--check", cwd=tmp_path, environ=bare()).returncode == 0


@pytest.mark.parametrize("source", ["lastfm", "listenbrainz"])
def test_a_rehearsal_needs_nothing_and_keeps_nothing(tmp_path: Path, source: str) -> None:
    done = run("bootstrap", "--source", source, "--demo", cwd=tmp_path, environ=bare())
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
