"""A database that comes later than the server and names its source: the server goes on with that."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Server, Spotify, run, server
from tests.support.live_server import free_port
from tests.support.postgres import Postgres, postgres
from tests.support.scrobbling import Scrobbling, bare, scrobbling


@pytest.fixture(scope="module")
def postgres_of_these() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def services() -> Iterator[Scrobbling]:
    with scrobbling() as running:
        yield running


@contextmanager
def stopped(database: Postgres) -> Iterator[None]:
    """``database`` is not there while the context lasts."""
    database.stop()
    try:
        yield
    finally:
        database.start()


@contextmanager
def absent(absence: AbstractContextManager[None]) -> Iterator[Callable[[], None]]:
    """The database is not there before what is given is called, or the context ends."""
    with ExitStack() as stack:
        stack.enter_context(absence)
        yield stack.close


@contextmanager
def held(database: Path) -> Iterator[None]:
    """While the context lasts nobody else can use the SQLite file ``database``: as if it were not there yet."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


def set_up(services: Scrobbling, folder: Path, database_url: str) -> None:
    """What the owner did once, from elsewhere: the database holds that Last.fm is asked, for whom, and where."""
    environ = services.environ("lastfm", DATABASE_URL=database_url)
    done = run("bootstrap", "--source", "lastfm", cwd=folder, environ=environ)
    assert done.returncode == 0, done


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def shows(running: Server, source: str, status: str = "playing") -> bool:
    """Whether ``source`` tells ``status``. Who is cut off comes back; that nobody listens is an error."""
    try:
        told = running.get().json()
    except (httpx.RemoteProtocolError, httpx.ReadError):
        return False
    return (told["source"]["name"], told["status"]) == (source, status)


def waits(running: Server) -> bool:
    return running.get().status_code == 503 and running.get("/readyz").json()["status"] == "store_unavailable"


def test_a_server_goes_on_with_the_source_of_a_database_that_comes_later(
    services: Scrobbling, service: Spotify, seeded: dict[str, str], postgres_of_these: Postgres, tmp_path: Path
) -> None:
    url = postgres_of_these.database()
    set_up(services, tmp_path, url)
    # What is set for Spotify stands there too, and is of no use.
    environ = {**bare(), **seeded, "DATABASE_URL": url}
    with absent(stopped(postgres_of_these)) as comes, server(tmp_path, environ) as running:
        assert waits(running)
        with httpx.stream("GET", f"{running.url}/now-playing/events", timeout=30.0) as stream:
            comes()
            assert "store_unavailable" in stream.read().decode()  # It ends properly.
        eventually(lambda: shows(running, "lastfm"))
        assert services.lastfm.user in running.get().json()["source"]["url"]
        eventually(lambda: running.get("/readyz").status_code == 200)
        code, out, log = running.end(signal.SIGTERM)
    assert (code, out.count("Now playing is shown at")) == (0, 1), log
    assert log.count("Postgres") == 2, log  # That it cannot be used, and that it can again.
    assert "Traceback" not in log
    assert service.simulator.requests == []


def test_what_was_stored_for_the_source_that_is_set_counts_once_the_database_comes(
    services: Scrobbling, tmp_path: Path
) -> None:
    database = tmp_path / "now-playing.db"
    set_up(services, tmp_path, f"sqlite:///{database}")
    environ = {**bare(), "SOURCE": "lastfm"}
    with absent(held(database)) as comes, server(tmp_path, environ) as running:
        assert waits(running)
        comes()
        eventually(lambda: shows(running, "lastfm"))
        assert services.lastfm.user in running.get().json()["source"]["url"]


def test_names_to_be_hidden_wait_for_a_source_that_can_hide_them(
    services: Scrobbling, postgres_of_these: Postgres, tmp_path: Path
) -> None:
    url = postgres_of_these.database()
    set_up(services, tmp_path, url)
    environ = {**bare(), "DATABASE_URL": url, "HIDE": "artist:Elin Sandvik"}
    with absent(stopped(postgres_of_these)) as comes, server(tmp_path, environ) as running:
        assert waits(running)
        comes()
        eventually(lambda: shows(running, "lastfm", "idle"))


@pytest.mark.parametrize(
    ("is_set_up", "name", "value"),
    [
        (True, "HIDE", "spotify:track:4uLU6hMCjMI75M1A2tKUQC"),
        (True, "HIDE_EXPLICIT", "1"),
        (False, "HIDE", "artist:Elin Sandvik"),
    ],
)
def test_what_the_source_cannot_keep_ends_it_as_at_the_start_once_the_source_is_known(
    services: Scrobbling, postgres_of_these: Postgres, tmp_path: Path, is_set_up: bool, name: str, value: str
) -> None:
    url = postgres_of_these.database()
    if is_set_up:
        set_up(services, tmp_path, url)
    environ = {**bare(), "DATABASE_URL": url, name: value}
    with absent(stopped(postgres_of_these)) as comes, server(tmp_path, environ) as running:
        assert waits(running)
        comes()
        _, log = running.process.communicate(timeout=30)
        assert running.process.returncode == 2, log
        assert f"Error: {name} " in log
        assert "Traceback" not in log


def test_a_signal_ends_a_server_that_waits_for_its_database(tmp_path: Path) -> None:
    url = f"postgresql://me@127.0.0.1:{free_port()}/music"
    with (
        server(tmp_path, {**bare(), "DATABASE_URL": url}) as running,
        httpx.stream("GET", f"{running.url}/now-playing/events", timeout=30.0),
    ):
        assert waits(running)
        begun = time.monotonic()
        code, out, log = running.end(signal.SIGTERM)
        assert time.monotonic() - begun < 3
    assert code == 0, log
    assert "Traceback" not in out + log
    assert "ERROR" not in log
