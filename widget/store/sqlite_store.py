"""The store in an SQLite file, readable by its owner alone, shared safely by processes of one machine."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from widget.errors import ConfigurationError, StoreError
from widget.store.schema import MIGRATIONS, NEWER, VERSION
from widget.store.sql_store import Row, Run, SqlStore

if TYPE_CHECKING:
    from filelock import FileLock
    from sqlite_utils import Database

BUSY_SECONDS = 5.0
LOCK_POLL_SECONDS = 0.02
NEWS_POLL_SECONDS = 0.2
OWNER_ONLY = 0o600


class SqliteStore(SqlStore):
    """Implements :class:`widget.store.protocol.Store`.

    Statements run on the event loop's thread: each takes well under a millisecond, and a token's commit one fsync.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: Database | None = None
        self._leadership: FileLock | None = None

    @property
    def location(self) -> str:
        return str(self._path)

    async def open(self) -> None:
        if self._database is not None:
            return
        try:
            self._make_file()
            self._database = self._connect()
            self._migrate()
        except (OSError, sqlite3.Error) as error:
            await self.close()
            raise ConfigurationError(f"the database {self._path} cannot be written ({_reason(error)})") from error
        except ConfigurationError:
            await self.close()
            raise

    async def close(self) -> None:
        await self.resign()
        if self._database is not None:
            self._database.close()
            self._database = None

    async def forget(self) -> None:
        await super().forget()
        # Deleted rows would stay readable in the file and its log.
        with self._errors():
            self._opened().vacuum()
            self._opened().conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        lock = self._lock("refresh")
        while not _acquired(lock):  # noqa: ASYNC110
            await asyncio.sleep(LOCK_POLL_SECONDS)
        try:
            yield
        finally:
            lock.release()

    async def lead(self) -> bool:
        if self._leadership is not None:
            return True
        lock = self._lock("leader")
        if not _acquired(lock):
            return False
        self._leadership = lock
        return True

    async def resign(self) -> None:
        if self._leadership is not None:
            self._leadership.release()
            self._leadership = None

    async def news(self, seconds: float) -> None:
        # data_version changes when another connection commits: https://www.sqlite.org/pragma.html#pragma_data_version
        seen = self._data_version()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._data_version() == seen:  # noqa: ASYNC110
                    await asyncio.sleep(NEWS_POLL_SECONDS)

    @asynccontextmanager
    async def _transaction(self, *, write: bool = False, durable: bool = False) -> AsyncIterator[Run]:
        with self._errors(), _transaction(self._opened(), write, durable) as connection:

            async def run(sql: str, **values: Any) -> Sequence[Row]:
                return connection.execute(sql, values).fetchall()

            yield run

    def _make_file(self) -> None:
        # Only where there is none: closing a descriptor of a database that is open in this process would drop its locks
        # (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        if os.name == "posix" and stat.S_IMODE(self._path.stat().st_mode) != OWNER_ONLY:
            self._path.chmod(OWNER_ONLY)

    def _connect(self) -> Database:
        from sqlite_utils import Database

        connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error:
            connection.close()
            raise
        return Database(connection, execute_plugins=False)

    def _migrate(self) -> None:
        with _transaction(self._opened(), write=True, durable=True) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise ConfigurationError(NEWER.format(location=self._path))
            for step in MIGRATIONS[version:]:
                for statement in step:
                    connection.execute(statement)
            # Written even where it does not change: the file must take writes before Spotify is asked.
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("UPDATE notes SET text = text WHERE name = 'ban'")

    def _data_version(self) -> int:
        with self._errors():
            return int(self._opened().conn.execute("PRAGMA data_version").fetchone()[0])

    def _lock(self, name: str) -> FileLock:
        from filelock import FileLock

        return FileLock(f"{self._path}.{name}.lock", mode=OWNER_ONLY, thread_local=False)

    def _opened(self) -> Database:
        if self._database is None:
            raise StoreError(f"the database {self._path} is not open")
        return self._database

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"the database {self._path} cannot be used now ({_reason(error)})") from error


@contextmanager
def _transaction(database: Database, write: bool, durable: bool) -> Iterator[sqlite3.Connection]:
    connection: sqlite3.Connection = database.conn
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    # A deferred transaction that reads before it writes fails at once under another writer.
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield connection
    except BaseException:
        database.rollback()
        raise
    database.commit()


def _acquired(lock: FileLock) -> bool:
    from filelock import Timeout

    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
