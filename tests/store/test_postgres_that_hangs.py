"""Postgres that is stopped: silent backends, and a pooler that gives our connection away."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.live_server import free_port
from tests.support.postgres import Postgres
from tests.support.programs import require
from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Authorization
from widget.store.base import StoreTimeouts
from widget.store.postgres import PostgresStore
from widget.store.queries import Statement, Transaction

QUICK = StoreTimeouts(statement=0.6, refresh=0.8, close=0.3)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(url, QUICK)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def backends(url: str) -> list[int]:
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return [int(row[0]) for row in rows]


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_backends_that_are_stopped_cost_a_moment_and_the_next_use_has_others(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    async with opened(url) as store:
        await store.save_authorization(Authorization("AQ-one"), None, None)
        assert await store.try_lead()
        await store.wait_for_state(0.05)
        with stopped(backends(url)):
            begun = time.monotonic()
            results = await asyncio.gather(
                *(store.get_value("a") for _ in range(10)), store.try_lead(), return_exceptions=True
            )
            assert time.monotonic() - begun < 3.0
            assert all(result is None or isinstance(result, StoreError) for result in results[:-1])
            assert results[-1] is False  # The lead is a stopped session's, until the server ends that.
            assert await store.authorization() == Authorization("AQ-one")  # By a new connection.


class CuriousStore(PostgresStore):
    """A store that says how long its connection lets a statement run."""

    async def statement_timeout(self) -> str:
        def steps() -> Transaction[str]:
            return str((yield Statement("SHOW statement_timeout", {}))[0]["statement_timeout"])

        return await self._transact(steps())


async def test_a_new_connection_after_a_hanging_one_has_all_the_time_for_each_statement(
    postgres_server: Postgres,
) -> None:
    url = postgres_server.database()
    store = CuriousStore(url, StoreTimeouts(statement=4.0))
    await store.open()
    assert await store.statement_timeout() == "4s"
    with stopped(backends(url)):
        assert await store.statement_timeout() == "4s"
    await store.close()


async def test_closing_and_giving_up_wait_for_no_backend_that_is_stopped(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    async with opened(url) as store:
        assert await store.try_lead()
        await store.get_value("a")
        with stopped(backends(url)):
            asking = asyncio.create_task(store.try_lead())
            await asyncio.sleep(0.1)
            begun = time.monotonic()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await store.close()
            assert time.monotonic() - begun < 1.5


async def test_a_writer_that_was_stopped_holds_up_another_for_a_moment_only(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    async with opened(url) as store:
        with psycopg.connect(url) as other:
            other.execute("SELECT pg_advisory_xact_lock(%s, 1)", [0x6E6F7770])
            begun = time.monotonic()
            with pytest.raises(StoreError):
                await store.set_value("a", "b")
            assert time.monotonic() - begun < 2.0
            assert await store.get_value("a") is None
            other.rollback()
        await store.set_value("a", "b")


async def test_many_who_wait_for_the_refresh_take_no_connection_each(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    async with opened(url) as store:
        await store.get_value("a")
        async with store.refresh_lock():

            async def wait() -> None:
                async with store.refresh_lock():
                    pass

            waiting = [asyncio.create_task(wait()) for _ in range(50)]
            await asyncio.sleep(0.2)
            assert len(backends(url)) <= 4
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_schema_that_somebody_dropped_is_made_anew(postgres_server: Postgres) -> None:
    url = postgres_server.database()
    async with opened(url) as store:
        await store.set_value("a", "b")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA now_playing CASCADE")
        with pytest.raises(StoreError):
            await store.get_value("a")
        assert await store.get_value("a") is None
        await store.set_value("a", "c")


@contextmanager
def pooler(url: str, folder: Path, mode: str) -> Iterator[str]:
    """PgBouncer before the database at ``url``."""
    program = require("pgbouncer")
    parts, port = urlsplit(url), free_port()
    name = parts.path.lstrip("/")
    users, settings = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text('"postgres" ""\n', encoding="utf-8")
    settings.write_text(
        f"[databases]\n{name} = host={parts.hostname} port={parts.port} dbname={name}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {users}\npool_mode = {mode}\n",
        encoding="utf-8",
    )
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        for place in (folder, *folder.parents):
            if not place.stat().st_mode & 0o001:
                place.chmod(0o755)
    process = subprocess.Popen([*become, program, "-q", str(settings)], stderr=subprocess.DEVNULL)
    try:
        address = f"postgresql://postgres@127.0.0.1:{port}/{name}"
        for _ in range(100):
            try:
                psycopg.connect(address, connect_timeout=2).close()
            except psycopg.Error:
                time.sleep(0.1)
            else:
                break
        yield address
    finally:
        process.terminate()
        process.wait(10)


async def test_a_pooler_in_transaction_mode_is_refused_by_name(postgres_server: Postgres, tmp_path: Path) -> None:
    with pooler(postgres_server.database(), tmp_path, "transaction") as url:
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="transaction mode"):
                await PostgresStore(url).open()


async def test_a_pooler_in_session_mode_does_its_work(postgres_server: Postgres, tmp_path: Path) -> None:
    with pooler(postgres_server.database(), tmp_path, "session") as url:
        store = PostgresStore(url)
        await store.open()
        await store.set_value("a", "b")
        assert await store.get_value("a") == "b"
        assert await store.try_lead()
        await store.close()
