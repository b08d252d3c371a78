"""One SQLite file in one thread: its modes, schema, transactions and replacement.

sqlite-utils opens the database, migrates it and cleans it up. Its import costs 20 ms and 3 MB in a process that starts
in 140 ms, so it waits until there is such work: a restart on a current file does without.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from widget.model.errors import ConfigurationError, StoreError
from widget.store.file_lock import OWNER_ONLY, describe_error, file_identity
from widget.store.queries import Result, Transaction
from widget.store.schema import MIGRATIONS, NEWER_SCHEMA_ERROR, VERSION

if TYPE_CHECKING:
    from sqlite_utils import Database

MIN_BUSY_TIMEOUT_SECONDS = 0.05
OPEN_TIMEOUT_SECONDS = 2.0
MIGRATION_SET = "now-playing"

_IN_MEMORY = Path(":memory:")

_TRANSIENT_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM}
_TRANSIENT_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}
_REOPEN_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_READONLY}

Value = TypeVar("Value")


class SqliteConnection:
    """The database at ``path``, opened at first use and again when the file was replaced.

    All methods raise StoreError, naming the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._migrates = True
        self._has_written = False
        self._identity: tuple[int, int] | None = None
        self._wal_identity: tuple[int, int] | None = None

    def open(self, *, migrate: bool = True) -> None:
        """Open the file and write to it. Raises :class:`ConfigurationError` if it never can.

        Without ``migrate`` it is only read; a file without our tables, or none, is read as an empty database.
        """
        self._migrates = migrate
        try:
            self._has_written = False
            connection = self._open_or_reuse(OPEN_TIMEOUT_SECONDS)
            if migrate and not self._has_written:
                # A current schema proves nothing: the file must take writes before any request to Spotify.
                _in_transaction(connection, lambda: _write_anything(connection), write=True, durable=True)
        except (OSError, sqlite3.Error) as error:
            self.close()
            message = f"the database {self._path} cannot be written ({describe_error(error)})"
            if _is_transient(error):
                raise StoreError(message) from error
            raise ConfigurationError(f"{message}; choose another with DATABASE_URL or --database") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def transact(self, steps: Transaction[Result], write: bool, durable: bool, seconds: float) -> Result:
        """Run ``steps`` and return their result; wait at most ``seconds`` for locks."""
        return self._use(seconds, lambda connection: _transact(connection, steps, write, durable))

    def checkpoint(self, mode: str, seconds: float) -> None:
        """Write the write-ahead log into the file (https://www.sqlite.org/wal.html#ckpt)."""
        query = f"PRAGMA wal_checkpoint({mode})"
        busy, logged, written = self._use(seconds, lambda connection: connection.execute(query).fetchone())
        if busy or logged != written:
            raise StoreError(f"the database {self._path} cannot be used now (another program reads from it)")

    def vacuum(self, seconds: float) -> None:
        """Remove deleted data from the file and its log."""
        self._use(seconds, lambda connection: _database(connection).vacuum())
        self.checkpoint("TRUNCATE", seconds)

    def data_version(self) -> object:
        """Return a value that changes when another connection commits or the file is replaced.

        See https://www.sqlite.org/pragma.html#pragma_data_version.
        """
        query = "PRAGMA data_version"
        version = self._use(MIN_BUSY_TIMEOUT_SECONDS, lambda connection: connection.execute(query).fetchone()[0])
        return version, self._identity

    def _use(self, seconds: float, use: Callable[[sqlite3.Connection], Value]) -> Value:
        try:
            connection = self._open_or_reuse(seconds)
            _set_busy_timeout(connection, seconds)
            return use(connection)
        except ConfigurationError as error:
            # A running server never ends over its database.
            raise StoreError(str(error)) from error
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and _primary_code(error) in _REOPEN_CODES:
                self.close()
            message = f"the database {self._path} cannot be used now ({describe_error(error)})"
            raise StoreError(message) from error

    def _open_or_reuse(self, seconds: float) -> sqlite3.Connection:
        if self._connection is not None and file_identity(self._path) == self._identity:
            return self._connection
        self._close_replaced()
        if not self._migrates:
            return self._open_for_reading(seconds)
        self._create_file()
        self._connection = connection = _connect(self._path, seconds)
        try:
            _enter_wal_mode(connection, seconds)
            self._migrate(connection)
        except BaseException:
            self.close()
            raise
        self._identity = file_identity(self._path)
        self._wal_identity = file_identity(self._beside("-wal"))
        return connection

    def _open_for_reading(self, seconds: float) -> sqlite3.Connection:
        identity = file_identity(self._path)
        self._connection = connection = _connect(_IN_MEMORY if identity is None else self._path, seconds)
        _check_version(connection, self._path)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'token'").fetchone() is None:
            connection.close()
            self._connection = connection = _connect(_IN_MEMORY, seconds)
            for migration in MIGRATIONS:
                for statement in migration.statements:
                    connection.execute(statement)
        self._identity = identity
        return connection

    def _close_replaced(self) -> None:
        """Close a file that was deleted or replaced. Its log must not be taken for the new file's."""
        if self._connection is None:
            return
        self.close()
        if self._wal_identity is not None and file_identity(self._beside("-wal")) == self._wal_identity:
            for suffix in ("-wal", "-shm"):
                self._beside(suffix).unlink(missing_ok=True)

    def _create_file(self) -> None:
        # Only if there is none: closing a descriptor of a database that is open in this process would drop its locks
        # (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))
        if os.name == "posix":
            for suffix in ("", "-wal", "-shm"):
                _restrict_to_owner(self._beside(suffix))

    def _migrate(self, connection: sqlite3.Connection) -> None:
        _check_version(connection, self._path)
        if not _is_current(connection):
            _in_transaction(connection, lambda: _apply_migrations(_database(connection)), write=True, durable=True)
            self._has_written = True

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)


