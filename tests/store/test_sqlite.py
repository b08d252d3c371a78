"""SQLite alone: the mode of the file, its schema, its faults."""

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Authorization, Credentials
from widget.store.base import StoreTimeouts
from widget.store.schema import MIGRATIONS, VERSION
from widget.store.sqlite import SqliteStore


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_and_its_log_are_the_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    os.umask(0o022)
    store = SqliteStore(path)
    await store.open()
    await store.save_authorization(Authorization("AQ-one"), Credentials("an-id", "a-secret"), None)
    assert {mode(file) for file in tmp_path.iterdir() if ".lock" not in file.name} == {0o600}
    await store.close()


async def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch(0o644)
    store = SqliteStore(path)
    await store.open()
    assert mode(path) == 0o600
    await store.close()


async def test_a_newer_version_s_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(ConfigurationError, match="newer version"):
        await SqliteStore(path).open()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION + 1


async def test_a_file_of_the_first_version_is_migrated_with_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in MIGRATIONS[0].statements:
            connection.execute(statement)
        connection.execute("INSERT INTO token VALUES (1, 'AQ-old', '', NULL, NULL, NULL, NULL, NULL, NULL, 0)")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    store = SqliteStore(path)
    await store.open()
    assert await store.authorization() == Authorization("AQ-old")
    await store.close()


async def test_a_file_that_is_no_database_is_reported_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_text("this is no database, however long it may be" * 100, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"a\.db"):
        await SqliteStore(path).open()
    assert path.read_text(encoding="utf-8").startswith("this is no database")


async def test_forgetting_leaves_no_secret_in_the_files(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteStore(path)
    await store.open()
    await store.save_authorization(Authorization("AQ-needle"), Credentials("an-id", "needle-secret"), None)
    await store.forget()
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    await store.close()
    assert b"needle" not in everything


def read_by_another_process(path: Path) -> str:
    program = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT text FROM notes').fetchall())"
    return subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True).stdout


async def test_what_is_written_is_seen_by_others_however_often_the_file_was_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store, second = SqliteStore(path), SqliteStore(path)
    await store.open()
    await store.open()
    await second.open()
    await second.close()
    await store.set_value("first", "one")
    assert "one" in read_by_another_process(path)
    await store.set_value("second", "two")
    assert "two" in read_by_another_process(path)
    await store.close()


async def test_a_store_that_is_not_open_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not open"):
        await SqliteStore(tmp_path / "a.db").authorization()


async def test_a_locked_database_is_an_error_for_now_and_no_crash(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = SqliteStore(path, StoreTimeouts(lock=0.05))
    await store.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            await store.set_value("a", "b")
        other.execute("ROLLBACK")
    await store.set_value("a", "b")
    await store.close()
