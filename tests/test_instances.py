"""Several real server processes on one real Postgres: one polls, all show, nothing is lost or sent twice."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.support.commands import Server, Spotify, run, server, spotify
from tests.support.live_server import free_port, live_server
from tests.support.postgres import Postgres, postgres
from tests.support.receiver import Receiver
from widget.model.tokens import add_six_months
from widget.sources.simulators.spotify_playlist import track
from widget.sources.spotify.accounts_api import SCOPES

NOW = "/v1/me/player/currently-playing"
TOKEN = "/api/token"
BROWSER = f"{sys.executable} -m tests.support.consenting_browser %s"
CHANGING = tuple(
    track(str(number), f"Song {number}", ["Somebody"], "An Album", "tides", seconds=3.0, length=3.0, start=0.0)
    for number in range(100)
)


@pytest.fixture
def database() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def service() -> Iterator[Spotify]:
    with spotify(f"http://127.0.0.1:{free_port()}/callback", scenes=CHANGING) as running:
        running.simulator.rotates = True
        running.simulator.access_seconds = 4.0
        yield running


def environ_of(service: Spotify, url: str, **more: str) -> dict[str, str]:
    """A message about the token's end falls due today: a store that was empty at start tells no older one."""
    now = time.time()
    ages = (
        (days + 0.5) * 86_400.0 for days in range(140, 190)
    )  # Which of them there is depends on the months' lengths.
    age = next(age for age in ages if (add_six_months(now - age) - now) // 86_400 in (29, 6, 0))
    seed = service.simulator.grant(SCOPES, now - age)
    authorized_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age))
    seeds = {"SPOTIFY_REFRESH_TOKEN": seed, "SPOTIFY_AUTHORIZED_AT": authorized_at}
    return {**service.environ, **seeds, "DATABASE_URL": url, **more}


def title(running: Server) -> str:
    answer = running.get().json()
    return str(answer["item"]["title"]) if answer["item"] else str(answer["status"])


def eventually(condition: Callable[[], bool], seconds: float) -> float:
    """Return how long it took; a connection that ends while one server replaces another counts as not yet."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with suppress(httpx.TransportError):
            if condition():
                return time.monotonic() - begun
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} seconds")


def is_current(service: Spotify, running: Server) -> bool:
    scene, _ = service.simulator.playlist.at(time.time())
    return title(running) == scene.title


def stored_token(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT refresh_token FROM now_playing.token").fetchone()
    assert row is not None
    return str(row[0])


def test_one_polls_and_all_show_within_a_second(service: Spotify, database: Postgres, tmp_path: Path) -> None:
    environ = environ_of(service, database.database())
    with server(tmp_path, environ) as one, server(tmp_path, environ) as two:
        eventually(lambda: is_current(service, one), 5)
        eventually(lambda: is_current(service, two), 5)
        before = service.simulator.requests.count(NOW)
        lags = []
        begun = time.monotonic()
        while time.monotonic() - begun < 9:
            shown = title(one)
            lags.append(eventually(lambda shown=shown: title(two) in (shown, title(one)), 2))  # type: ignore[misc]
            time.sleep(0.2)
        asked = service.simulator.requests.count(NOW) - before
    assert sorted(lags)[len(lags) // 2] < 1.0
    assert asked <= 8


def test_killing_the_one_that_polls_or_the_database_loses_nothing(
    service: Spotify, database: Postgres, tmp_path: Path
) -> None:
    receiver = Receiver()
    url = database.database()
    with live_server(receiver.app) as inbox, ExitStack() as stack:
        environ = environ_of(service, url, NOTIFY_URLS=inbox.replace("http://", "json://"))
        one = stack.enter_context(server(tmp_path, environ))
        eventually(lambda: is_current(service, one), 5)
        two = stack.enter_context(server(tmp_path, environ))
        eventually(lambda: is_current(service, two), 5)

        eventually(lambda: bool(receiver.received), 20)  # Who is killed while it sends holds its claim for a while.
        one.kill()  # It asked first, so it led.
        eventually(lambda: is_current(service, two), 15)

        database.stop()
        time.sleep(1.0)
        assert two.get("/widget").status_code == 200
        eventually(lambda: two.get("/readyz").status_code == 503, 5)
        assert "database" in two.get("/readyz").json()["spotify"]["error"]["message"]
        database.start()
        eventually(lambda: two.get("/readyz").status_code == 200 and is_current(service, two), 15)

        three = stack.enter_context(server(tmp_path, environ))
        eventually(lambda: is_current(service, three), 5)
        eventually(lambda: service.simulator.requests.count(TOKEN) >= 4, 15)
        for running in (two, three):
            assert running.get("/readyz").json()["token"]["state"] == "expires_soon"
    assert len(receiver.received) == 1
    assert stored_token(url) in service.simulator.refresh_tokens
    assert service.simulator.requests.count(TOKEN) >= 4


def test_the_bootstrap_writes_straight_into_the_deployed_database(
    service: Spotify, database: Postgres, tmp_path: Path
) -> None:
    url = database.database()
    (redirect_uri,) = service.simulator.app_settings.redirect_uris
    with server(tmp_path, {**service.environ, "DATABASE_URL": url}) as running:
        assert running.get().json()["error"]["code"] == "not_configured"
        environ = {**service.environ, "BROWSER": BROWSER, "SPOTIFY_REDIRECT_URI": redirect_uri}
        result = run("bootstrap", "--database", url, cwd=tmp_path, environ=environ)
        assert result.returncode == 0, result
        eventually(lambda: is_current(service, running), 6)
        assert run("bootstrap", "status", "--database", url, cwd=tmp_path, environ=environ).returncode == 0
    assert list(tmp_path.glob("*.db")) == []


@pytest.mark.parametrize(
    ("module", "address"),
    [("bootstrap", "127.0.0.1:{port}/music"), ("bootstrap", "["), ("widget", "["), ("widget", "here:port/music")],
)
def test_a_database_that_can_never_be_used_is_reported_without_its_password(
    service: Spotify, tmp_path: Path, module: str, address: str
) -> None:
    url = f"postgresql://me:needle-password@{address.format(port=free_port())}"
    result = run(module, cwd=tmp_path, environ={**service.environ, "DATABASE_URL": url, "PORT": "0"})
    assert result.returncode == 2
    assert "DATABASE_URL" in result.stderr
    assert "needle" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_server_waits_for_a_database_that_comes_later(service: Spotify, tmp_path: Path, database: Postgres) -> None:
    url = database.database()
    database.stop()
    with server(tmp_path, environ_of(service, url)) as running:
        assert running.get("/readyz").json()["status"] == "store_unavailable"
        assert running.get().status_code == 503
        assert "127.0.0.1" not in running.get("/readyz").text
        database.start()
        eventually(lambda: is_current(service, running), 15)
        eventually(lambda: running.get("/readyz").status_code == 200, 15)
        code, _, log = running.end(signal.SIGTERM)
    assert (code, log.count("Postgres")) == (0, 2), log  # That it cannot be used, and that it can again.
