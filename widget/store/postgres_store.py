"""The store in Postgres, shared safely by any number of instances.

Advisory locks keep writers, refreshes and leaders apart; a session's locks end with its connection, so they never
outlive a process. See https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow

from widget.errors import ConfigurationError, StoreError
from widget.source import SourceName
from widget.store import transactions
from widget.store.complaints import Complaints
from widget.store.limits import DEFAULT, ROOM_BYTES, Limits
from widget.store.postgres_pooler import refuse_transaction_pooling
from widget.store.postgres_session import LAST_WORD_SECONDS, SCHEMA, Session, no_answer, store_error
from widget.store.schema import MIGRATIONS, NEWER, VERSION
from widget.store.sql_store import SqlStore
from widget.store.transactions import Result, Steps

# Numbers of our own in the key space of advisory locks: "nowp" and what each is for.
_SPACE = 0x6E6F7770
_MIGRATE, _WRITE, _REFRESH, _LEAD = range(4)

_CHANNEL = "now_playing"
_NOTICED_SOON = (
    # The server ends the session of an instance that vanished without a word, and so its leadership, in about 11 s;
    # and that of one that was stopped, where it knows how to (from version 14 on).
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 2",
    "SELECT set_config(name, '14s', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
)
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_ROOM = "room"

Done = TypeVar("Done")


class PostgresStore(SqlStore):
    """Implements :class:`widget.store.protocol.Store`. A lost connection is made again at the next use.

    Four connections at most: for transactions, for the lead, for listening, and while a refresh is under way.
    """

    def __init__(self, url: str, limits: Limits = DEFAULT) -> None:
        self._url = url
        self._limits = limits
        self._is_open = self._is_prepared = False
        self._session: Session | None = None
        self._one_at_a_time = asyncio.Lock()
        self._under_way: set[asyncio.Task[object]] = set()
        self._lead: Session | None = None  # The lead is this session's; while another leads, it waits for it.
        self._leads = False
        self._listening: Session | None = None
        self._one_refresh = asyncio.Lock()
        self._refresh: Session | None = None
        self._complaints = Complaints("the Postgres database can be used again")

    @property
    def location(self) -> str:
        try:
            parts = conninfo_to_dict(self._url)
        except psycopg.Error:
            return "Postgres"
        return f"Postgres, database {parts.get('dbname', '')!s} on {parts.get('host', 'this machine')!s}"

    async def open(self) -> None:
        self._check_address()
        self._is_open = True
        try:
            await self._reported(self._prepare())
        except StoreError as error:
            raise StoreError(f"DATABASE_URL: {self.location} cannot be used now ({_reason(error)})") from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        self._is_open = False
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._limits.close)
        await self.resign()
        await self._stop_listening()
        session, self._session = self._session, None
        await _end(session)

    @asynccontextmanager
    async def refreshing(self) -> AsyncIterator[None]:
        ends_at = time.monotonic() + self._limits.refresh
        try:
            async with asyncio.timeout(self._limits.refresh):
                await self._one_refresh.acquire()
        except TimeoutError as error:
            raise self._held_by_another() from error
        try:
            session = await self._reported(self._begin())
            try:
                await self._wait_for_the_refresh(session, max(0.05, ends_at - time.monotonic()))
                self._refresh = session
                yield
            finally:
                self._refresh = None
                await self._give_up(session, _REFRESH)
        finally:
            self._one_refresh.release()

    async def prove_room(self) -> None:
        if self._refresh is None:
            raise StoreError("the refresh lock of the Postgres database is not ours")
        # By the session that holds the lock: so it is known to hold it still.
        noise = secrets.token_hex(ROOM_BYTES // 2)
        for steps in (transactions.save_note(_ROOM, noise), transactions.drop_note(_ROOM)):
            await self._execute(self._refresh, "BEGIN")
            ends_at = self._end_of_a_turn()
            await self._reported(self._run(self._refresh, steps, write=True, durable=True, ends_at=ends_at))

    async def lead(self) -> bool:
        if self._leads:
            try:
                await self._execute(self._lead, "SELECT 1")
                return True
            except StoreError:
                await self.resign()
        try:
            if self._lead is None:
                self._lead = await self._reported(self._begin())
                for statement in _NOTICED_SOON:
                    await self._execute(self._lead, statement)
            lock = f"SELECT pg_try_advisory_lock({_SPACE}, {_LEAD}) AS leads"
            self._leads = (await self._execute(self._lead, lock))[0]["leads"]
        except BaseException:
            await self.resign()
            raise
        return self._leads

    async def resign(self) -> None:
        session, led = self._lead, self._leads
        self._lead, self._leads = None, False
        if session is not None and led:
            await self._give_up(session, _LEAD)
        else:
            await _end(session)

    async def share(self, knowledge: str, source: SourceName = "spotify") -> None:
        await self._transact(_shared(transactions.note_of("knowledge", source), knowledge), write=True)

    async def news(self, seconds: float) -> None:
        try:
            if self._listening is None:
                self._listening = await self._reported(self._begin())
                await self._execute(self._listening, f"LISTEN {_CHANNEL}")
            await self._reported(self._listening.notified(seconds))
        except BaseException:
            # Cancelled in the middle of waiting, too: what the connection would say next is unknown.
            await self._stop_listening()
            raise

    async def _stop_listening(self) -> None:
        session, self._listening = self._listening, None
        await _end(session)

    async def _transact(self, steps: Steps[Result], *, write: bool = False, durable: bool = False) -> Result:
        task = asyncio.create_task(self._in_turn(steps, write, durable))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        # The caller may be cancelled; what began ends by itself.
        await asyncio.wait({task}, timeout=self._limits.statement + LAST_WORD_SECONDS)
        if not task.done():
            raise no_answer()
        return task.result()

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # Looked at here, where the caller may be gone.

    async def _in_turn(self, steps: Steps[Result], write: bool, durable: bool) -> Result:
        ends_at = self._end_of_a_turn()
        try:
            async with asyncio.timeout(self._limits.statement):
                await self._one_at_a_time.acquire()
        except TimeoutError as error:
            raise no_answer() from error
        try:
            return await self._reported(self._transacted(steps, write, durable, ends_at))
        finally:
            self._one_at_a_time.release()

    async def _transacted(self, steps: Steps[Result], write: bool, durable: bool, ends_at: float) -> Result:
        session = await self._begun(ends_at)
        try:
            return await self._run(session, steps, write=write, durable=durable, ends_at=ends_at)
        except BaseException as error:
            self._session = None
            await session.end()  # With it ends its transaction.
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                self._is_prepared = False  # Somebody replaced the database.
            raise

    async def _begun(self, ends_at: float) -> Session:
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
        self, session: Session, steps: Steps[Result], *, write: bool, durable: bool, ends_at: float
    ) -> Result:
        if write:
            await session.execute(f"SELECT pg_advisory_xact_lock({_SPACE}, {_WRITE})", _left(ends_at))
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

    async def _begin(self, seconds: float | None = None) -> Session:
        if not self._is_open:
            raise StoreError("the Postgres database is not open")
        return await Session.begin(self._url, seconds or self._limits.statement)

    async def _execute(self, session: Session | None, sql: str) -> Sequence[DictRow]:
        if session is None:
            raise StoreError("the Postgres database is not connected")
        return await self._reported(session.execute(sql, self._limits.statement))

    async def _wait_for_the_refresh(self, session: Session, seconds: float) -> None:
        milliseconds = int(seconds * 1000)
        limits = f"SET statement_timeout TO {milliseconds}; SET lock_timeout TO {milliseconds}"
        await self._execute(session, limits)
        try:
            await session.execute(f"SELECT pg_advisory_lock({_SPACE}, {_REFRESH})", seconds + LAST_WORD_SECONDS)
        except StoreError as error:
            raise self._held_by_another() from error

    async def _give_up(self, session: Session, lock: int) -> None:
        # The server notices a closed connection only a moment later, and another may ask for the lock at once.
        with suppress(StoreError):
            await session.execute(f"SELECT pg_advisory_unlock({_SPACE}, {lock})", LAST_WORD_SECONDS)
        await _end(session)

    def _held_by_another(self) -> StoreError:
        error = StoreError("another process holds the refresh lock of the Postgres database, or it does not answer")
        self._complaints.failed(error)
        return error

    async def _reported(self, asking: Awaitable[Done]) -> Done:
        try:
            done = await asking
        except StoreError as error:
            self._complaints.failed(error)
            raise
        self._complaints.worked()
        return done

    def _check_address(self) -> None:
        try:
            ports = str(conninfo_to_dict(self._url).get("port") or "")
        except psycopg.Error as error:
            told = _reason(store_error(error))
            raise ConfigurationError(f"DATABASE_URL is no address of a Postgres database ({told})") from error
        if not all(port.isdigit() and 0 < int(port) < 65_536 for port in ports.split(",") if port):
            raise ConfigurationError("DATABASE_URL is no address of a Postgres database (its port is none)")

    def _end_of_a_turn(self) -> float:
        return time.monotonic() + self._limits.statement

    async def _prepare(self) -> None:
        """Looks at what stands between, and makes or migrates the schema."""
        await refuse_transaction_pooling(self._url, self._limits.statement)
        session = await self._begin()
        try:
            await self._migrate(session)
        finally:
            await _end(session)
        self._is_prepared = True

    async def _migrate(self, session: Session) -> None:
        # Two instances that start at once take turns; the whole of it is one transaction.
        seconds = self._limits.statement
        await session.execute("BEGIN", seconds)
        await session.execute(f"SELECT pg_advisory_xact_lock({_SPACE}, {_MIGRATE})", seconds)
        await session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", seconds)
        await session.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", seconds)
        rows = await session.execute("SELECT version FROM schema_version", seconds)
        version = rows[0]["version"] if rows else 0
        if version > VERSION:
            raise ConfigurationError(NEWER.format(location=self.location))
        for step in MIGRATIONS[version:]:
            for statement in step:
                await session.execute(statement, seconds)
        # Written even where it does not change: the database must take writes before Spotify is asked.
        await session.execute("DELETE FROM schema_version", seconds)
        await session.execute("INSERT INTO schema_version VALUES (%(version)s)", seconds, {"version": VERSION})
        await session.execute("COMMIT", seconds)


def _shared(name: str, knowledge: str) -> Steps[None]:
    yield from transactions.save_note(name, knowledge)
    yield transactions.Statement(f"NOTIFY {_CHANNEL}", {})


async def _end(session: Session | None) -> None:
    if session is not None:
        await session.end()


def _left(ends_at: float) -> float:
    return max(0.05, ends_at - time.monotonic())


def _reason(error: StoreError) -> str:
    return str(error).partition("(")[2].removesuffix(")")
