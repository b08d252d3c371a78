"""The command at a real terminal: prompts, wrapping, and progress."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import CLIENT_ID, CLIENT_SECRET, ROOT, Spotify, run, spotify
from tests.support.live_server import free_port
from tests.support.terminal import run_at_terminal

BROWSER = f"{sys.executable} -m tests.support.consenting_browser %s"
SCOPES = ("user-read-currently-playing", "user-read-recently-played")
NAMED = {"SPOTIFY_CLIENT_ID": CLIENT_ID, "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET}
STYLE = "\x1b["
OLD_ENCODINGS = [
    {"PYTHONIOENCODING": "cp1252"},
    {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    {"PYTHONIOENCODING": "ascii:strict"},
]
Environ = Callable[..., dict[str, str]]


@pytest.fixture
def service() -> Iterator[Spotify]:
    with spotify(f"http://127.0.0.1:{free_port()}/callback") as running:
        yield running


@pytest.fixture
def environ(service: Spotify) -> Environ:
    (redirect_uri,) = service.simulator.app_settings.redirect_uris

    def of(browser: str = BROWSER, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "BROWSER": browser,
            "SPOTIFY_ACCOUNTS_URL": service.url,
            "SPOTIFY_API_URL": f"{service.url}/v1",
            "SPOTIFY_REDIRECT_URI": redirect_uri,
            **more,
        }

    return of


def words(screen: str) -> str:
    """What is read on the screen, whatever its lines."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*[A-Za-z]|\r", " ", screen).split())


def test_it_asks_for_id_and_secret_and_shows_no_secret(tmp_path: Path, service: Spotify, environ: Environ) -> None:
    service.simulator.delay = 0.7
    typing = {"Client ID:": f"{CLIENT_ID}\n", "Client secret": f"{CLIENT_SECRET}\n"}
    code, screen = run_at_terminal([], tmp_path, environ(), typing)
    assert code == 0, screen
    assert "Nilas Listener" in screen
    assert "Waiting for your consent … 5:00" in screen
    assert "Asking Spotify …" in screen
    assert CLIENT_SECRET not in screen
    assert run("bootstrap", "status", cwd=tmp_path, environ=environ()).returncode == 0


def test_ctrl_c_at_the_prompt_and_while_waiting_is_130(tmp_path: Path, environ: Environ) -> None:
    code, screen = run_at_terminal([], tmp_path, environ(browser="true %s"), {"Client ID:": "\x03"})
    assert code == 130
    code, screen = run_at_terminal([], tmp_path, environ(browser="true %s", **NAMED), {"Waiting for your": "\x03"})
    assert code == 130, screen
    assert "Traceback" not in screen
    assert words(screen).endswith("Stopped.")


def test_forget_asks_first(tmp_path: Path, environ: Environ) -> None:
    assert run_at_terminal([], tmp_path, environ(**NAMED))[0] == 0
    code, screen = run_at_terminal(["forget"], tmp_path, environ(), {"[y/N]": "n\n"})
    assert code == 130
    assert "Deleted" not in screen
    code, screen = run_at_terminal(["forget"], tmp_path, environ(), {"[y/N]": "y\n"})
    assert code == 0
    assert "Deleted" in screen


def test_forget_with_nothing_stored_says_so_and_does_not_ask(tmp_path: Path, environ: Environ) -> None:
    code, screen = run_at_terminal(["forget"], tmp_path, environ())
    assert code == 0
    assert "Nothing is stored in" in words(screen)
    assert "[y/N]" not in screen
    elsewhere = run("bootstrap", "forget", cwd=tmp_path, environ=environ())
    assert (elsewhere.returncode, elsewhere.stdout) == (0, "")


