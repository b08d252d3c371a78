"""Locked files, full disks, locks of other users, unreadable rows: temporary errors, each in time."""

import asyncio
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from widget.model.errors import ConfigurationError, StoreError
from widget.model.tokens import Account, Authorization, Credentials
from widget.store.base import StoreTimeouts
from widget.store.outage_log import OutageLog
from widget.store.rows import RateLimitBlock
from widget.store.sqlite import SqliteStore

NOW = 1_795_000_000.0
ROOT = Path(__file__).parents[2]


async def opened(path: Path, limits: StoreTimeouts | None = None) -> SqliteStore:
    store = SqliteStore(path, limits or StoreTimeouts())
    await store.open()
    return store


async def test_the_event_loop_goes_on_while_the_file_is_locked_and_all_waits_end_in_time(
    tmp_path: Path,
) -> None:
    store = await opened(tmp_path / "a.db", StoreTimeouts(lock=0.5))
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        begun, turns = time.monotonic(), 0
        waiting = [asyncio.create_task(store.set_value("a", str(number))) for number in range(20)]
        while not all(task.done() for task in waiting):
            turns += 1
            await asyncio.sleep(0.01)
        assert time.monotonic() - begun < 3 * 0.5 + 1.0  # Not twenty times.
        assert turns > 20
        assert all(isinstance(task.exception(), StoreError) for task in waiting)
        other.execute("ROLLBACK")
    await store.set_value("a", "at last")
    await store.close()


async def test_while_a_refresh_cannot_be_saved_no_room_is_proved(tmp_path: Path) -> None:
    store = await opened(tmp_path / "a.db", StoreTimeouts(lock=0.1))
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM token").fetchall()  # Who reads keeps the log from being brought into the file.
        async with store.refresh_lock():
            with pytest.raises(StoreError):
                await store.reserve_space()
        other.execute("ROLLBACK")
    async with store.refresh_lock():
        await store.reserve_space()
    await store.close()


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from widget.model.errors import StoreError
from widget.store.sqlite import SqliteStore
from widget.model.tokens import Authorization

async def main():
    path = Path(sys.argv[1])
    store = SqliteStore(path)
    await store.open()
    await store.save_authorization(Authorization("AQ-one"), None, None)
    files = [path, path.with_name(path.name + "-wal")]
    limit = max(file.stat().st_size for file in files) + int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    async with store.refresh_lock():
        try:
            await store.reserve_space()
            print("proved", await store.save_refresh("AQ-one", Authorization("AQ-" + "x" * 1000)))
        except StoreError as error:
            print("refused", path.name in str(error))
    print((await store.authorization()).refresh_token == "AQ-one")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    async with store.refresh_lock():
        await store.reserve_space()
        print(await store.save_refresh((await store.authorization()).refresh_token, Authorization("AQ-two")))
    await store.close()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
@pytest.mark.parametrize(
    ("bytes_left", "said"), [(8_192, ["refused True", "True"]), (65_536, ["proved True", "False"])]
)
def test_where_a_file_cannot_grow_room_is_refused_and_what_is_stored_stays(
    tmp_path: Path, bytes_left: int, said: list[str]
) -> None:
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "a.db"), str(bytes_left)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == [*said, "True"], done.stderr


