"""A connection to Postgres with a limit on every wait, advisory locks and the migration."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from widget.background import consume_exception
from widget.model.errors import ConfigurationError, StoreError
from widget.store.schema import MIGRATIONS, NEWER_SCHEMA_ERROR, VERSION

SCHEMA = "now_playing"
# Enough for psycopg to notice that its socket is gone.
CANCEL_GRACE_SECONDS = 0.3

# Advisory locks end with their connection, so they never outlive a process
# (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). The key space is "nowp" in ASCII;
# versions that run side by side must agree on the numbers.
_LOCK_SPACE = 0x6E6F7770
MIGRATION_LOCK, WRITE_LOCK, REFRESH_LOCK, LEADER_LOCK = (f"{_LOCK_SPACE}, {number}" for number in range(4))

_CONNECT_OPTIONS: Mapping[str, Any] = {
    "connect_timeout": "5",
    # libpq's own limits (tcp_user_timeout in ms) catch a network that loses packets without a word.
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "now-playing",
}
_SERVER_SIDE_LIMITS = (
    "SET search_path TO {schema}; SET statement_timeout TO {milliseconds}; SET lock_timeout TO {milliseconds}; "
    # A process that is stopped within a transaction must not keep its locks from all others.
    "SET idle_in_transaction_session_timeout TO {twice}"
)


class PostgresConnection:
    """A connection on which every statement ends in time, even when the server hangs.

    All methods raise StoreError.
    """

    def __init__(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, seconds: float, statement_seconds: float | None = None) -> PostgresConnection:
        """Connect within ``seconds``.

        The server ends each later statement after ``statement_seconds``, by default the same.
        """
        try:
            async with asyncio.timeout(seconds):
                # autocommit, as we send BEGIN and COMMIT ourselves.
                connection = await psycopg.AsyncConnection.connect(
                    url, autocommit=True, prepare_threshold=None, row_factory=dict_row, **_CONNECT_OPTIONS
                )
        except TimeoutError as error:
            raise timeout_error() from error
        except psycopg.Error as error:
            raise store_error(error) from error
        opened = cls(connection)
        milliseconds = int((statement_seconds or seconds) * 1000)
        limits = _SERVER_SIDE_LIMITS.format(schema=SCHEMA, milliseconds=milliseconds, twice=2 * milliseconds)
        try:
            await opened.execute(limits, seconds)
        except BaseException:
            await opened.close()
            raise
        return opened

    async def execute(self, sql: str, seconds: float, values: Mapping[str, Any] | None = None) -> Sequence[DictRow]:
        """Run one statement within ``seconds`` and return its rows.

        If it takes longer, or the caller is cancelled, the connection is cut: its state is unknown from then on.
        """
        statement, was_cut = asyncio.create_task(self._execute(sql, values)), False
        try:
            # Not wait_for, which would wait for the cancelled statement, and so for the hanging server.
            await asyncio.wait({statement}, timeout=seconds)
        finally:
            if not statement.done():
                statement.add_done_callback(consume_exception)
                self._cut()
                was_cut = True
                await asyncio.wait({statement}, timeout=CANCEL_GRACE_SECONDS)
        if was_cut:
            raise timeout_error()
        return statement.result()

    async def wait_for_notify(self, seconds: float) -> None:
        """Wait for the next notification, ``seconds`` at most."""
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.Error as error:
            raise store_error(error) from error

    async def close(self) -> None:
        with suppress(psycopg.Error, OSError):
            await self._connection.close()

    async def _execute(self, sql: str, values: Mapping[str, Any] | None) -> Sequence[DictRow]:
        try:
            cursor = await self._connection.execute(sql.encode(), values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise store_error(error) from error

    def _cut(self) -> None:
        """Shut the socket down: cancelling would make psycopg wait for a server that hangs."""
        with suppress(OSError, psycopg.Error):
            # Any address family works: the socket is only shut down.
            duplicate = socket.fromfd(self._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            try:
                duplicate.shutdown(socket.SHUT_RDWR)
            finally:
                duplicate.close()


async def release_lock(connection: PostgresConnection, lock: str) -> None:
    """Release the advisory ``lock`` and close its connection."""
    # The server notices a closed connection a moment later, and another process may ask for the lock at once.
    with suppress(StoreError):
        await connection.execute(f"SELECT pg_advisory_unlock({lock})", CANCEL_GRACE_SECONDS)
    await connection.close()


async def migrate(connection: PostgresConnection, location: str, seconds: float) -> None:
    """Create the schema or bring it up to date; each statement ends within ``seconds``.

    Raises StoreError, or :class:`ConfigurationError` if a newer version wrote the database at ``location``.
    """
    # Instances that start together take turns; all of it is one transaction.
    await connection.execute("BEGIN", seconds)
    await connection.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})", seconds)
    await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", seconds)
    await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", seconds)
    rows = await connection.execute("SELECT version FROM schema_version", seconds)
    for migration in MIGRATIONS[_checked_version(rows, location) :]:
        for statement in migration.statements:
            await connection.execute(statement, seconds)
    # Written even if it does not change, to show that the database takes writes before any request to Spotify.
    await connection.execute("DELETE FROM schema_version", seconds)
    await connection.execute("INSERT INTO schema_version VALUES (%(version)s)", seconds, {"version": VERSION})
    await connection.execute("COMMIT", seconds)


async def read_without_migrating(connection: PostgresConnection, location: str, seconds: float) -> None:
    """Prepare ``connection`` for reading: without a schema the database reads as empty.

    Nothing is created in the database. Raises as :func:`migrate`.
    """
    # Unlike a SELECT from the table it does not fail if there is none.
    rows = await connection.execute(f"SELECT to_regclass('{SCHEMA}.token') AS found", seconds)
    if rows[0]["found"] is not None:
        _checked_version(await connection.execute("SELECT version FROM schema_version", seconds), location)
        return
    for migration in MIGRATIONS:
        for statement in migration.statements:
            # Temporary tables are this connection's own, and end with it.
            await connection.execute(statement.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1), seconds)


def _checked_version(rows: Sequence[DictRow], location: str) -> int:
    version: int = rows[0]["version"] if rows else 0
    if version > VERSION:
        raise ConfigurationError(NEWER_SCHEMA_ERROR.format(location=location))
    return version


def store_error(error: psycopg.Error) -> StoreError:
    """Return ``error`` in one line for log and terminal, without the password."""
    # The message about a malformed DSN would contain all of it, password included.
    text = str(error) if isinstance(error, psycopg.OperationalError) else type(error).__name__
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return StoreError(f"the Postgres database cannot be used now ({line})")


def timeout_error() -> StoreError:
    """Return the error for a server that does not respond."""
    return StoreError("the Postgres database cannot be used now (it does not respond)")
