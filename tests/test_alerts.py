"""Alerts to the owner, received by a real HTTP server."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse, Response

from tests.support.fake_clock import FakeClock, settle
from tests.support.live_server import live_server
from tests.support.program import KEY, PUBLIC_URL, Program, program, simulated
from tests.support.receiver import Receiver
from widget.config.settings import Settings
from widget.model.errors import StoreError
from widget.model.tokens import AuthorizationStatus, SeedToken
from widget.notifications.channels import Channel, parse_channels
from widget.notifications.health import HealthStatus
from widget.notifications.notifier import Notifier
from widget.sources.spotify.accounts_api import SCOPES
from widget.store.base import StoreTimeouts
from widget.store.sqlite import SqliteStore

DAY = 86_400.0
NOW = "/v1/me/player/currently-playing"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def inbox(receiver: Receiver) -> Iterator[str]:
    with live_server(receiver.app) as address:
        yield address.replace("http://", "json://")


def settings(*urls: str) -> Settings:
    return Settings(public_url=PUBLIC_URL, setup_key=KEY, notify_urls=urls)


def refused() -> Response:
    return PlainTextResponse("Active premium subscription required for the owner of the app.", 403)


async def eventually(condition: Callable[[], bool]) -> None:
    """Messages leave by real threads: waits for them, for ten seconds at most."""
    for _ in range(1000):
        await settle()
        if condition():
            return
        await asyncio.sleep(0.01)
    assert condition()


async def in_time(clock: FakeClock, condition: Callable[[], bool]) -> None:
    """Lets minutes pass, and the threads do their work, until it is so."""
    for _ in range(200):
        if condition():
            return
        await clock.advance(60)
        await asyncio.sleep(0.02)
    assert condition()


async def a_day_passes(clock: FakeClock) -> None:
    """Most of it on a machine that sleeps; then it wakes."""
    clock.jump(DAY - 61)
    await clock.advance(61)


async def watched_for(running: Program, seconds: float) -> None:
    """Lets time pass while somebody watches."""
    for _ in range(int(seconds // 30)):
        await running.client.get("/now-playing")
        await running.clock.advance(30)


async def test_over_a_month_the_owner_hears_three_times_renews_and_the_music_never_stops(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    clock = FakeClock()
    age = 152 * DAY + 3600  # Authorized on 19 June; so this 18 November 31 days are left, less an hour.
    async with program(tmp_path, clock=clock, age=age, settings=settings(inbox)) as running:
        shown = set()
        for day in range(31):
            answer = (await running.client.get("/now-playing")).json()
            shown.add((answer["status"], answer["stale"]))
            expected = 1 + (day >= 24) + (day >= 30) if day else 0
            await eventually(lambda expected=expected: len(receiver.received) == expected)  # type: ignore[misc]
            if day < 30:
                await a_day_passes(clock)
        titles = [f"Spotify access ends in {left}" for left in ("30 days", "7 days", "one day")]
        assert receiver.titles == titles
        last = receiver.received[-1]["message"]
        assert f"{PUBLIC_URL}/setup" in last
        assert (await running.renew()).status_code == 200
        await a_day_passes(clock)
        await a_day_passes(clock)
        answer = (await running.client.get("/now-playing")).json()
        shown.add((answer["status"], answer["stale"]))
        assert shown == {("playing", False)}
        await clock.advance(60)
        assert receiver.titles == titles
    assert not [message for message in receiver.received if "AQ" in message["message"]]


async def test_nothing_is_said_again_after_a_restart(tmp_path: Path, receiver: Receiver, inbox: str) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    for _ in range(3):
        async with program(tmp_path, clock=clock, simulator=simulator, age=160 * DAY, settings=settings(inbox)):
            await eventually(lambda: bool(receiver.received))
            await clock.advance(120)
    assert len(receiver.received) == 1


async def test_a_message_under_way_at_the_end_still_arrives_and_is_noted(tmp_path: Path) -> None:
    slow, clock = Receiver(delay=0.3), FakeClock()
    with live_server(slow.app) as address:
        inbox = address.replace("http://", "json://")
        async with program(tmp_path, clock=clock, age=160 * DAY, settings=settings(inbox)):
            await eventually(lambda: slow.attempts == 1)
        (channel,), _ = parse_channels([inbox])
        store = SqliteStore(tmp_path / "now-playing.db")
        await store.open()
        assert len(await store.messages_sent(channel.fingerprint)) == 1
        await store.close()
    assert len(slow.received) == 1


async def test_a_sleeping_host_sends_what_is_due_when_it_wakes(tmp_path: Path, receiver: Receiver, inbox: str) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    async with program(tmp_path, clock=clock, simulator=simulator, age=140 * DAY, settings=settings(inbox)):
        pass
    clock.jump(38 * DAY)
    async with program(tmp_path, clock=clock, simulator=simulator, settings=settings(inbox)):
        await eventually(lambda: bool(receiver.received))
    assert receiver.titles == ["Spotify access ends in 6 days"]


async def test_a_dead_token_is_reported_at_once_and_so_is_its_resolution(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    async with program(tmp_path, settings=settings(inbox)) as running:
        await running.client.get("/now-playing")
        running.simulator.revoke_everything()
        await watched_for(running, 120)
        await eventually(lambda: len(receiver.received) == 1)
        assert (await running.renew()).status_code == 200
        await watched_for(running, 150)
        await eventually(lambda: len(receiver.received) == 2)
    assert receiver.titles == ["Spotify: Disconnected", "Spotify: Resolved"]


async def test_a_renewal_that_nobody_watches_is_reported_at_once(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    async with program(tmp_path, settings=settings(inbox)) as running:
        await running.client.get("/now-playing")
        running.simulator.revoke_everything()
        await watched_for(running, 120)
        await eventually(lambda: len(receiver.received) == 1)
        await running.clock.advance(7200)  # Nobody looks any more.
        asked = len(running.simulator.requests)
        assert (await running.renew()).status_code == 200
        of_the_renewal = len(running.simulator.requests)
        await running.clock.advance(61)
        await eventually(lambda: len(receiver.received) == 2)
        assert len(running.simulator.requests) == of_the_renewal > asked
    assert receiver.titles[1] == "Spotify: Resolved"


async def test_a_host_that_loses_its_disk_each_night_does_not_repeat_the_end_for_a_month(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    clock = FakeClock()
    simulator = simulated(clock)
    age = 149 * DAY  # 34 days are left.
    seed = SeedToken(simulator.grant(SCOPES, clock.now() - age), clock.now() - age)
    of_the_host = replace(settings(inbox), client_id="an-id", client_secret="a-secret", seed=seed)
    for night in range(9):
        folder = tmp_path / str(night)
        folder.mkdir()
        async with program(folder, clock=clock, simulator=simulator, settings=of_the_host, authorized=False) as running:
            for _ in range(4):
                await running.client.get("/now-playing")
                await clock.advance(61)
                await asyncio.sleep(0.1)  # Messages leave by real threads.
                clock.jump(DAY / 4)
    assert 1 <= len(receiver.titles) <= 2
    assert set(receiver.titles) <= {"Spotify access ends in 30 days", "Spotify access ends in 29 days"}


async def test_a_refusal_is_reported_when_it_has_lasted_an_hour(tmp_path: Path, receiver: Receiver, inbox: str) -> None:
    async with program(tmp_path, settings=settings(inbox)) as running:
        running.simulator.answers[NOW] = refused
        await watched_for(running, 300)
        await running.clock.sleep_through(3000)
        assert receiver.received == []
        await watched_for(running, 600)
        await eventually(lambda: len(receiver.received) == 1)
        assert "Premium" in receiver.received[0]["message"]
        del running.simulator.answers[NOW]
        await watched_for(running, 900)
        await eventually(lambda: len(receiver.received) == 2)
    assert receiver.titles[1] == "Spotify: Resolved"


async def test_a_refusal_that_passes_is_not_reported(tmp_path: Path, receiver: Receiver, inbox: str) -> None:
    async with program(tmp_path, settings=settings(inbox)) as running:
        running.simulator.answers[NOW] = refused
        await watched_for(running, 300)
        await running.clock.sleep_through(600)
        await watched_for(running, 300)
        del running.simulator.answers[NOW]
        await watched_for(running, 900)
        await running.clock.sleep_through(2500)
        await watched_for(running, 300)
    assert receiver.received == []


async def test_a_service_that_answers_500_is_tried_again_and_the_others_are_not_disturbed(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    broken = Receiver(status=500)
    with live_server(broken.app) as address:
        urls = (address.replace("http://", "json://"), inbox)
        async with program(tmp_path, age=160 * DAY, settings=settings(*urls)) as running:
            await eventually(lambda: bool(receiver.received) and broken.attempts == 1)
            await in_time(running.clock, lambda: broken.attempts >= 2)
            broken.status = 200
            await in_time(running.clock, lambda: len(broken.received) == 1)
            await running.clock.advance(3600)
    assert len(receiver.received) == len(broken.received) == 1


async def test_a_service_that_hangs_holds_up_nothing(tmp_path: Path) -> None:
    slow = Receiver(delay=3.0)
    with live_server(slow.app) as address:
        url = address.replace("http://", "json://")
        async with program(tmp_path, age=160 * DAY, settings=settings(url)) as running:
            await eventually(lambda: slow.attempts == 1)
            async with asyncio.timeout(1.0):
                assert (await running.client.get("/now-playing")).json()["status"] == "playing"


async def test_an_address_with_a_typo_is_reported_in_the_log_without_its_secret(
    tmp_path: Path, receiver: Receiver, inbox: str, caplog: pytest.LogCaptureFixture
) -> None:
    urls = ("discrod://a-secret-hook/a-secret-token", inbox)
    async with program(tmp_path, age=160 * DAY, settings=settings(*urls)):
        await eventually(lambda: bool(receiver.received))
    assert "cannot read URL 1. discrod" in caplog.text
    assert "a-secret" not in caplog.text


async def test_without_addresses_the_log_has_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with program(tmp_path, age=160 * DAY) as running:
        await running.clock.advance(3600)
    assert caplog.text.count("Spotify access ends in 23 days") == 1


async def test_a_program_that_was_never_set_up_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with program(tmp_path, authorized=False) as running:
        await running.clock.advance(600)
    assert caplog.text.count("On your own computer run python -m bootstrap.") == 1


async def test_a_clock_that_jumps_back_and_forth_says_nothing_twice(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    async with program(tmp_path, age=160 * DAY, settings=settings(inbox)) as running:
        await eventually(lambda: bool(receiver.received))
        for jump in (-400 * DAY, 800 * DAY, -400 * DAY):
            running.clock.jump(jump)
            await running.clock.advance(61)
        await asyncio.sleep(0.2)
        await running.clock.advance(61)
    about_this_end = [title for title in receiver.titles if title == "Spotify access ends in 23 days"]
    assert len(about_this_end) == 1


async def test_a_database_that_goes_away_only_delays_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with program(tmp_path, settings=replace(settings(), notify_urls=())) as running:
        await running.store.close()
        await running.clock.advance(61)
        assert "cannot check for alerts" not in caplog.text
        await running.store.open()
        await running.clock.advance(61)
        assert (await running.client.get("/readyz")).status_code == 200


async def test_an_alert_that_arrived_while_the_database_failed_is_not_sent_again(tmp_path: Path) -> None:
    spent = HealthStatus(AuthorizationStatus("ok", seed_is_spent=True), None, None, 0)

    async def health() -> HealthStatus:
        return spent

    path, clock, titles = tmp_path / "now-playing.db", FakeClock(), []
    store = SqliteStore(path, StoreTimeouts(lock=0.05))
    await store.open()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:

        def deliver(title: str, body: str) -> bool:
            titles.append(title)
            if len(titles) == 1:
                other.execute("BEGIN EXCLUSIVE")
            return True

        channel = Channel("1. test", "a-fingerprint", deliver)
        messenger = Notifier(store, clock, health, ["test://"], SeedToken("a-seed"), "Renew it.")
        with pytest.raises(StoreError):
            await messenger.send_due_alerts([channel])
        other.execute("ROLLBACK")
        for _ in range(10):
            await clock.advance(60.0)
            await messenger.send_due_alerts([channel])
        assert titles == ["Spotify: Connected until the next restart"]
        assert len(await store.messages_sent("a-fingerprint")) == 1
    await store.close()


async def test_a_seed_that_is_spent_on_a_disk_that_does_not_last_is_reported_once(
    tmp_path: Path, receiver: Receiver, inbox: str
) -> None:
    spent = HealthStatus(AuthorizationStatus("ok", seed_is_spent=True), None, None, 0)

    async def health() -> HealthStatus:
        return spent

    store, clock = SqliteStore(tmp_path / "now-playing.db"), FakeClock()
    await store.open()
    channels, _ = parse_channels([inbox])
    for _ in range(2):
        messenger = Notifier(store, clock, health, [inbox], SeedToken("a-seed"), "Renew it.")
        await messenger.send_due_alerts(channels)
        await messenger.send_due_alerts(channels)
    await store.close()
    assert receiver.titles == ["Spotify: Connected until the next restart"]