async def test_after_proven_room_the_token_s_own_write_makes_no_file_larger(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    store = await opened(path)
    await store.save_authorization(Authorization("AQ-one"), None, None)

    def sizes() -> list[int]:
        return [file.stat().st_size for file in (path, path.with_name("a.db-wal"))]

    async with store.refresh_lock():
        await store.reserve_space()
        before = sizes()
        assert await store.save_refresh("AQ-one", Authorization("AQ-" + "x" * 4000))
        assert sizes() == before
    await store.close()


async def test_a_lock_file_that_cannot_be_opened_is_an_error_that_names_it_in_the_log_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await opened(tmp_path / "a.db")
    for name in ("refresh", "leader"):
        (tmp_path / f"a.db.{name}.lock").mkdir()  # As good as another user's, for root too.
    with caplog.at_level(logging.WARNING):
        with pytest.raises(StoreError, match=r"a\.db\.leader\.lock"):
            await store.try_lead()
        with pytest.raises(StoreError, match=r"a\.db\.refresh\.lock"):
            async with store.refresh_lock():
                pass
    assert len(caplog.records) == 1  # A line a minute.
    assert "a.db.leader.lock" in caplog.text
    (tmp_path / "a.db.leader.lock").rmdir()
    assert await store.try_lead()
    await store.close()


async def test_a_path_that_can_never_be_is_reported_at_once_and_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    for path in (tmp_path / "nowhere" / "a.db", tmp_path / "folder.db"):
        with pytest.raises(ConfigurationError, match=r"cannot be written .*; choose another with DATABASE_URL"):
            await SqliteStore(path).open()
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        store = SqliteStore(path, StoreTimeouts(lock=0.1))
        with pytest.raises(StoreError, match="locked"):
            await store.open()
        other.execute("ROLLBACK")
    assert await store.authorization() is None
    await store.close()


async def test_closing_waits_for_nobody_who_hangs(tmp_path: Path) -> None:
    store = await opened(tmp_path / "a.db", StoreTimeouts(lock=5.0, close=0.2))
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        asking = asyncio.create_task(store.set_value("a", "b"))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        await store.close()
        assert time.monotonic() - begun < 1.5
        other.execute("ROLLBACK")
        await asking
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "store")


UNREADABLE = (
    "UPDATE token SET authorized_at = 'a while ago', last_refreshed_at = 1e300, access_expires_at = 'later'",
    "UPDATE token SET scopes = 17, account_id = x'00ff', account_name = 3.5",
    "UPDATE token SET access_token = x'ff', needs_authorization = 'perhaps'",
)


@pytest.mark.parametrize("statement", UNREADABLE)
async def test_what_cannot_be_read_of_a_token_is_unknown_and_the_token_goes_on(tmp_path: Path, statement: str) -> None:
    store = await opened(tmp_path / "a.db")
    await store.save_authorization(Authorization("AQ-one"), None, None)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute(statement)
    token = await store.authorization()
    assert token is not None
    assert (token.refresh_token, token.authorized_at, token.access) == ("AQ-one", None, None)
    await store.close()


async def test_rows_of_any_kind_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    store = await opened(tmp_path / "a.db")
    await store.save_authorization(
        Authorization("AQ-one", account=Account("me")), Credentials("an-id"), "a-fingerprint"
    )
    await store.claim_message("a-channel", "a-key", NOW)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("UPDATE token SET refresh_token = x'ff00'")
        other.execute("UPDATE credentials SET client_id = x'05'")
        other.execute("UPDATE notes SET text = x'ff'")
        other.execute("INSERT INTO notes VALUES ('ban', CAST(x'ff7b' AS TEXT))")
        other.execute(
            "INSERT INTO calls VALUES (?, 'many'), (?, -1000), (?, 1e18)", [int(NOW // 60) - n for n in range(3)]
        )
        other.execute("UPDATE messages SET claimed_at = 'soon', sent = 'no'")
    assert (await store.authorization(), await store.credentials(), await store.seed_fingerprint()) == (
        None,
        None,
        None,
    )
    assert await store.rate_limit_block() is None
    assert [await store.count_call(NOW, 2) for _ in range(3)] == [True, True, False]
    assert await store.calls_since(NOW - 3600) == [(NOW // 60 * 60, 2)]
    assert await store.claim_message("a-channel", "a-key", NOW)
    await store.set_rate_limit_block(RateLimitBlock(NOW, "rate_limited", "wait"))
    assert await store.rate_limit_block() is not None
    await store.close()


async def test_calls_of_a_clock_that_is_hours_ahead_are_not_counted(tmp_path: Path) -> None:
    store = await opened(tmp_path / "a.db")
    assert await store.count_call(NOW + 3600, 1)
    assert await store.count_call(NOW, 1)
    await store.close()


def test_the_log_has_one_line_a_minute_and_one_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    complaints = OutageLog("it works again", lambda: now)
    with caplog.at_level(logging.INFO):
        for now in (0.0, 1.0, 59.0, 60.5, 61.0):
            complaints.record_failure(StoreError(f"it fails at {now}"))
        complaints.record_success()
        complaints.record_success()
        complaints.record_failure(StoreError("it fails once more"))
        complaints.record_success()
    assert [record.message for record in caplog.records] == ["it fails at 0.0", "it fails at 60.5", "it works again"]