@pytest.mark.parametrize("columns", [30, 52, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_no_address_is_broken(
    tmp_path: Path, environ: Environ, columns: int
) -> None:
    code, screen = run_at_terminal([], tmp_path, environ(NO_COLOR="1", **NAMED), columns=columns)
    assert code == 0
    lines = [line for part in screen.split("\r\n") for line in part.replace("\x1b[K", "").split("\r")]
    too_wide = [line for line in lines if len(line) > columns and len(line.split()) > 1]
    assert not too_wide
    (address,) = re.findall(r"http://127\.0\.0\.1:\d+/authorize\?\S+", screen)
    assert address in [line.strip() for line in lines]
    assert "code_challenge=" in address
    assert "show_dialog=true" in address


def test_headings_are_bold_and_errors_red_at_a_terminal(tmp_path: Path, environ: Environ) -> None:
    _, screen = run_at_terminal([], tmp_path, environ(**NAMED))
    assert f"{STYLE}1mAdd this redirect URI" in screen
    assert f"{STYLE}1mAccount:{STYLE}0m" in screen
    code, screen = run_at_terminal(["status"], tmp_path, environ(LOG_LEVEL="loud"))
    assert code == 2
    assert f"{STYLE}31mError: LOG_LEVEL" in screen
    code, screen = run_at_terminal(["--nonsense"], tmp_path, environ())
    assert code == 2
    assert f"{STYLE}31mError: No such option" in screen


@pytest.mark.parametrize("arguments", [["--help"], ["export", "--help"]])
def test_help_is_styled_and_wrapped_at_a_terminal_alone(tmp_path: Path, environ: Environ, arguments: list[str]) -> None:
    _, screen = run_at_terminal(arguments, tmp_path, environ(), columns=60)
    assert f"{STYLE}1mOptions:{STYLE}0m" in screen
    assert f"{STYLE}1mUsage:{STYLE}0m" in screen
    _, plain = run_at_terminal(arguments, tmp_path, environ(NO_COLOR="1"), columns=60)
    assert "\x1b" not in plain
    assert not [line for line in plain.splitlines() if len(line) > 60 and len(line.split()) > 1]
    assert "\x1b" not in run("bootstrap", *arguments, cwd=tmp_path, environ=environ()).stdout


@pytest.mark.parametrize("module", ["bootstrap", "widget"])
@pytest.mark.parametrize("columns", [32, 40, 56])
def test_help_on_a_narrow_terminal_breaks_and_cuts_nothing(
    tmp_path: Path, environ: Environ, module: str, columns: int
) -> None:
    _, screen = run_at_terminal(["--help"], tmp_path, environ(NO_COLOR="1"), columns=columns, module=module)
    wide = run(module, "--help", cwd=tmp_path, environ=environ()).stdout
    assert words(screen) == words(wide)
    assert not [line for line in screen.splitlines() if len(line) > columns and len(line.split()) > 1]


def test_a_wrong_use_on_a_narrow_terminal_shows_the_usage_in_lines(tmp_path: Path, environ: Environ) -> None:
    code, screen = run_at_terminal(["--nonsense"], tmp_path, environ(NO_COLOR="1"), columns=30)
    assert code == 2
    assert words(screen).startswith("Usage: python -m bootstrap [OPTIONS] [COMMAND] [ARGS]... Error: No such option")


def test_the_server_too_wraps_and_styles_what_it_says(tmp_path: Path, environ: Environ) -> None:
    _, screen = run_at_terminal(["--help"], tmp_path, environ(), module="widget")
    assert f"{STYLE}1mOptions:{STYLE}0m" in screen
    wrong_uses: tuple[tuple[list[str], dict[str, str]], ...] = (
        (["--port", "abc"], {}),
        ([], {"PORT": "abc"}),
        ([], {"DATABASE_URL": "mysql://a.example.org/music"}),
    )
    for arguments, variables in wrong_uses:
        code, screen = run_at_terminal(arguments, tmp_path, environ(**variables), columns=40, module="widget")
        assert code == 2
        assert f"{STYLE}31mError: " in screen
        plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
        assert not [line for line in plain.splitlines() if len(line) > 40]
        assert "\x1b" not in run("widget", *arguments, cwd=tmp_path, environ=environ(**variables)).stderr


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_a_dumb_terminal_get_plain_text(tmp_path: Path, environ: Environ, plain: dict[str, str]) -> None:
    _, screen = run_at_terminal([], tmp_path, environ(**NAMED, **plain))
    _, failed = run_at_terminal(["--nonsense"], tmp_path, environ(**plain))
    assert "\x1b" not in screen + failed
    assert "Waiting for your consent, at most 300 seconds" in words(screen)


def test_a_pipe_gets_plain_text_in_whole_lines(tmp_path: Path, environ: Environ) -> None:
    result = run("bootstrap", cwd=tmp_path, environ=environ(**NAMED, COLUMNS="30"))
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert "Waiting for your consent, at most 300 seconds …\n" in result.stderr
    assert max(map(len, result.stderr.splitlines())) > 100


@pytest.mark.parametrize("encoding", OLD_ENCODINGS, ids=["cp1252", "C locale", "ascii"])
def test_a_name_that_the_terminal_cannot_show_is_escaped(
    tmp_path: Path, service: Spotify, environ: Environ, encoding: dict[str, str]
) -> None:
    service.simulator.user_name = "Nilas \U0001f3b5 \u202eListener\x1b[2J"
    variables = environ(**NAMED, **encoding)
    for arguments in ([], ["status"], ["status", "--check"], ["status", "--json"], ["export"], ["forget", "--yes"]):
        result = subprocess.run(
            [sys.executable, "-m", "bootstrap", *arguments],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            check=False,
        )
        assert result.returncode == 0, result
        assert b"Traceback" not in result.stderr
        assert b"\x1b" not in result.stdout + result.stderr
        if "forget" not in arguments and "export" not in arguments:
            assert b"1f3b5" in result.stdout or b"\\ud83c\\udfb5" in result.stdout
            assert result.stdout.decode("cp1252").isascii()


def test_a_name_s_control_characters_do_nothing_at_a_terminal(
    tmp_path: Path, service: Spotify, environ: Environ
) -> None:
    service.simulator.user_name = "Nilas\x1b[2J\u202e \U0001f469\u200d\U0001f3a4"
    _, screen = run_at_terminal([], tmp_path, environ(**NAMED, NO_COLOR="1", PYTHONIOENCODING="utf-8"))
    assert "\x1b[2J" not in screen
    assert "\u202e" not in screen
    assert "Nilas\\x1b[2J\\u202e \U0001f469\u200d\U0001f3a4" in screen


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["export"], ["--help"], []])
@pytest.mark.parametrize("closed", ["stdout", "both"])
def test_a_closed_pipe_ends_it_quietly(
    tmp_path: Path, service: Spotify, environ: Environ, arguments: list[str], closed: str
) -> None:
    seed = service.simulator.grant(SCOPES)
    reading, writing = os.pipe()
    os.close(reading)
    stderr = writing if closed == "both" else subprocess.PIPE
    result = subprocess.run(
        [sys.executable, "-m", "bootstrap", *arguments],
        cwd=tmp_path,
        env=environ(**NAMED, SPOTIFY_REFRESH_TOKEN=seed),
        stdout=writing,
        stderr=stderr,
        check=False,
    )
    os.close(writing)
    assert result.returncode == (1 if arguments == ["--help"] else 0)
    if not arguments:
        told = run("bootstrap", "status", "--json", cwd=tmp_path, environ=environ(**NAMED)).stdout
        assert "nilas.listener" in told
    elif closed == "stdout":
        assert result.stderr == b""


