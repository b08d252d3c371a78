"""bootstrap for self-hosted servers, as real commands against the real servers."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.audio import Song
from tests.support.commands import run, server
from tests.support.live_server import free_port
from tests.support.mpd_daemon import MpdDaemon, mpd_daemon
from tests.support.scrobbling import bare
from tests.support.supysonic_server import PASSWORD, USER, SupysonicServer, supysonic_server
from tests.support.terminal import run_at_terminal

pytestmark = [pytest.mark.process, pytest.mark.mpd, pytest.mark.supysonic]

SONGS = (Song("song.flac", 300.0, "Harbour Lights", cover="tides"),)
MPD_PASSWORD = "needle-of-mpd"


@pytest.fixture(scope="module")
def supysonic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SupysonicServer]:
    with supysonic_server(tmp_path_factory.mktemp("supysonic"), SONGS) as running:
        yield running


@pytest.fixture(scope="module")
def mpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MpdDaemon]:
    with mpd_daemon(tmp_path_factory.mktemp("mpd"), SONGS, MPD_PASSWORD) as running:
        running.command("add song.flac", "play 0")
        yield running


def without_source(environ: dict[str, str]) -> dict[str, str]:
    return {**bare(), **{name: value for name, value in environ.items() if name != "SOURCE"}}


def leads_to_a_widget(tmp_path: Path, source: str, environ: dict[str, str], secret: str) -> list[str]:
    """Set up, check, serve, export, forget; return the exported lines."""
    done = run("bootstrap", "--source", source, cwd=tmp_path, environ=without_source(environ))
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert secret not in done.stdout + done.stderr
    told = run("bootstrap", "status", "--json", "--check", cwd=tmp_path, environ=bare())
    status = json.loads(told.stdout)
    assert (told.returncode, status["source"], status["state"]) == (0, source, "ok"), told.stderr
    assert status["user"] == environ.get("SUBSONIC_USER")
    assert secret not in told.stdout + told.stderr + run("bootstrap", "status", cwd=tmp_path, environ=bare()).stdout
    with server(tmp_path, bare()) as running:
        assert running.shows()
        assert running.get().json()["item"]["title"] == "Harbour Lights"
        with httpx.stream("GET", f"{running.url}/now-playing/events", timeout=10.0) as stream:
            event = next(line for line in stream.iter_lines() if line.startswith("data:"))
        (artwork,) = json.loads(event.removeprefix("data:"))["item"]["artwork"]
        assert artwork["url"].startswith(f"{running.url}/artwork/")
    status = json.loads(run("bootstrap", "status", "--json", cwd=tmp_path, environ=bare()).stdout)
    assert status["last_success_at"] is not None
    exported = run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout.splitlines()
    assert exported[0] == f"SOURCE={source}"
    assert run("bootstrap", "forget", "--yes", cwd=tmp_path, environ=bare()).returncode == 0
    gone = run("bootstrap", "status", "--json", cwd=tmp_path, environ={**bare(), "SOURCE": source})
    assert (gone.returncode, json.loads(gone.stdout)["state"]) == (1, "missing")
    return exported[1:]


def test_a_subsonic_server_is_set_up_by_one_command(tmp_path: Path, supysonic: SupysonicServer) -> None:
    supysonic.play("Harbour Lights")
    exported = leads_to_a_widget(tmp_path, "subsonic", supysonic.environ, PASSWORD)
    values = {f"SUBSONIC_URL={supysonic.url}", f"SUBSONIC_USER={USER}", f"SUBSONIC_PASSWORD={PASSWORD}"}
    assert set(exported) == values


def test_mpd_is_set_up_by_one_command(tmp_path: Path, mpd: MpdDaemon) -> None:
    exported = leads_to_a_widget(tmp_path, "mpd", mpd.environ, MPD_PASSWORD)
    assert set(exported) == {f"MPD_HOST={MPD_PASSWORD}@127.0.0.1", f"MPD_PORT={mpd.port}"}


def test_a_wrong_password_is_reported_and_nothing_is_stored(
    tmp_path: Path, supysonic: SupysonicServer, mpd: MpdDaemon
) -> None:
    for environ, source, told in (
        ({**supysonic.environ, "SUBSONIC_PASSWORD": "wrong-needle"}, "subsonic", "password"),
        ({**supysonic.environ, "SUBSONIC_USER": "nobody"}, "subsonic", "user name"),
        ({**mpd.environ, "MPD_HOST": "wrong-needle@127.0.0.1"}, "mpd", "MPD_HOST"),
        ({**mpd.environ, "MPD_HOST": "127.0.0.1"}, "mpd", "MPD_HOST"),
    ):
        refused = run("bootstrap", "--source", source, cwd=tmp_path, environ=without_source(environ))
        assert refused.returncode == 1, refused.stderr
        assert told in refused.stderr
        assert "Nothing was stored" in refused.stderr
        assert "needle" not in refused.stderr + refused.stdout
        assert run("bootstrap", "status", cwd=tmp_path, environ={**bare(), "SOURCE": source}).returncode == 1


def test_a_server_that_does_not_answer_is_stored_with_a_warning(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    subsonic = {"SUBSONIC_URL": nowhere, "SUBSONIC_USER": "elin", "SUBSONIC_PASSWORD": "needle"}
    for source, environ in (("subsonic", subsonic), ("mpd", {"MPD_HOST": "127.0.0.1", "MPD_PORT": str(free_port())})):
        done = run("bootstrap", "--source", source, cwd=tmp_path, environ={**bare(), **environ})
        assert done.returncode == 0, done.stderr
        assert "Warning" in done.stderr
        assert "needle" not in done.stderr
        assert run("bootstrap", "status", cwd=tmp_path, environ=bare()).returncode == 0


def test_an_api_key_makes_the_password_unnecessary(tmp_path: Path) -> None:
    environ = {"SUBSONIC_URL": f"http://127.0.0.1:{free_port()}", "SUBSONIC_USER": "elin"}
    missing = run("bootstrap", "--source", "subsonic", cwd=tmp_path, environ={**bare(), **environ})
    assert (missing.returncode, "SUBSONIC_PASSWORD" in missing.stderr) == (2, True)
    environ["SUBSONIC_API_KEY"] = "needle"
    done = run("bootstrap", "--source", "subsonic", cwd=tmp_path, environ={**bare(), **environ})
    assert done.returncode == 0, done.stderr
    exported = run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout
    assert "SUBSONIC_API_KEY=needle" in exported
    assert "PASSWORD" not in exported


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ("subsonic", "SUBSONIC_URL", "music.example.org"),
        ("subsonic", "SUBSONIC_USER", "a/b"),
        ("subsonic", "SUBSONIC_LABEL", "x" * 31),
        ("subsonic", "HIDE_EXPLICIT", "1"),
        ("subsonic", "HIDE", "spotify:track:4uLU6hMCjMI75M1A2tKUQC"),
        ("mpd", "MPD_HOST", "secret@"),
        ("mpd", "MPD_PORT", "66000"),
        ("mpd", "MPD_LABEL", "x" * 31),
        ("mpd", "HIDE_EXPLICIT", "1"),
    ],
)
def test_a_value_that_cannot_be_right_is_named(tmp_path: Path, source: str, name: str, value: str) -> None:
    environ = {**bare(), "SOURCE": source, name: value}
    for module in ("widget", "bootstrap"):
        done = run(module, cwd=tmp_path, environ=environ)
        assert (done.returncode, name in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("source", ["subsonic", "mpd"])
def test_the_demo_needs_no_server(tmp_path: Path, source: str) -> None:
    rehearsed = run("bootstrap", "--source", source, "--demo", cwd=tmp_path, environ=bare())
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert "Warning" not in rehearsed.stderr
    with server(tmp_path, {**bare(), "SOURCE": source}, "--demo") as running:
        assert running.shows()
        now = running.get().json()
        assert now["source"]["name"] == source
        assert now["progress_ms"] is not None
        assert now["item"]["artwork"][0]["url"].startswith(running.url)
        image = running.get(now["item"]["artwork_path"])
        assert image.headers["content-type"] == "image/jpeg"


def test_what_is_missing_is_typed_at_the_terminal(tmp_path: Path, supysonic: SupysonicServer, mpd: MpdDaemon) -> None:
    typing = {"music server:": f"{supysonic.url}/rest\n", "name there:": f"{USER}\n"}
    code, screen = run_at_terminal(
        ["--source", "subsonic"], tmp_path, {**bare(), "SUBSONIC_PASSWORD": PASSWORD}, typing
    )
    assert (code, PASSWORD in screen) == (0, False), screen
    exported = run("bootstrap", "export", cwd=tmp_path, environ=bare()).stdout
    assert f"SUBSONIC_URL={supysonic.url}\n" in exported
    environ = {**bare(), "MPD_PORT": str(mpd.port)}
    typing = {"password@host:": f"{MPD_PASSWORD}@127.0.0.1\n"}
    code, screen = run_at_terminal(["--source", "mpd"], tmp_path, environ, typing)
    assert (code, screen.count(MPD_PASSWORD)) == (0, 1), screen
    code, screen = run_at_terminal(["--source", "mpd"], tmp_path, environ, {"password@host:": "\n"})
    assert (code, MPD_PASSWORD in screen) == (0, False), "the value that is stored is kept, and not shown"
