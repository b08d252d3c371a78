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
from widget.store.limits import DEFAULT, RESERVED_BYTES, StoreTimeouts
from widget.store.outage_log import OutageLog
from widget.store.postgres_connection import (
    CANCEL_GRACE_SECONDS,
    REFRESH,
    WRITE,
    PostgresConnection,
    migrate,
    release_lock,
    timeout_error,
)
from widget.store.postgres_dsn import reason, redacted_dsn, reject_transaction_pooling, validate_dsn
from widget.store.postgres_leader import LeaderLease
from widget.store.queries import Result, Transaction
from widget.store.sql_store import Store
from widget.store.worker import acquire_within

_CHANNEL = "now_playing"
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_ROOM = "room"


class PostgresStore(Store):
    """Implements :class:`widget.store.base.Store`. A lost connection is made again at the next use.

    Four connections at most: for transactions, for the lead, for listening, and while a refresh is under way.
    """

    def __init__(self, url: str, limits: StoreTimeouts = DEFAULT) -> None:
        self._url = url
        self._limits = limits
        self._is_open = self._is_prepared = False
        self._session: PostgresConnection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._under_way = ShieldedTasks()
        self._listening: PostgresConnection | None = None
        self._one_refresh = asyncio.Lock()
        self._refresh: PostgresConnection | None = None
        self._complaints = OutageLog("the Postgres database can be used again")
        self._lead = LeaderLease(self._begin, self._complaints, limits.statement)

    @property
    def location(self) -> str:
        return redacted_dsn(self._url)

    async def open(self) -> None:
        validate_dsn(self._url)
        self._is_open = True
        try:
            await self._complaints.watch(self._prepare())
        except StoreError as error:
            raise StoreError(f"DATABASE_URL: {self.location} cannot be used now ({reason(error)})") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        self._is_open = False
        await self._under_way.drain(self._limits.close)
        await self.resign()
        await self._stop_listening()
        session, self._session = self._session, None
        await _end(session)

    @asynccontextmanager
    async def refresh_lock(self) -> AsyncIterator[None]:
        ends_at = time.monotonic() + self._limits.refresh
        async with acquire_within(self._one_refresh, self._limits.refresh, self._held_by_another):
            session = await self._complaints.watch(self._begin())
            try:
                await self._wait_for_the_refresh(session, _left(ends_at))
                self._refresh = session
                yield
            finally:
                self._refresh = None
                await release_lock(session, REFRESH)

    async def reserve_space(self) -> None:
        if self._refresh is None:
            raise StoreError("the refresh lock of the Postgres database is not ours")
        # By the session that holds the lock: so it is known to hold it still.
        noise = secrets.token_hex(RESERVED_BYTES // 2)
        for steps in (queries.save_note(_ROOM, noise), queries.drop_note(_ROOM)):
            await self._execute(self._refresh, "BEGIN")
            ends_at = self._end_of_a_turn()
            await self._complaints.watch(self._run(self._refresh, steps, write=True, durable=True, ends_at=ends_at))

    async def try_lead(self) -> bool:
        return await self._lead.try_acquire()

    async def resign(self) -> None:
        await self._lead.release()

    async def publish_state(self, knowledge: str, source: SourceName = "spotify") -> None:
        await self._transact(_shared(queries.key_for("knowledge", source), knowledge), write=True)

    async def wait_for_state(self, seconds: float) -> None:
        try:
            if self._listening is None:
                self._listening = await self._complaints.watch(self._begin())
                await self._execute(self._listening, f"LISTEN {_CHANNEL}")
            await self._complaints.watch(self._listening.wait_for_notify(seconds))
        except BaseException:
            # Cancelled in the middle of waiting, too: what the connection would say next is unknown.
            await self._stop_listening()
            raise

    async def _stop_listening(self) -> None:
        session, self._listening = self._listening, None
        await _end(session)

    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        work, seconds = self._in_turn(steps, write, durable), self._limits.statement + CANCEL_GRACE_SECONDS
        try:
            # The caller may be cancelled; what began ends by itself.
            return await self._under_way.run(work, seconds)
        except TimeoutError as error:
            raise timeout_error() from error

    async def _in_turn(self, steps: Transaction[Result], write: bool, durable: bool) -> Result:
        ends_at = self._end_of_a_turn()
        async with acquire_within(self._one_at_a_time, self._limits.statement, timeout_error):
            return await self._complaints.watch(self._transacted(steps, write, durable, ends_at))

    async def _transacted(self, steps: Transaction[Result], write: bool, durable: bool, ends_at: float) -> Result:
        session = await self._begun(ends_at)
        try:
            return await self._run(session, steps, write=write, durable=durable, ends_at=ends_at)
        except BaseException as error:
            self._session = None
            await session.end()  # With it ends its transaction.
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                self._is_prepared = False  # Somebody replaced the database.
            raise

    async def _begun(self, ends_at: float) -> PostgresConnection:
        """The connection, within a new transaction; one that was lost meanwhile is made again, once."""
        if not self._is_prepared:
            await self._prepare_late()
        session, self._session = self._session, None
        if session is not None:
            try:
                await session.execute("BEGIN", _left(ends_at) / 2)
            except StoreError:
                await session.end()
                session = None
        if session is None:
            session = await self._begin(_left(ends_at))
            await session.execute("BEGIN", _left(ends_at))
        self._session = session
        return session

    async def _prepare_late(self) -> None:
        try:
            await self._prepare()
        except ConfigurationError as error:
            raise StoreError(str(error)) from error

    async def _run(
        self, session: PostgresConnection, steps: Transaction[Result], *, write: bool, durable: bool, ends_at: float
    ) -> Result:
        if write:
            await session.execute(f"SELECT pg_advisory_xact_lock({WRITE})", _left(ends_at))
        if durable:
            await session.execute("SET LOCAL synchronous_commit TO on", _left(ends_at))
        try:
            statement = next(steps)
            while True:
                sql = _PLACEHOLDER.sub(r"%(\1)s", statement.sql)
                statement = steps.send(await session.execute(sql, _left(ends_at), statement.values))
        except StopIteration as end:
            result: Result = end.value
        await session.execute("COMMIT", _left(ends_at))
        return result

    async def _begin(self, seconds: float | None = None) -> PostgresConnection:
        if not self._is_open:
            raise StoreError("the Postgres database is not open")
        return await PostgresConnection.open(self._url, seconds or self._limits.statement)

    async def _execute(self, session: PostgresConnection | None, sql: str) -> Sequence[DictRow]:
        if session is None:
            raise StoreError("the Postgres database is not connected")
        return await self._complaints.watch(session.execute(sql, self._limits.statement))

    async def _wait_for_the_refresh(self, session: PostgresConnection, seconds: float) -> None:
        milliseconds = int(seconds * 1000)
        limits = f"SET statement_timeout TO {milliseconds}; SET lock_timeout TO {milliseconds}"
        await self._execute(session, limits)
        try:
            await session.execute(f"SELECT pg_advisory_lock({REFRESH})", seconds + CANCEL_GRACE_SECONDS)
        except StoreError as error:
            raise self._held_by_another() from error

    def _held_by_another(self) -> StoreError:
        error = StoreError("another process holds the refresh lock of the Postgres database, or it does not answer")
        self._complaints.record_failure(error)
        return error

    def _end_of_a_turn(self) -> float:
        return time.monotonic() + self._limits.statement

    async def _prepare(self) -> None:
        """Looks at what stands between, and makes or migrates the schema."""
        await reject_transaction_pooling(self._url, self._limits.statement)
        session = await self._begin()
        try:
            await migrate(session, self.location, self._limits.statement)
        finally:
            await _end(session)
        self._is_prepared = True


def _shared(name: str, knowledge: str) -> Transaction[None]:
    yield from queries.save_note(name, knowledge)
    yield queries.Statement(f"NOTIFY {_CHANNEL}", {})


async def _end(session: PostgresConnection | None) -> None:
    if session is not None:
        await session.end()


def _left(ends_at: float) -> float:
    return max(0.05, ends_at - time.monotonic())