@pytest.mark.parametrize("closing", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_streams_that_are_closed_from_the_start_change_nothing(
    tmp_path: Path, service: Spotify, environ: Environ, closing: str
) -> None:
    variables = environ(**NAMED)
    command = f"exec {sys.executable} -m bootstrap {closing}"
    assert subprocess.run(["sh", "-c", command], cwd=tmp_path, env=variables, check=False).returncode == 0
    told = run("bootstrap", "status", "--json", cwd=tmp_path, environ=variables)
    assert "nilas.listener" in told.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_result_that_could_not_be_written_is_a_failure(tmp_path: Path, service: Spotify, environ: Environ) -> None:
    seed = service.simulator.grant(SCOPES)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = subprocess.run(
            [sys.executable, "-m", "bootstrap", "export"],
            cwd=tmp_path,
            env=environ(**NAMED, SPOTIFY_REFRESH_TOKEN=seed),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr == "Error: the result could not be written (No space left on device)\n"


def test_the_rehearsal_speaks_of_itself(tmp_path: Path, environ: Environ) -> None:
    code, screen = run_at_terminal(["--demo"], tmp_path, environ(NO_COLOR="1"))
    assert code == 0
    assert "rehearsal" in screen
    assert "dashboard" not in screen
    assert "INVALID_CLIENT" not in screen
    assert "bootstrap export" not in screen
    assert list(tmp_path.iterdir()) == []
