"""The store in Postgres, shared safely by any number of instances.

Advisory locks keep writers, refreshes and leaders apart; a session's locks end with its connection, so they never
outlive a process. See https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from widget.errors import ConfigurationError, StoreError
from widget.store.schema import MIGRATIONS, NEWER, VERSION
from widget.store.sql_store import Row, Run, SqlStore

# Numbers of our own in the key space of advisory locks: "nowp" and what each is for.
_SPACE = 0x6E6F7770
_MIGRATE, _WRITE, _REFRESH, _LEAD = range(4)

_CHANNEL = "now_playing"
_SCHEMA = "now_playing"
_CONNECTION: Mapping[str, Any] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
    "application_name": "now-playing",
}
_NOTICED_SOON = (
    # The server ends the session of an instance that vanished without a word, and so its leadership, in about 11 s.
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 2",
)
_PLACEHOLDER = re.compile(r":([a-z_]+)")

Connection = psycopg.AsyncConnection[DictRow]


class PostgresStore(SqlStore):
    """Implements :class:`widget.store.protocol.Store`. A lost connection is made again at the next use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._session: Connection | None = None  # The lead is this session's; while another leads, it waits for it.
        self._leads = False
        self._listening: Connection | None = None

    @property
    def location(self) -> str:
        try:
            parts = conninfo_to_dict(self._url)
        except psycopg.Error:
            return "Postgres"
        return f"Postgres, database {parts.get('dbname', '')!s} on {parts.get('host', 'this machine')!s}"

    async def open(self) -> None:
        try:
            await self._migrate()
        except StoreError as error:
            raise ConfigurationError(f"DATABASE_URL: {self.location} cannot be used ({_reason(error)})") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        await self.resign()
        for connection in (self._connection, self._listening):
            await _close(connection)
        self._connection = self._listening = None

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        connection = await self._connect()
        try:
            await self._execute(connection, f"SELECT pg_advisory_lock({_SPACE}, {_REFRESH})")
            yield
        finally:
            await _close(connection)

    async def lead(self) -> bool:
        if self._leads:
            try:
                await self._execute(self._session, "SELECT 1")
                return True
            except StoreError:
                await self.resign()
        try:
            if self._session is None:
                self._session = await self._connect()
                for statement in _NOTICED_SOON:
                    await self._execute(self._session, statement)
            lock = f"SELECT pg_try_advisory_lock({_SPACE}, {_LEAD}) AS leads"
            self._leads = (await self._execute(self._session, lock))[0]["leads"]
        except BaseException:
            await self.resign()
            raise
        return self._leads

    async def resign(self) -> None:
        connection, led = self._session, self._leads
        self._session, self._leads = None, False
        if led:
            # The server notices a closed connection only a moment later, and another may ask for the lead at once.
            with suppress(StoreError):
                await self._execute(connection, f"SELECT pg_advisory_unlock({_SPACE}, {_LEAD})")
        await _close(connection)

    async def share(self, knowledge: str) -> None:
        async with self._transaction(write=True) as run:
            await run(
                "INSERT INTO notes (name, text) VALUES ('knowledge', :text) "
                "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                text=knowledge,
            )
            await run(f"NOTIFY {_CHANNEL}")

    async def news(self, seconds: float) -> None:
        try:
            if self._listening is None:
                self._listening = await self._connect()
                await self._execute(self._listening, f"LISTEN {_CHANNEL}")
            async for _ in self._listening.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.Error as error:
            await self._stop_listening()
            raise _store_error(error) from error
        except BaseException:
            # Cancelled in the middle of waiting: what the connection would say next is unknown.
            await self._stop_listening()
            raise

    async def _stop_listening(self) -> None:
        connection, self._listening = self._listening, None
        await _close(connection)

    @asynccontextmanager
    async def _transaction(self, *, write: bool = False, durable: bool = False) -> AsyncIterator[Run]:
        async with self._one_at_a_time:
            connection = await self._begun()

            async def run(sql: str, **values: Any) -> Sequence[Row]:
                return await self._execute(connection, _PLACEHOLDER.sub(r"%(\1)s", sql), values)

            try:
                if write:
                    await run(f"SELECT pg_advisory_xact_lock({_SPACE}, {_WRITE})")
                if durable:
                    await run("SET LOCAL synchronous_commit TO on")
                yield run
                await self._execute(connection, "COMMIT")
            except BaseException:
                await self._roll_back(connection)
                raise

    async def _begun(self) -> Connection:
        """The connection, within a new transaction; a connection that was lost meanwhile is made again, once."""
        if self._connection is not None:
            try:
                await self._execute(self._connection, "BEGIN")
                return self._connection
            except StoreError:
                await _close(self._connection)
        self._connection = None
        self._connection = connection = await self._connect()
        await self._execute(connection, "BEGIN")
        return connection

    async def _roll_back(self, connection: Connection) -> None:
        try:
            await self._execute(connection, "ROLLBACK")
        except StoreError:
            await _close(connection)
            if self._connection is connection:
                self._connection = None

    async def _connect(self) -> Connection:
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, prepare_threshold=None, row_factory=dict_row, **_CONNECTION
            )
        except psycopg.Error as error:
            raise _store_error(error) from error
        try:
            await self._execute(connection, f"SET search_path TO {_SCHEMA}")
        except BaseException:
            await _close(connection)
            raise
        return connection

    async def _execute(
        self, connection: Connection | None, sql: str, values: dict[str, Any] | None = None
    ) -> Sequence[DictRow]:
        if connection is None:
            raise StoreError("the Postgres database is not connected")
        try:
            cursor = await connection.execute(sql.encode(), values)
            return await cursor.fetchall() if cursor.description is not None else []
        except psycopg.Error as error:
            raise _store_error(error) from error

    async def _migrate(self) -> None:
        # Two instances that start at once take turns; the whole of it is one transaction.
        connection = await self._connect()
        try:
            await self._execute(connection, "BEGIN")
            await self._execute(connection, f"SELECT pg_advisory_xact_lock({_SPACE}, {_MIGRATE})")
            await self._execute(connection, f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
            await self._execute(connection, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
            rows = await self._execute(connection, "SELECT version FROM schema_version")
            version = rows[0]["version"] if rows else 0
            if version > VERSION:
                raise ConfigurationError(NEWER.format(location=self.location))
            for step in MIGRATIONS[version:]:
                for statement in step:
                    await self._execute(connection, statement)
            # Written even where it does not change: the database must take writes before Spotify is asked.
            await self._execute(connection, "DELETE FROM schema_version")
            await self._execute(connection, "INSERT INTO schema_version VALUES (%(version)s)", {"version": VERSION})
            await self._execute(connection, "COMMIT")
        finally:
            await _close(connection)


async def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            await connection.close()


def _store_error(error: psycopg.Error) -> StoreError:
    # A message about a malformed address would hold the whole address, password included.
    told = str(error) if isinstance(error, psycopg.OperationalError) else type(error).__name__
    line = next((line.strip() for line in told.splitlines() if line.strip()), type(error).__name__)
    return StoreError(f"the Postgres database cannot be used now ({line})")


def _reason(error: StoreError) -> str:
    return str(error).partition("(")[2].removesuffix(")")
