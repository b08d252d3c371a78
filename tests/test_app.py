"""The whole program: a token, a Spotify, and the responses to visitors."""

from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response

from tests.support.fake_clock import FakeClock
from tests.support.program import CREDENTIALS, authorize, program, simulated
from widget.app import create_app
from widget.config.settings import Settings
from widget.http_client import http_client
from widget.model.tokens import SeedToken
from widget.notifications.notifier import CHECK_INTERVAL_SECONDS
from widget.sources.simulators.spotify_playlist import SimulatedPlayback, track
from widget.store.sqlite import SqliteStore

NOW = "/v1/me/player/currently-playing"
TOKEN = "/api/token"
ONE = track("1", "One", ["Somebody"], "An Album", "tides", seconds=100.0, length=100.0, start=0.0)
TWO = track("2", "Two", ["Somebody"], "An Album", "orbit", seconds=100.0, length=100.0, start=0.0)


def too_many() -> Response:
    return PlainTextResponse("", 429, headers={"Retry-After": "120"})


async def test_the_first_visitor_gets_what_plays_at_once(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        answer = (await running.client.get("/now-playing")).json()
    assert (answer["status"], answer["item"]["title"]) == ("playing", "Tides of Glass")


async def test_while_nobody_watches_spotify_is_never_polled(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        for path in ("/", "/healthz", "/readyz", "/embed.js", "/static/site.css", "/setup"):
            assert (await running.client.get(path)).status_code == 200
        await running.clock.advance(600)
        assert running.simulator.requests == []


def out_of_order() -> Response:
    return PlainTextResponse("out of order", 500)


@pytest.mark.parametrize("minutes", [1, 5])
async def test_after_an_outage_of_the_accounts_service_it_goes_on_within_ten_seconds(
    tmp_path: Path, minutes: int
) -> None:
    async with program(tmp_path) as running:
        simulator, clock = running.simulator, running.clock
        await running.client.get("/now-playing")
        simulator.access_tokens.clear()  # Each is refused from now on.
        simulator.answers[TOKEN] = out_of_order
        asked, refreshed = simulator.requests.count(NOW), simulator.requests.count(TOKEN)
        for _ in range(4 * minutes):
            await clock.advance(15)
            await running.client.get("/now-playing")
        assert (await running.client.get("/readyz")).json()["status"] == "spotify_unreachable"
        assert simulator.requests.count(NOW) == asked + 1
        assert simulator.requests.count(TOKEN) - refreshed <= 60 * minutes / 4
        del simulator.answers[TOKEN]
        await clock.advance(9)
        assert (await running.client.get("/now-playing")).json()["stale"] is False
        assert (await running.client.get("/readyz")).status_code == 200


async def test_an_outage_that_outlasts_the_last_visitor_ends_for_readyz_alone(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        simulator, clock = running.simulator, running.clock
        await running.client.get("/now-playing")
        simulator.answers[NOW] = out_of_order
        await clock.advance(400)
        polls = simulator.requests.count(NOW)
        del simulator.answers[NOW]
        for _ in range(10):
            await running.client.get("/")
            await clock.advance(60)
        assert simulator.requests.count(NOW) == polls
        codes = []
        for _ in range(12):
            codes.append((await running.client.get("/readyz")).status_code)
            await clock.advance(60)
        assert codes[0] in (200, 503)
        assert set(codes[1:]) == {200}
        assert simulator.requests.count(NOW) == polls + 1


async def test_a_minute_after_the_last_visitor_the_questions_end(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        await running.client.get("/now-playing")
        await running.clock.advance(62)
        asked = len(running.simulator.requests)
        await running.clock.advance(600)
        assert len(running.simulator.requests) == asked


async def test_two_tracks_follow_each_other_without_idle_between(tmp_path: Path) -> None:
    clock = FakeClock()
    async with program(tmp_path, clock=clock, simulator=simulated(clock, (ONE, TWO))) as running:
        seen = []
        for _ in range(220):
            answer = (await running.client.get("/now-playing")).json()
            seen.append(answer["item"]["title"] if answer["item"] else answer["status"])
            await clock.advance(0.5)
    changes = [title for title, before in zip(seen, [None, *seen], strict=False) if title != before]
    assert changes == ["One", "Two"]
    assert seen.index("Two") <= 2 * 100 + 4


async def test_without_a_token_it_serves_and_says_what_to_run(tmp_path: Path) -> None:
    async with program(tmp_path, authorized=False) as running:
        answer = await running.client.get("/now-playing")
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "not_configured"
        assert "python -m bootstrap" in answer.json()["error"]["message"]
        assert "python -m bootstrap" in (await running.client.get("/")).text
        assert (await running.client.get("/widget")).status_code == 200
        assert (await running.client.get("/readyz")).json()["status"] == "not_configured"


async def test_a_token_that_appears_is_used_without_a_restart(tmp_path: Path) -> None:
    async with program(tmp_path, authorized=False) as running:
        await running.client.get("/now-playing")
        await authorize(running.store, running.simulator)
        await running.clock.advance(2)
        assert (await running.client.get("/now-playing")).json()["status"] == "playing"
        assert (await running.client.get("/readyz")).status_code == 200


async def test_a_dead_token_is_reported_to_the_owner_alone_and_replaced_without_a_restart(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        await running.client.get("/now-playing")
        running.simulator.revoke_everything()
        await running.clock.advance(10)
        ready = (await running.client.get("/readyz")).json()
        assert (ready["status"], ready["token"]["state"]) == ("needs_authorization", "needs_authorization")
        refreshes = running.simulator.requests.count(TOKEN)
        await running.clock.advance(30)
        assert running.simulator.requests.count(TOKEN) == refreshes
        assert "needs_authorization" not in (await running.client.get("/widget")).text
        await authorize(running.store, running.simulator)
        assert (await running.client.get("/readyz")).status_code == 200
        await running.client.get("/now-playing")
        await running.clock.advance(2)
        assert not (await running.client.get("/now-playing")).json()["stale"]


async def test_a_ban_is_kept_to_even_after_a_restart(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    simulator.answers[NOW] = too_many
    async with program(tmp_path, clock=clock, simulator=simulator) as running:
        first = await running.client.get("/now-playing")
        assert (first.status_code, first.json()["error"]["code"]) == (503, "rate_limited")
        assert int(first.headers["retry-after"]) <= 120
    asked = len(simulator.requests)
    del simulator.answers[NOW]
    async with program(tmp_path, clock=clock, simulator=simulator) as running:
        await clock.advance(60)
        assert (await running.client.get("/now-playing")).status_code == 503
        assert (await running.client.get("/readyz")).json()["status"] == "rate_limited"
        assert len(simulator.requests) == asked
        await clock.advance(61)
        await running.client.get("/now-playing")
        await clock.advance(2)
        assert (await running.client.get("/now-playing")).json()["status"] == "playing"


async def test_spent_calls_count_after_a_restart_too(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    settings = Settings(calls_per_day=3)
    for _ in range(2):
        async with program(tmp_path, clock=clock, simulator=simulator, settings=settings) as running:
            for _ in range(40):
                await running.client.get("/now-playing")
                await clock.advance(30)
            last = await running.client.get("/now-playing")
    assert simulator.requests.count(NOW) == 3
    assert last.json()["error"]["code"] == "budget_spent"
    assert "retry-after" in last.headers


async def test_a_seed_starts_a_host_whose_disk_is_empty(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    seed = SeedToken(simulator.grant(("user-read-currently-playing",)), clock.now())
    settings = Settings(client_id=CREDENTIALS.client_id, client_secret=CREDENTIALS.client_secret, seed=seed)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings, authorized=False) as running:
        assert (await running.client.get("/readyz")).json()["token"]["state"] == "ok"
        assert (await running.client.get("/now-playing")).json()["status"] == "playing"


async def test_what_the_owner_hides_is_nothing_playing(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock, (track("9", "Loud", ["X"], "Y", "tides", seconds=100.0, explicit=True),))
    settings = Settings(hide_explicit=True)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings) as running:
        answer = await running.client.get("/now-playing")
    assert answer.json()["status"] == "idle"
    assert "Loud" not in answer.text


async def test_nothing_playing_shows_what_was_played_last(tmp_path: Path) -> None:
    clock = FakeClock()
    simulator = simulated(clock, (SimulatedPlayback("nothing", 100.0), ONE))
    async with program(tmp_path, clock=clock, simulator=simulator) as running:
        answer = (await running.client.get("/now-playing")).json()
    assert (answer["status"], answer["last_played"]["item"]["title"]) == ("idle", "One")


async def test_a_database_that_goes_away_is_reported_and_the_service_goes_on(tmp_path: Path) -> None:
    async with program(tmp_path) as running:
        await running.client.get("/now-playing")
        await running.store.close()
        await running.clock.advance(10)
        ready = await running.client.get("/readyz")
        assert ready.status_code == 503
        assert "database" in ready.json()["spotify"]["error"]["message"]
        assert ready.json()["calls_last_24h"] is None
        assert (await running.client.get("/now-playing")).json()["item"]["title"] == "Tides of Glass"
        assert (await running.client.get("/widget")).status_code == 200
        assert (await running.client.get("/setup")).status_code == 200
        assert (await running.begin_renewal()).status_code == 503


async def test_every_request_to_spotify_names_the_program(tmp_path: Path) -> None:
    agents = set()

    async def remember(request: httpx.Request) -> None:
        agents.add(request.headers["user-agent"])

    clock = FakeClock()
    simulator = simulated(clock)
    store = SqliteStore(tmp_path / "a.db")
    await store.open()
    await authorize(store, simulator)
    async with http_client(httpx.ASGITransport(simulator.app)) as http:
        http.event_hooks = {"request": [remember]}
        app = create_app(Settings(), http=http, store=store, clock=clock)
        async with app.router.lifespan_context(app):
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")
            await client.get("/now-playing")
    await store.close()
    assert len(agents) == 1
    assert next(iter(agents)).startswith("now-playing-backend/")


async def test_it_opens_and_closes_a_store_of_its_own(tmp_path: Path) -> None:
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'own.db'}"))
    async with app.router.lifespan_context(app):
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")
        assert (await client.get("/readyz")).json()["status"] == "not_configured"
    assert (tmp_path / "own.db").exists()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), "python -m bootstrap"),
        (Settings(setup_key="x" * 20), "/setup on this server"),
        (Settings(setup_key="x" * 20, public_url="https://me.example"), "https://me.example/setup"),
    ],
)
def test_messages_name_the_next_step_that_there_is(settings: Settings, told: str) -> None:
    assert told in settings.reauthorization_hint


@pytest.mark.parametrize(("key", "told"), [(None, "python -m bootstrap"), ("x1234567890" * 2, "/setup on this server")])
async def test_a_missing_scope_names_the_next_step_too(tmp_path: Path, key: str | None, told: str) -> None:
    clock, store = FakeClock(), SqliteStore(tmp_path / "now-playing.db")
    simulator = simulated(clock)
    await store.open()
    await authorize(store, simulator, scopes=("user-read-recently-played",))
    await store.close()
    async with program(tmp_path, clock=clock, simulator=simulator, settings=Settings(setup_key=key)) as running:
        error = (await running.client.get("/now-playing")).json()["error"]
    assert error["code"] == "forbidden"
    assert told in error["message"]


async def test_a_list_that_cannot_be_had_is_empty_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), SqliteStore(tmp_path / "now-playing.db")
    simulator = simulated(clock)
    await store.open()
    await authorize(store, simulator, scopes=("user-read-currently-playing",))
    await store.close()
    settings = Settings(recent=5)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings) as running:
        for _ in range(4):
            assert (await running.client.get("/now-playing")).json()["recent"] == []
            await clock.advance(200)
    assert sum("RECENT" in record.getMessage() for record in caplog.records) == 1