def _connect(path: Path, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    _set_busy_timeout(connection, seconds)
    connection.row_factory = sqlite3.Row
    connection.text_factory = _decode
    return connection


def _set_busy_timeout(connection: sqlite3.Connection, seconds: float) -> None:
    connection.execute(f"PRAGMA busy_timeout = {int(max(seconds, MIN_BUSY_TIMEOUT_SECONDS) * 1000)}")


def _restrict_to_owner(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_IMODE(path.stat().st_mode) != OWNER_ONLY:
            path.chmod(OWNER_ONLY)


def _database(connection: sqlite3.Connection) -> Database:
    from sqlite_utils import Database

    return Database(connection, execute_plugins=False, recursive_triggers=False)


def _enter_wal_mode(connection: sqlite3.Connection, seconds: float) -> None:
    # SQLite itself does not wait when several processes open a new file at once.
    deadline = time.monotonic() + seconds
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                _database(connection).enable_wal()
        except sqlite3.Error as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(MIN_BUSY_TIMEOUT_SECONDS)
        else:
            return


def _check_version(connection: sqlite3.Connection, path: Path) -> None:
    if _user_version(connection) > VERSION:
        raise ConfigurationError(NEWER_SCHEMA_ERROR.format(location=path))


def _user_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _is_current(connection: sqlite3.Connection) -> bool:
    """Return whether every migration is recorded, without importing sqlite-utils."""
    if _user_version(connection) != VERSION:
        return False
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if connection.execute(table).fetchone() is None:
        return False
    query = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    applied = {row["name"] for row in connection.execute(query, (MIGRATION_SET,))}
    return applied.issuperset(migration.name for migration in MIGRATIONS)


def _apply_migrations(database: Database) -> None:
    """Apply pending migrations within the caller's transaction.

    ``Migrations.apply`` looks for pending steps before it holds any lock: without an immediate transaction around it
    processes that start together break a new file. A file of 1.1.0 has no records; its steps run again without effect.
    """
    from sqlite_utils import Migrations

    migrations = Migrations(MIGRATION_SET)
    for migration in MIGRATIONS:
        migrations(name=migration.name)(_migration_function(migration.statements))
    migrations.apply(database)
    # Not by query(): it raises for a PRAGMA that returns no rows, after its effect.
    database.execute(f"PRAGMA user_version = {VERSION}")


def _migration_function(statements: tuple[str, ...]) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        for statement in statements:
            database.execute(statement)

    return apply


def _write_anything(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("UPDATE notes SET text = text WHERE name = 'ban'")


def _transact(connection: sqlite3.Connection, steps: Transaction[Result], write: bool, durable: bool) -> Result:
    return _in_transaction(connection, lambda: _drive(connection, steps), write=write, durable=durable)


def _in_transaction(connection: sqlite3.Connection, work: Callable[[], Value], *, write: bool, durable: bool) -> Value:
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    # A deferred transaction that reads before it writes fails at once under another writer.
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        result = work()
        connection.commit()
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    return result


def _drive(connection: sqlite3.Connection, steps: Transaction[Result]) -> Result:
    try:
        statement = next(steps)
        while True:
            rows = connection.execute(statement.sql, dict(statement.values)).fetchall()
            statement = steps.send(rows)
    except StopIteration as end:
        result: Result = end.value
        return result


def _is_transient(error: Exception) -> bool:
    """Return whether it may work later without a change to the settings."""
    if isinstance(error, OSError):
        return error.errno in _TRANSIENT_ERRNOS
    return _primary_code(error) in _TRANSIENT_CODES


def _primary_code(error: Exception) -> int:
    """Return the primary result code (https://www.sqlite.org/rescode.html), 0 without one."""
    code: Any = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else 0


def _decode(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")
