"""The end of ``python -m widget``: on every signal, in every state, with any stdout and stderr."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Server, Spotify, server, wait_for
from tests.support.live_server import free_port

SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
EVENTS = b"GET /now-playing/events HTTP/1.1\r\nHost: x\r\n\r\n"


@contextmanager
def silent_peer() -> Iterator[str]:
    """The host and port of somebody who takes connections and says nothing, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def ends_in_peace(running: Server, number: int) -> None:
    begun = time.monotonic()
    code, out, err = running.end(number)
    assert time.monotonic() - begun < 3
    assert code == 0, err
    assert "Traceback" not in out + err
    assert "ERROR" not in err


@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_ends_it_in_peace_with_viewers_that_read_and_others_that_do_not(
    seeded: dict[str, str], tmp_path: Path, number: int
) -> None:
    with server(tmp_path, seeded) as running, ExitStack() as stack:
        for request in (EVENTS, EVENTS, b"GET /now-playing HTTP/1.1\r\nHo", b""):
            viewer = stack.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            viewer.sendall(request)
        ends_in_peace(running, number)


INTERRUPTED_IMPORT = """
import os, sys
from widget.__main__ import main
assert "asyncio" not in sys.modules, "what takes time is imported before signals are awaited"
class Interruption:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), int(sys.argv[2]))
sys.meta_path.insert(0, Interruption())
main(["--port", "0"])
"""