async def test_earlier_plays_are_listed_if_the_owner_wants_them(tmp_path: Path) -> None:
    async with program(tmp_path, settings=Settings(recent=3)) as running:
        await running.client.get("/now-playing")
        await running.clock.advance(10)
        now = (await running.client.get("/now-playing")).json()
        assert now["status"] == "playing"
        assert [set(played) for played in now["recent"]] == [{"item", "played_at"}]
        assert now["recent"][0]["item"]["title"] == "Tides of Glass"
    async with program(tmp_path) as running:
        await running.client.get("/now-playing")
        await running.clock.advance(10)
        assert (await running.client.get("/now-playing")).json()["recent"] == []


async def test_an_instance_that_nobody_watches_hands_out_the_artwork_that_another_shows(tmp_path: Path) -> None:
    async with program(tmp_path) as first:
        async with program(tmp_path, clock=first.clock, simulator=first.simulator) as second:
            shown = (await first.client.get("/now-playing")).json()
            answer = await second.client.get(shown["item"]["artwork_path"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("image/")


async def test_covers_of_earlier_songs_are_there_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(recent=5)
    async with program(tmp_path, settings=settings) as running:
        await running.client.get("/now-playing")
        await running.clock.advance(30)
        recent = (await running.client.get("/now-playing")).json()["recent"]
        simulator, clock = running.simulator, running.clock
    async with program(tmp_path, settings=settings, simulator=simulator, clock=clock) as restarted:
        for played in recent:
            assert (await restarted.client.get(played["item"]["artwork_path"])).status_code == 200
    assert recent


class BreakingClock(FakeClock):
    """A clock on which the wait between two checks for alerts fails."""

    async def sleep(self, seconds: float) -> None:
        if seconds == CHECK_INTERVAL_SECONDS:
            raise RuntimeError("a-secret")
        await super().sleep(seconds)


async def test_a_task_that_fails_is_logged_at_once_and_everything_is_closed_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, clock = tmp_path / "now-playing.db", BreakingClock()
    app = create_app(Settings(database_url=f"sqlite:///{path}"), clock=clock)
    async with app.router.lifespan_context(app):
        await clock.advance(1.0)
        assert "Notifier stopped working (RuntimeError)" in caplog.text
        assert path.with_name("now-playing.db-wal").exists()
    assert not path.with_name("now-playing.db-wal").exists()
    assert "a-secret" not in caplog.text
