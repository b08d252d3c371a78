"""The store in Postgres, shared safely by any number of instances."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg
from psycopg.rows import DictRow

from widget.background import ShieldedTasks
from widget.model.errors import ConfigurationError, StoreError
from widget.model.sources import SourceName
from widget.store import queries
from widget.store.base import DEFAULT_TIMEOUTS, RESERVED_BYTES, Store, StoreTimeouts
from widget.store.outage_log import OutageLog
from widget.store.postgres_connection import (
    CANCEL_GRACE_SECONDS,
    REFRESH_LOCK,
    WRITE_LOCK,
    PostgresConnection,
    migrate,
    read_without_migrating,
    release_lock,
    timeout_error,
)
from widget.store.postgres_dsn import error_detail, redacted_dsn, reject_transaction_pooling, validate_dsn
from widget.store.postgres_leader import LeaderLease
from widget.store.queries import Result, Transaction
from widget.store.worker import acquire_within

# Instances of other versions listen on it, too.
_CHANNEL = "now_playing"
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_RESERVED_KEY = "room"


class PostgresStore(Store):
    """Reconnects at the next use after a connection is lost.

    Uses at most four connections: for transactions, for the leader lease, for LISTEN, and during a refresh.
    """

    def __init__(self, url: str, timeouts: StoreTimeouts = DEFAULT_TIMEOUTS) -> None:
        self._url = url
        self._timeouts = timeouts
        self._is_open = self._is_prepared = False
        self._migrates = True
        self._connection: PostgresConnection | None = None
        self._transaction_lock = asyncio.Lock()
        self._tasks = ShieldedTasks()
        self._listener: PostgresConnection | None = None
        self._local_refresh_lock = asyncio.Lock()
        self._refresh_connection: PostgresConnection | None = None
        self._outage_log = OutageLog("the Postgres database can be used again")
        self._lease = LeaderLease(self._connect, self._outage_log, timeouts.statement)

    @property
    def location(self) -> str:
        return redacted_dsn(self._url)

    async def open(self, *, migrate: bool = True) -> None:
        validate_dsn(self._url)
        self._is_open, self._migrates = True, migrate
        try:
            # is_open stays true after a StoreError: the server goes on, and tries again at each use.
            await self._outage_log.watch(self._prepare())
        except StoreError as error:
            raise StoreError(f"DATABASE_URL: {self.location} cannot be used now ({error_detail(error)})") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        self._is_open = False
        await self._tasks.drain(self._timeouts.close)
        await self.resign()
        await self._stop_listener()
        connection, self._connection = self._connection, None
        await _close(connection)

    @asynccontextmanager
    async def refresh_lock(self) -> AsyncIterator[None]:
        deadline = time.monotonic() + self._timeouts.refresh
        # An advisory lock belongs to a connection, so tasks of this process are kept apart here.
        async with acquire_within(self._local_refresh_lock, self._timeouts.refresh, self._lock_timeout):
            connection = await self._outage_log.watch(self._connect())
            try:
                await self._wait_for_refresh_lock(connection, _seconds_left(deadline))
                self._refresh_connection = connection
                yield
            finally:
                self._refresh_connection = None
                await release_lock(connection, REFRESH_LOCK)

    async def reserve_space(self) -> None:
        if self._refresh_connection is None:
            raise StoreError("the refresh lock of the Postgres database is not ours")
        # On the connection that holds the lock, which proves that it still does.
        filler = secrets.token_hex(RESERVED_BYTES // 2)
        for steps in (queries.set_value(_RESERVED_KEY, filler), queries.delete_value(_RESERVED_KEY)):
            await self._execute(self._refresh_connection, "BEGIN")
            deadline = self._deadline()
            run = self._run(self._refresh_connection, steps, write=True, durable=True, deadline=deadline)
            await self._outage_log.watch(run)

    async def try_lead(self) -> bool:
        return await self._lease.try_acquire()

    async def resign(self) -> None:
        await self._lease.release()

    async def publish_state(self, state: str, source: SourceName = "spotify") -> None:
        await self._transact(_publish(queries.key_for("knowledge", source), state), write=True)

    async def wait_for_state(self, seconds: float) -> None:
        listener = self._listener or await self._listen()
        try:
            # A cancelled wait leaves the connection idle, so it is kept: the inlet cancels one every second.
            await self._outage_log.watch(listener.wait_for_notify(seconds))
        except StoreError:
            await self._stop_listener()
            raise

    async def _listen(self) -> PostgresConnection:
        self._listener = listener = await self._outage_log.watch(self._connect())
        try:
            await self._execute(listener, f"LISTEN {_CHANNEL}")
        except BaseException:
            await self._stop_listener()
            raise
        return listener

    async def _stop_listener(self) -> None:
        connection, self._listener = self._listener, None
        await _close(connection)

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        # A little more than the statement's own limit, so that its error comes first.
        work, seconds = self._transact_alone(steps, write, durable), self._timeouts.statement + CANCEL_GRACE_SECONDS
        try:
            # The caller may be cancelled; a transaction that began ends by itself.
            return await self._tasks.run(work, seconds)
        except TimeoutError as error:
            raise timeout_error() from error

    async def _transact_alone(self, steps: Transaction[Result], write: bool, durable: bool) -> Result:
        deadline = self._deadline()
        async with acquire_within(self._transaction_lock, self._timeouts.statement, timeout_error):
            return await self._outage_log.watch(self._run_transaction(steps, write, durable, deadline))

    async def _run_transaction(self, steps: Transaction[Result], write: bool, durable: bool, deadline: float) -> Result:
        connection = await self._begin(deadline)
        try:
            return await self._run(connection, steps, write=write, durable=durable, deadline=deadline)
        except BaseException as error:
            self._connection = None
            await connection.close()  # Rolls its transaction back.
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                self._is_prepared = False  # The database was replaced.
            raise

    async def _begin(self, deadline: float) -> PostgresConnection:
        """Begin a transaction and return its connection; reconnect once if that was lost."""
        if not self._is_prepared:
            await self._prepare_late()
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                # Half of the time, so that a dead connection leaves enough for a new one.
                await connection.execute("BEGIN", _seconds_left(deadline) / 2)
            except StoreError:
                await connection.close()
                connection = None
        if connection is None:
            connection = await self._connect(_seconds_left(deadline))
            try:
                if not self._migrates:
                    await read_without_migrating(connection, self.location, _seconds_left(deadline))
                await connection.execute("BEGIN", _seconds_left(deadline))
            except BaseException:
                await connection.close()
                raise
        self._connection = connection
        return connection

    async def _prepare_late(self) -> None:
        try:
            await self._prepare()
        except ConfigurationError as error:
            # A running server never ends over its database.
            raise StoreError(str(error)) from error

    async def _run(
        self, connection: PostgresConnection, steps: Transaction[Result], *, write: bool, durable: bool, deadline: float
    ) -> Result:
        if write:
            # One writer at a time, as in SQLite: the queries need no isolation level then.
            await connection.execute(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})", _seconds_left(deadline))
        if durable:
            # A host may have switched it off for the database, and a rotated token must survive a crash.
            await connection.execute("SET LOCAL synchronous_commit TO on", _seconds_left(deadline))
        try:
            statement = next(steps)
            while True:
                sql = _PLACEHOLDER.sub(r"%(\1)s", statement.sql)
                statement = steps.send(await connection.execute(sql, _seconds_left(deadline), statement.values))
        except StopIteration as end:
            result: Result = end.value
        await connection.execute("COMMIT", _seconds_left(deadline))
        return result

    async def _connect(self, seconds: float | None = None) -> PostgresConnection:
        if not self._is_open:
            raise StoreError("the Postgres database is not open")
        return await PostgresConnection.open(self._url, seconds or self._timeouts.statement, self._timeouts.statement)

    async def _execute(self, connection: PostgresConnection, sql: str) -> Sequence[DictRow]:
        return await self._outage_log.watch(connection.execute(sql, self._timeouts.statement))

    async def _wait_for_refresh_lock(self, connection: PostgresConnection, seconds: float) -> None:
        milliseconds = int(seconds * 1000)
        # The connection's own limits would end the wait for the lock early.
        limits = f"SET statement_timeout TO {milliseconds}; SET lock_timeout TO {milliseconds}"
        await self._execute(connection, limits)
        try:
            await connection.execute(f"SELECT pg_advisory_lock({REFRESH_LOCK})", seconds + CANCEL_GRACE_SECONDS)
        except StoreError as error:
            raise self._lock_timeout() from error

    def _lock_timeout(self) -> StoreError:
        error = StoreError("another process holds the refresh lock of the Postgres database, or it does not respond")
        self._outage_log.record_failure(error)
        return error

    def _deadline(self) -> float:
        return time.monotonic() + self._timeouts.statement

    async def _prepare(self) -> None:
        """Check for a pooler and the schema's version; migrate unless the store is only read."""
        seconds = self._timeouts.statement
        await reject_transaction_pooling(self._url, seconds)
        connection = await self._connect()
        try:
            if self._migrates:
                await migrate(connection, self.location, seconds)
            else:
                await read_without_migrating(connection, self.location, seconds)
        finally:
            await _close(connection)
        self._is_prepared = True


def _publish(key: str, state: str) -> Transaction[None]:
    yield from queries.set_value(key, state)
    # In the transaction, so that followers wake only once they can read the state.
    yield queries.Statement(f"NOTIFY {_CHANNEL}", {})


async def _close(connection: PostgresConnection | None) -> None:
    if connection is not None:
        await connection.close()


def _seconds_left(deadline: float) -> float:
    # Not 0: for Postgres that is no limit, for asyncio no time at all.
    return max(0.05, deadline - time.monotonic())
