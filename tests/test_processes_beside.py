"""``python -m widget`` beside a process that hangs with something it needs: a lock, a database, the refresh."""

import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.test_postgres_that_hangs import backends, stopped
from tests.support.commands import Server, Spotify, server, start
from tests.support.postgres import Postgres

TOKEN = "/api/token"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")


def eventually(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def ends_in_time(running: Server) -> None:
    begun = time.monotonic()
    code, out, err = running.end(signal.SIGTERM)
    assert time.monotonic() - begun < 3
    assert code == 0, err
    assert "Traceback" not in out + err


def test_it_ends_in_time_while_another_program_writes_to_the_file(seeded: dict[str, str], tmp_path: Path) -> None:
    with (
        server(tmp_path, seeded) as running,
        closing(sqlite3.connect(tmp_path / "now-playing.db", isolation_level=None)) as other,
    ):
        assert running.shows()
        other.execute("BEGIN IMMEDIATE")
        eventually(lambda: running.get("/readyz").json()["status"] == "store_unavailable", 20)
        ends_in_time(running)


def test_it_ends_in_time_while_every_backend_of_postgres_is_stopped(
    seeded: dict[str, str], tmp_path: Path, postgres_server: Postgres
) -> None:
    url = postgres_server.database()
    with server(tmp_path, {**seeded, "DATABASE_URL": url}) as running:
        assert running.shows()
        with stopped(backends(url)):
            running.get("/readyz")
            ends_in_time(running)


def test_beside_a_check_that_is_stopped_in_its_refresh_it_serves_says_why_and_goes_on_after_it(
    service: Spotify, seeded: dict[str, str], tmp_path: Path
) -> None:
    with server(tmp_path, seeded) as running:
        service.simulator.delay = 2.0
        check = start("bootstrap", "status", "--check", cwd=tmp_path, environ=seeded)
        try:
            eventually(lambda: TOKEN in service.simulator.requests, 15)
            check.send_signal(signal.SIGSTOP)
            service.simulator.delay = 0.0

            def status() -> str:
                begun = time.monotonic()
                assert running.get(timeout=5.0).status_code in (200, 503)
                ready = running.get("/readyz", timeout=5.0)
                assert time.monotonic() - begun < 5
                return str(ready.json()["status"])

            eventually(lambda: status() == "store_unavailable", 20)
            assert running.get("/healthz").status_code == 200
            check.send_signal(signal.SIGCONT)
            eventually(lambda: status() == "ok" and running.get().json()["status"] == "playing", 20)
        finally:
            check.kill()
            check.communicate()
        ends_in_time(running)
