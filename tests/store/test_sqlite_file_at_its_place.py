"""A database file is one under every name, and its replacement is noticed."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.test_sqlite import mode
from widget.model.errors import StoreError
from widget.model.tokens import Authorization
from widget.store.base import StoreTimeouts
from widget.store.schema import VERSION
from widget.store.sqlite import SqliteStore

QUICK = StoreTimeouts(refresh=0.2)


async def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path, QUICK)
    await store.open()
    return store


async def test_a_symbolic_link_and_its_target_are_one_database_with_one_lock(tmp_path: Path) -> None:
    target, link = tmp_path / "a.db", tmp_path / "links" / "b.db"
    link.parent.mkdir()
    link.symlink_to(target)
    first, second = await opened(target), await opened(link)
    async with first.refresh_lock():
        with pytest.raises(StoreError, match="refresh lock"):
            async with second.refresh_lock():
                pass
    assert [await first.try_lead(), await second.try_lead()] == [True, False]
    await first.set_value("a", "one")
    assert await second.get_value("a") == "one"
    await first.close()
    await second.close()


def delete_the_file(path: Path) -> None:
    path.unlink()


def delete_all_files(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def replace_by_an_empty_file(path: Path) -> None:
    (path.parent / "other").touch()
    (path.parent / "other").replace(path)


@pytest.mark.parametrize("change", [delete_the_file, delete_all_files, replace_by_an_empty_file])
async def test_a_file_that_is_taken_away_under_us_is_made_anew_and_shared_with_who_comes_later(
    tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.db"
    store = await opened(path)
    await store.save_authorization(Authorization("AQ-old"), None, None)
    assert await store.try_lead()
    change(path)
    later = await opened(path)
    assert await store.authorization() is None
    await later.save_authorization(Authorization("AQ-new"), None, None)
    assert await store.authorization() == Authorization("AQ-new")
    async with store.refresh_lock():
        await store.reserve_space()
        with pytest.raises(StoreError, match="refresh lock"):
            async with later.refresh_lock():
                pass
    assert [await store.try_lead(), await later.try_lead()].count(True) == 1
    assert mode(path) == 0o600
    await later.close()
    assert await store.authorization() == Authorization("AQ-new")
    await store.close()


async def test_a_file_that_another_one_replaces_shows_what_that_holds(tmp_path: Path) -> None:
    path, other = tmp_path / "a.db", tmp_path / "other.db"
    store, second = await opened(path), await opened(other)
    await second.save_authorization(Authorization("AQ-other"), None, None)
    await second.close()
    await store.save_authorization(Authorization("AQ-old"), None, None)
    shutil.move(other, path)
    assert await store.authorization() == Authorization("AQ-other")
    await store.set_value("a", "b")
    await store.close()
    again = await opened(path)
    assert (await again.authorization(), await again.get_value("a")) == (Authorization("AQ-other"), "b")
    await again.close()


async def test_a_newer_version_s_file_in_its_place_is_an_outage_until_ours_is_back(tmp_path: Path) -> None:
    path, newer, ours = tmp_path / "a.db", tmp_path / "newer.db", tmp_path / "ours.db"
    store, second = await opened(path), await opened(ours)
    await second.save_authorization(Authorization("AQ-ours"), None, None)
    await second.close()
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    shutil.move(newer, path)
    for _ in range(2):
        with pytest.raises(StoreError, match="newer version"):
            await store.authorization()
    shutil.move(ours, path)
    assert await store.authorization() == Authorization("AQ-ours")
    await store.close()


async def test_a_refresh_under_a_lock_that_was_deleted_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = await opened(path)
    async with store.refresh_lock():
        delete_all_files(path)
        with pytest.raises(StoreError, match="was lost"):
            await store.reserve_space()
    await store.close()


async def test_files_beside_the_database_are_closed_to_others_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    first = await opened(path)
    await first.set_value("a", "b")
    beside = [path.with_name("a.db-wal"), path.with_name("a.db-shm")]
    for file in beside:
        file.chmod(0o644)
    second = await opened(path)
    assert [mode(file) for file in beside] == [0o600, 0o600]
    await second.close()
    await first.close()
