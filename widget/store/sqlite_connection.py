"""An SQLite file, as one thread uses it: its modes, its schema, its transactions, and whether it is still the one at
its place."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from widget.model.errors import ConfigurationError, StoreError
from widget.store.file_lock import OWNER_ONLY, describe_error, file_identity
from widget.store.queries import Result, Statement, Transaction
from widget.store.schema import MIGRATIONS, NEWER_SCHEMA_ERROR, VERSION

MIN_BUSY_TIMEOUT_SECONDS = 0.05
OPEN_TIMEOUT_SECONDS = 2.0

_PASSING_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}
_PASSING_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_OPENED_ANEW_AFTER = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY}


class SqliteConnection:
    """The database at ``path``, open from its first use on; opened anew where the file was replaced meanwhile.

    All methods raise StoreError, naming the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._log_identity: tuple[int, int] | None = None

    def open(self) -> None:
        """Opens it and writes to it. Raises :class:`ConfigurationError` where that can never be."""
        try:
            self._migrate(self._opened(OPEN_TIMEOUT_SECONDS), force=True)
        except (OSError, sqlite3.Error) as error:
            self.close()
            told = f"the database {self._path} cannot be written ({describe_error(error)})"
            if _passes(error):
                raise StoreError(told) from error
            raise ConfigurationError(f"{told}; choose another by DATABASE_URL or --database") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Gives it back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def transact(self, steps: Transaction[Result], write: bool, durable: bool, seconds: float) -> Result:
        """What ``steps`` return, having waited ``seconds`` at most for another's lock."""
        try:
            connection = self._opened(seconds)
            self._limit(connection, seconds)
            return _transacted(connection, steps, write, durable)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def checkpoint(self, mode: str, seconds: float) -> None:
        """Brings the write-ahead log into the file; StoreError where not all of it can be
        (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint)."""
        try:
            connection = self._opened(seconds)
            self._limit(connection, seconds)
            busy, logged, brought = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error
        if busy or logged != brought:
            raise StoreError(f"the database {self._path} cannot be used now (another program reads from it)")

    def vacuum(self, seconds: float) -> None:
        """Takes what was deleted out of the file and its log."""
        try:
            connection = self._opened(seconds)
            self._limit(connection, seconds)
            _vacuum(connection)
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error
        self.checkpoint("TRUNCATE", seconds)

    def data_version(self) -> object:
        """Something that changes when another connection commits
        (https://www.sqlite.org/pragma.html#pragma_data_version), or when the file is another."""
        try:
            version = self._opened(MIN_BUSY_TIMEOUT_SECONDS).execute("PRAGMA data_version").fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error
        return version, self._identity

    def _opened(self, seconds: float) -> sqlite3.Connection:
        if self._connection is not None and file_identity(self._path) == self._identity:
            return self._connection
        self._forsake()
        self._make_file()
        self._connection = connection = self._connect(seconds)
        try:
            self._migrate(connection, force=False)
        except BaseException:
            self.close()
            raise
        self._identity = file_identity(self._path)
        self._log_identity = file_identity(self._beside("-wal"))
        return connection

    def _forsake(self) -> None:
        """Closes a file that was deleted or replaced. Its log must not be taken for the new one's."""
        if self._connection is None:
            return
        self.close()
        if self._log_identity is not None and file_identity(self._beside("-wal")) == self._log_identity:
            for suffix in ("-wal", "-shm"):
                self._beside(suffix).unlink(missing_ok=True)

    def _make_file(self) -> None:
        # Only where there is none: closing a descriptor of a database that is open in this process would drop its locks
        # (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        if os.name == "posix":
            for suffix in ("", "-wal", "-shm"):
                self._close_to_others(self._beside(suffix))

    def _close_to_others(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            if stat.S_IMODE(path.stat().st_mode) != OWNER_ONLY:
                path.chmod(OWNER_ONLY)

    def _connect(self, seconds: float) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        self._limit(connection, seconds)
        connection.row_factory = sqlite3.Row
        connection.text_factory = _text
        try:
            _enter_write_ahead_mode(connection, seconds)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection, *, force: bool) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise ConfigurationError(NEWER_SCHEMA_ERROR.format(location=self._path))
        if version == VERSION and not force:
            return
        _transacted(connection, _migration(), write=True, durable=True)

    def _limit(self, connection: sqlite3.Connection, seconds: float) -> None:
        connection.execute(f"PRAGMA busy_timeout = {int(max(seconds, MIN_BUSY_TIMEOUT_SECONDS) * 1000)}")

    def _failed(self, error: Exception) -> StoreError:
        if isinstance(error, sqlite3.Error) and _code(error) in _OPENED_ANEW_AFTER:
            self.close()
        return StoreError(f"the database {self._path} cannot be used now ({describe_error(error)})")

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _enter_write_ahead_mode(connection: sqlite3.Connection, seconds: float) -> None:
    """Tries for ``seconds``: SQLite does not wait by itself where several processes open a new file at once."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(MIN_BUSY_TIMEOUT_SECONDS)
        else:
            return


def _transacted(connection: sqlite3.Connection, steps: Transaction[Result], write: bool, durable: bool) -> Result:
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    # A deferred transaction that reads before it writes fails at once under another writer.
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        result = _driven(connection, steps)
        connection.commit()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    return result


def _vacuum(connection: sqlite3.Connection) -> None:
    # Only here: it takes 10 MB and a third of the time that a start takes.
    from sqlite_utils import Database

    Database(connection, execute_plugins=False).vacuum()


def _driven(connection: sqlite3.Connection, steps: Transaction[Result]) -> Result:
    try:
        statement = next(steps)
        while True:
            rows = connection.execute(statement.sql, dict(statement.values)).fetchall()
            statement = steps.send(rows)
    except StopIteration as end:
        result: Result = end.value
        return result


def _migration() -> Transaction[None]:
    (row,) = yield Statement("PRAGMA user_version", {})
    for step in MIGRATIONS[row["user_version"] :]:
        for statement in step:
            yield Statement(statement, {})
    # Written even where it does not change: the file must take writes before Spotify is asked.
    yield Statement(f"PRAGMA user_version = {VERSION}", {})
    yield Statement("UPDATE notes SET text = text WHERE name = 'ban'", {})


def _passes(error: Exception) -> bool:
    """Whether it may be otherwise later, without anybody's doing anything about the settings."""
    if isinstance(error, OSError):
        return error.errno in _PASSING_ERRNOS
    return _code(error) in _PASSING_CODES


def _code(error: Exception) -> int:
    """SQLite's primary result code (https://www.sqlite.org/rescode.html); 0 where there is none."""
    code: Any = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")
