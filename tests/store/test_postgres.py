"""Postgres alone: lost connections, sessions that end, schemas."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from tests.support.postgres import Postgres, postgres
from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Authorization, Credentials
from widget.store.postgres import PostgresStore
from widget.store.schema import VERSION


@pytest.fixture
def url(postgres_server: Postgres) -> str:
    return postgres_server.database()


@pytest.fixture
async def store(url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(url)
    await store.open()
    yield store
    await store.close()


def end_every_session(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


async def test_a_lost_connection_is_made_again_without_a_word(store: PostgresStore, url: str) -> None:
    await store.save_authorization(Authorization("AQ-one"), Credentials("an-id"), None)
    end_every_session(url)
    assert await store.authorization() == Authorization("AQ-one")


async def test_a_leader_whose_session_ended_stands_again_or_gives_way(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    await other.open()
    assert await store.try_lead()
    end_every_session(url)
    assert await other.try_lead()
    assert not await store.try_lead()
    await other.close()
    assert await store.try_lead()


async def test_a_listener_whose_session_ended_is_notified_again(store: PostgresStore, url: str) -> None:
    await store.wait_for_state(0.05)
    end_every_session(url)
    with pytest.raises(StoreError):
        await store.wait_for_state(1.0)
    waiting = asyncio.create_task(store.wait_for_state(5.0))
    await asyncio.sleep(0.1)
    await store.publish_state("news")
    async with asyncio.timeout(1.0):
        await waiting


async def test_waiting_for_news_that_is_given_up_does_no_harm(store: PostgresStore) -> None:
    waiting = asyncio.create_task(store.wait_for_state(5.0))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.wait_for_state(0.05)


def listeners(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN now_playing'"
        ).fetchall()
    return [int(row[0]) for row in rows]


async def test_waits_that_are_given_up_share_one_connection_and_lose_no_news(store: PostgresStore, url: str) -> None:
    await store.wait_for_state(0.05)
    before = listeners(url)
    for _ in range(3):
        waiting = asyncio.create_task(store.wait_for_state(5.0))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert (listeners(url), len(before)) == (before, 1)
    waiting = asyncio.create_task(store.wait_for_state(10.0))
    await store.publish_state("news")
    async with asyncio.timeout(5.0):
        await waiting


async def test_a_refresh_whose_session_ended_frees_the_next(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url)
    await other.open()
    async with store.refresh_lock():
        end_every_session(url)
        async with asyncio.timeout(5), other.refresh_lock():
            pass
        with pytest.raises(StoreError):
            await store.reserve_space()
    await other.close()


async def test_a_newer_version_s_database_is_refused(url: str) -> None:
    store = PostgresStore(url)
    await store.open()
    await store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE now_playing.schema_version SET version = %s", [VERSION + 1])
    for migrate in (True, False):
        with pytest.raises(ConfigurationError, match="newer version"):
            await PostgresStore(url).open(migrate=migrate)


async def test_looking_at_an_empty_database_shows_nothing_and_creates_nothing(url: str) -> None:
    store = PostgresStore(url)
    await store.open(migrate=False)
    for _ in range(2):
        assert (await store.authorization(), await store.credentials(), await store.get_value("a")) == (
            None,
            None,
            None,
        )
        end_every_session(url)
    await store.close()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regnamespace('now_playing')").fetchone() == (None,)


async def test_looking_at_a_database_of_an_earlier_version_leaves_its_version(url: str) -> None:
    written = PostgresStore(url)
    await written.open()
    await written.save_authorization(Authorization("AQ-one"), None, None)
    await written.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE now_playing.schema_version SET version = 1")
        store = PostgresStore(url)
        await store.open(migrate=False)
        assert await store.authorization() == Authorization("AQ-one")
        await store.close()
        assert connection.execute("SELECT version FROM now_playing.schema_version").fetchone() == (1,)


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


async def test_a_server_that_goes_away_is_an_error_for_now_and_comes_back(own_server: Postgres) -> None:
    store = PostgresStore(own_server.database())
    await store.open()
    await store.set_value("a", "b")
    assert await store.try_lead()
    await asyncio.to_thread(own_server.stop)
    for attempt in (store.get_value("a"), store.try_lead(), store.wait_for_state(0.1)):
        with pytest.raises(StoreError, match="Postgres"):
            await attempt
    await asyncio.to_thread(own_server.start)
    assert await store.get_value("a") == "b"
    assert await store.try_lead()
    await store.close()