# The last one comes when the application is put together, just before it serves.
@pytest.mark.parametrize("name", ["widget.server.command", "uvicorn", "widget.app", "widget.sources.spotify.adapter"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_program_is_still_being_imported_ends_it_in_peace(
    tmp_path: Path, number: int, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, name, str(int(number))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_signal_just_before_it_serves_without_a_database_ends_it_in_peace(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_IMPORT, "widget.sources.spotify.adapter", str(int(signal.SIGINT))],
        cwd=tmp_path,
        env={"DATABASE_URL": "postgresql://127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    assert "ERROR" not in done.stderr


FAILING_IMPORT = """
import sys
from widget.__main__ import main
class Fault:
    def find_spec(self, name, path, target=None):
        if name == "widget.app":
            raise RuntimeError("needle")
sys.meta_path.insert(0, Fault())
main(["--port", "0"])
"""


def test_what_nobody_foresaw_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING_IMPORT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert "RuntimeError in <string>, line 7" in done.stderr
    assert "needle" not in done.stderr


@pytest.mark.parametrize("command", [["widget"], ["bootstrap"], ["bootstrap", "status"]])
def test_a_working_directory_that_is_gone_is_reported(tmp_path: Path, command: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            # asyncio comes first: Python 3.13.0 itself cannot import it in a directory that is gone.
            "import asyncio, os, runpy, sys; os.rmdir(os.getcwd()); sys.argv[1:] = sys.argv[2:]; "
            f"runpy.run_module({command[0]!r}, run_name='__main__', alter_sys=True)",
            *command,
        ],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "working directory is gone" in done.stderr
    assert "Traceback" not in done.stderr


def test_requests_that_wait_for_a_spotify_that_hangs_are_let_go(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    service.simulator.delay = 8.0
    with server(tmp_path, seeded) as running, ExitStack() as stack:
        for path in (b"now-playing", b"widget", b"now-playing.svg", b"now-playing/events", b"readyz"):
            visitor = stack.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            visitor.sendall(b"GET /" + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.3)
        ends_in_peace(running, signal.SIGTERM)


def test_a_database_that_hangs_at_the_start_is_no_reason_to_stay(service: Spotify, tmp_path: Path) -> None:
    with silent_peer() as peer:
        environ = {**service.environ, "DATABASE_URL": f"postgresql://me:secret@{peer}/music"}
        process = subprocess.Popen(
            [sys.executable, "-m", "widget", "--port", str(free_port())],
            cwd=tmp_path,
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(2.0)
        begun = time.monotonic()
        process.terminate()
        _, err = process.communicate(timeout=10)
    assert time.monotonic() - begun < 3
    assert process.returncode == 0, err
    assert "Traceback" not in err


def test_a_sighup_that_nohup_ignores_stays_ignored(seeded: dict[str, str], tmp_path: Path) -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with server(tmp_path, seeded, own_interpreter=True) as running:
            running.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
            assert running.get("/healthz").status_code == 200
            ends_in_peace(running, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, old)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "> /dev/full 2> /dev/full"])
def test_outlets_that_are_closed_change_nothing(seeded: dict[str, str], tmp_path: Path, closed: str) -> None:
    port = free_port()
    command = f"exec {sys.executable} -m widget --port {port} {closed}"
    environ = {**seeded, "LOG_LEVEL": "debug"}
    process = subprocess.Popen(["bash", "-c", command], cwd=tmp_path, env=environ, text=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/now-playing", process)
        assert httpx.get(f"http://127.0.0.1:{port}/now-playing").json()["status"] == "playing"
        process.terminate()
        assert process.wait(timeout=5) == 0
    finally:
        process.kill()
        process.wait()


def test_a_reader_of_the_log_that_goes_changes_nothing(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    with server(tmp_path, {**seeded, "LOG_LEVEL": "debug"}, own_interpreter=True) as running:
        assert isinstance(running.process, subprocess.Popen)
        for outlet in (running.process.stdout, running.process.stderr):
            assert outlet is not None
            outlet.close()
        service.simulator.has_premium = False  # Worth a line in the log.
        end = time.monotonic() + 10
        while running.get("/readyz").status_code == 200 and time.monotonic() < end:
            running.get()
            time.sleep(0.2)
        assert running.get("/readyz").status_code == 503
        running.process.terminate()
        assert running.process.wait(timeout=5) == 0
        running.process.stdout = running.process.stderr = None


def test_a_closed_outlet_changes_no_exit_code_of_a_wrong_start(service: Spotify, tmp_path: Path) -> None:
    for closed in ("", "2>&-", ">&- 2>&-", "2> /dev/full"):
        command = f"exec {sys.executable} -m widget {closed}"
        environ = {**service.environ, "PORT": "abc"}
        assert subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environ, check=False).returncode == 2


def test_an_empty_or_missing_port_means_8000_as_the_procfile_needs_it(service: Spotify, tmp_path: Path) -> None:
    procfile = (Path(__file__).parent.parent / "Procfile").read_text(encoding="utf-8")
    assert procfile == "web: python -m widget --host 0.0.0.0\n"
    with closing(socket.socket()) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("0.0.0.0", 8000))  # noqa: S104
        except OSError:
            pytest.skip("port 8000 is taken on this machine")
        taken.listen()
        for environ in ({**service.environ, "PORT": ""}, service.environ):
            command = [sys.executable, *procfile.split()[2:]]
            result = subprocess.run(
                command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=30
            )
            assert "port 8000" in result.stderr


def test_the_soft_limit_of_open_files_is_raised_and_what_it_does_not_carry_is_reported(
    seeded: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    limits = f"ulimit -Sn 100; ulimit -Hn 256; exec {sys.executable} -m widget --port {port}"
    process = subprocess.Popen(["bash", "-c", limits], cwd=tmp_path, env=seeded, stderr=subprocess.PIPE, text=True)
    silent: list[socket.socket] = []
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        if sys.platform == "linux":
            assert _open_files(process.pid) == ["256", "256"]
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(400)]
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    finally:
        process.terminate()
        _, err = process.communicate(timeout=10)
        for connection in silent:
            connection.close()
    assert "allows 144 streams, not 10000" in err
    assert process.returncode == 0


def _open_files(process_id: int) -> list[str]:
    limits = Path(f"/proc/{process_id}/limits").read_text(encoding="utf-8")
    return next(line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files"))


def test_a_post_that_is_broken_off_is_no_line_in_the_log(seeded: dict[str, str], tmp_path: Path) -> None:
    environ = {**seeded, "SETUP_KEY": "correct horse battery staple", "PUBLIC_URL": "https://music.example.org"}
    head = b"POST /setup HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with server(tmp_path, environ) as running:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", running.port)) as visitor:
                visitor.sendall(head + b"Content-Length: 100\r\n\r\nkey=abc")
            with socket.create_connection(("127.0.0.1", running.port)) as visitor:
                visitor.sendall(b"\x00garbage\r\n\r\n")
        assert running.get("/healthz").status_code == 200
        _, _, err = running.end(signal.SIGTERM)
    assert "Traceback" not in err
    assert "rror" not in err
    assert "Invalid" not in err
