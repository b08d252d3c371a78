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
from widget.model.errors import StoreError

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
