"""One connection to Postgres, on which nothing waits without end."""

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
CANCEL_GRACE_SECONDS = 0.3

_CONNECTION: Mapping[str, Any] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "now-playing",
}
_ENDED_BY_THE_SERVER = (
    "SET search_path TO {schema}; SET statement_timeout TO {milliseconds}; SET lock_timeout TO {milliseconds}; "
    # A program that is stopped in the middle of a transaction must not keep its locks from all others.
    "SET idle_in_transaction_session_timeout TO {twice}"
)


class PostgresConnection:
    """A connection whose every statement ends in time: the server is told to see to it, and where the server itself
    hangs the connection is broken off here. All methods raise StoreError."""

    def __init__(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str, seconds: float) -> PostgresConnection:
        """A new one, had within ``seconds``; later statements end after as long."""
        try:
            async with asyncio.timeout(seconds):
                connection = await psycopg.AsyncConnection.connect(
                    url, autocommit=True, prepare_threshold=None, row_factory=dict_row, **_CONNECTION
                )
        except TimeoutError as error:
            raise timeout_error() from error
        except psycopg.Error as error:
            raise store_error(error) from error
        session = cls(connection)
        milliseconds = int(seconds * 1000)
        try:
            await session.execute(
                _ENDED_BY_THE_SERVER.format(schema=SCHEMA, milliseconds=milliseconds, twice=2 * milliseconds), seconds
            )
        except BaseException:
            await session.end()
            raise
        return session

    async def execute(self, sql: str, seconds: float, values: Mapping[str, Any] | None = None) -> Sequence[DictRow]:
        """The rows that one statement gives, within ``seconds``. One whose caller is cancelled breaks the connection:
        nobody can tell any more what it would say next."""
        asking, broken_off = asyncio.create_task(self._execute(sql, values)), False
        try:
            await asyncio.wait({asking}, timeout=seconds)
        finally:
            if not asking.done():
                asking.add_done_callback(consume_exception)
                self._break_off()
                broken_off = True
                await asyncio.wait({asking}, timeout=CANCEL_GRACE_SECONDS)
        if broken_off:
            raise timeout_error()
        return asking.result()

    async def wait_for_notify(self, seconds: float) -> None:
        """Returns at the next notification, after ``seconds`` at the latest."""
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.Error as error:
            raise store_error(error) from error

    async def end(self) -> None:
        """Closes the connection; waits for nobody."""
        with suppress(psycopg.Error, OSError):
            await self._connection.close()

    async def _execute(self, sql: str, values: Mapping[str, Any] | None) -> Sequence[DictRow]:
        try:
            cursor = await self._connection.execute(sql.encode(), values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise store_error(error) from error

    def _break_off(self) -> None:
        """Ends the conversation under what waits for it. (Cancelling would have psycopg ask the server, politely and
        for seconds, to cancel a statement on which it hangs.)"""
        with suppress(OSError, psycopg.Error):
            line = socket.fromfd(self._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)  # Any family will do.
            try:
                line.shutdown(socket.SHUT_RDWR)
            finally:
                line.close()


def store_error(error: psycopg.Error) -> StoreError:
    """``error`` in one line, for the log and the terminal; without the password."""
    # A message about a malformed address would hold the whole address, password included.
    told = str(error) if isinstance(error, psycopg.OperationalError) else type(error).__name__
    line = next((line.strip() for line in told.splitlines() if line.strip()), type(error).__name__)
    return StoreError(f"the Postgres database cannot be used now ({line})")


def timeout_error() -> StoreError:
    """What is raised where Postgres says nothing."""
    return StoreError("the Postgres database cannot be used now (it does not answer)")


# Numbers of our own in the key space of advisory locks: "nowp" and what each is for.
_SPACE = 0x6E6F7770
MIGRATE, WRITE, REFRESH, LEAD = (f"{_SPACE}, {purpose}" for purpose in range(4))


async def release_lock(session: PostgresConnection, lock: str) -> None:
    """Ends ``session``, and the ``lock`` that it holds at once."""
    # The server notices a closed connection only a moment later, and another may ask for the lock at once.
    with suppress(StoreError):
        await session.execute(f"SELECT pg_advisory_unlock({lock})", CANCEL_GRACE_SECONDS)
    await session.end()


async def migrate(session: PostgresConnection, location: str, seconds: float) -> None:
    """Makes the schema, or takes it to our version; each statement ends within ``seconds``.

    Raises StoreError, or :class:`ConfigurationError` where the database at ``location`` is of a newer version.
    """
    # Two instances that start at once take turns; the whole of it is one transaction.
    await session.execute("BEGIN", seconds)
    await session.execute(f"SELECT pg_advisory_xact_lock({MIGRATE})", seconds)
    await session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", seconds)
    await session.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", seconds)
    rows = await session.execute("SELECT version FROM schema_version", seconds)
    version = rows[0]["version"] if rows else 0
    if version > VERSION:
        raise ConfigurationError(NEWER_SCHEMA_ERROR.format(location=location))
    for step in MIGRATIONS[version:]:
        for statement in step:
            await session.execute(statement, seconds)
    # Written even where it does not change: the database must take writes before Spotify is asked.
    await session.execute("DELETE FROM schema_version", seconds)
    await session.execute("INSERT INTO schema_version VALUES (%(version)s)", seconds, {"version": VERSION})
    await session.execute("COMMIT", seconds)
