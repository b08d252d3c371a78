"""An authorization that the database does not accept waits in a file for the next start."""

import asyncio
import json
import os
import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from widget.model.errors import StoreError
from widget.model.tokens import AccessToken, Account, Authorization
from widget.store.base import StoreTimeouts
from widget.store.sqlite import SqliteStore

NOW = 1_795_000_000.0
OLD = Authorization("AQ-old", ("user-read-currently-playing",), Account("ada", "Ada"), NOW)
NEW = Authorization(
    "AQ-new", ("user-read-currently-playing",), Account("ada", "Ada"), NOW, AccessToken("BQ-new", NOW + 3600), NOW
)


async def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path, StoreTimeouts(lock=0.05, refresh=0.5))
    await store.open()
    return store


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database that was locked when the new token came, and whose program has ended."""
    path = tmp_path / "a.db"
    store = await opened(path)
    await store.save_authorization(OLD, None, None)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        async with store.refresh_lock():
            with pytest.raises(StoreError):
                await store.save_refresh("AQ-old", NEW)
            assert await store.save_for_next_start("AQ-old", NEW)
        other.execute("ROLLBACK")
    await store.close()
    return path


def waiting(path: Path) -> Path:
    return path.with_name("a.db.unsaved")


async def test_only_its_owner_can_read_it(path: Path) -> None:
    assert stat.S_IMODE(waiting(path).stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir() if "unsaved" in file.name] == ["a.db.unsaved"]


async def test_the_next_start_takes_it_over_and_deletes_it(path: Path) -> None:
    store = await opened(path)
    assert await store.authorization() == NEW
    assert not waiting(path).exists()
    await store.close()


async def test_a_program_that_runs_already_takes_it_over_before_its_next_refresh(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    ended, running = await opened(path), await opened(path)
    await running.save_authorization(OLD, None, None)
    await ended.save_for_next_start("AQ-old", NEW)
    await ended.close()
    async with running.refresh_lock():
        assert await running.authorization() == NEW
    await running.close()


async def test_a_start_while_another_refreshes_leaves_it_to_that_one(path: Path) -> None:
    async with asyncio.timeout(5):
        first = await opened(path)
        await first.save_for_next_start("AQ-new", OLD)
        async with first.refresh_lock():
            await first.save_for_next_start("AQ-new", OLD)
            second = await opened(path)
            assert waiting(path).exists()
    for store in (second, first):
        await store.close()


async def test_an_authorization_that_replaced_the_old_one_meanwhile_stays(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE token SET refresh_token = 'AQ-other'")
        connection.commit()
    store = await opened(path)
    stored = await store.authorization()
    assert stored is not None
    assert stored.refresh_token == "AQ-other"
    assert not waiting(path).exists()
    await store.close()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"used_refresh_token": 1}', '{"used_refresh_token": "AQ-old"}']
)
async def test_a_file_that_cannot_be_read_changes_nothing(path: Path, text: str) -> None:
    waiting(path).write_text(text, encoding="utf-8")
    store = await opened(path)
    assert await store.authorization() == OLD
    assert not waiting(path).exists()
    await store.close()


@contextmanager
def one_more_file() -> Iterator[None]:
    """Let this process open one more file, and no second one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free + 1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_file_that_cannot_be_opened_now_stays_and_nobody_refreshes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    ended, running = await opened(path), await opened(path)
    await running.save_authorization(OLD, None, None)
    await ended.save_for_next_start("AQ-old", NEW)
    await ended.close()
    with one_more_file(), pytest.raises(StoreError, match=r"a\.db\.unsaved cannot be read \(Too many open files\)"):
        async with running.refresh_lock():
            pass
    async with running.refresh_lock():
        assert await running.authorization() == NEW
    await running.close()


async def test_a_lost_database_begins_with_it(path: Path) -> None:
    for file in path.parent.glob("a.db*"):
        if file != waiting(path):
            file.unlink()
    store = await opened(path)
    assert await store.authorization() == NEW
    await store.close()


async def test_forgetting_deletes_it_too(path: Path) -> None:
    store = await opened(path)
    await store.save_for_next_start("AQ-new", OLD)
    await store.forget()
    assert not waiting(path).exists()
    assert await store.authorization() is None
    await store.close()


async def test_looking_at_the_status_leaves_it_alone(path: Path) -> None:
    store = SqliteStore(path)
    await store.open(migrate=False)
    assert await store.authorization() == OLD
    assert waiting(path).exists()
    await store.close()


async def test_a_directory_that_is_gone_is_said(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "gone" / "a.db")
    assert not await store.save_for_next_start("AQ-old", NEW)


async def test_it_holds_what_is_stored_and_no_more(path: Path) -> None:
    value = json.loads(waiting(path).read_text(encoding="utf-8"))
    assert value.pop("used_refresh_token") == "AQ-old"
    with closing(sqlite3.connect(path)) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(token)")}
    assert set(value) == columns - {"id"}
