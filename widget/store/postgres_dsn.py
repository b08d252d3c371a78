"""The address of a Postgres database: whether it is one, and what may be said of it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from widget.model.errors import ConfigurationError, StoreError
from widget.store.postgres_connection import PostgresConnection, store_error


def redacted_dsn(url: str) -> str:
    """The database and its host, for people; without the user and the password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "Postgres"
    return f"Postgres, database {parts.get('dbname', '')!s} on {parts.get('host', 'this machine')!s}"


def validate_dsn(url: str) -> None:
    """Raises :class:`ConfigurationError` where ``url`` can never lead to a database. Asks nobody."""
    try:
        options = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise _no_address(reason(store_error(error))) from error
    if not all(port.isdigit() and 0 < int(port) < 65_536 for port in _each(options, "port") if port):
        raise _no_address("its port is none")
    if not all(map(_is_numeric_address, filter(None, _each(options, "hostaddr")))):
        raise _no_address("its hostaddr is none")
    if not _is_number_of_seconds(options.get("connect_timeout", "0")):
        raise _no_address("its connect_timeout is no number")
    told = _refused_option(options)
    if told:
        # Nothing that libpq tells here holds the password, unless the same text stands in the option too.
        password = str(options.get("password") or "")
        raise _no_address("one of its options is wrong" if password and password in told else told)


def reason(error: StoreError) -> str:
    """Why the database cannot be used, out of what :func:`store_error` made."""
    return str(error).partition("(")[2].removesuffix(")")


def _no_address(why: str) -> ConfigurationError:
    return ConfigurationError(f"DATABASE_URL is no address of a Postgres database ({why})")


def _refused_option(options: Mapping[str, Any]) -> str:
    """What libpq says of an option before it connects; empty where it begins to connect.

    It looks at most of them first and at the rest when it has a socket. So it begins with a port of this machine that
    is held here and where nobody listens.
    """
    try:
        with socket.socket(socket.AF_INET) as held:
            held.bind(("127.0.0.1", 0))
            port = str(held.getsockname()[1])
            bare, _ = _begun({"host": "127.0.0.1", "port": port})
            told, is_refused = _begun({**options, **_led_to("127.0.0.1", port, options)})
    except OSError:
        return ""
    # What is said without the options too is not said of them: a PGSSLMODE in the environment, a refused connection.
    if not is_refused or told == bare:
        return ""
    return next((line.strip() for line in told.removeprefix(bare).splitlines() if line.strip()), "")


def _begun(options: Mapping[str, Any]) -> tuple[str, bool]:
    """What libpq says when it begins to connect, and whether it ends there. Given a password it looks for none."""
    connection = pq.PGconn.connect_start(make_conninfo("", **{"password": "none", **options}).encode())
    try:
        return connection.error_message.decode(errors="replace"), connection.status == pq.ConnStatus.BAD
    finally:
        connection.finish()


def _led_to(host: str, port: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The place in ``options``, led to ``host`` and ``port``; with as many of each, for libpq compares the numbers."""
    if not options.get("host") and not options.get("hostaddr"):
        return {"host": host, "port": port}
    places = {name: ",".join([host] * len(_each(options, name))) for name in ("host", "hostaddr") if options.get(name)}
    return {**places, "port": ",".join([port] * max(1, len(_each(options, "port"))))}


def _each(options: Mapping[str, Any], name: str) -> list[str]:
    """The entries of an option that may hold several."""
    value = options.get(name)
    return str(value).split(",") if value else []


def _is_numeric_address(text: str) -> bool:
    try:
        socket.getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _is_number_of_seconds(value: Any) -> bool:
    """As psycopg reads it."""
    try:
        int(float(value))
    except (ValueError, OverflowError, TypeError):
        return False
    return True


_WHO = "SELECT pg_backend_pid() AS pid"

POOLER_ERROR = (
    "DATABASE_URL leads to a pooler in transaction mode (such as PgBouncer), through which locks and notifications do "
    "not work: use the database's direct address, or the pooler's session mode"
)


async def reject_transaction_pooling(url: str, seconds: float) -> None:
    """Raises :class:`ConfigurationError` where two connections share one server process, or one changes its own.

    A connection to Postgres itself, or through a pooler in session mode, has one server process for its whole life.
    """
    async with AsyncExitStack() as stack:
        one = await PostgresConnection.open(url, seconds)
        stack.push_async_callback(one.end)
        first = await _backend(one, seconds)
        other = await PostgresConnection.open(url, seconds)
        stack.push_async_callback(other.end)
        await other.execute("BEGIN", seconds)  # From here on the other's server process is taken.
        others = await _backend(other, seconds)
        if others == first:
            raise ConfigurationError(POOLER_ERROR)
        while_taken = await _backend(one, seconds)
        await other.execute("COMMIT", seconds)
        if len({first, while_taken, await _backend(one, seconds)}) > 1:
            raise ConfigurationError(POOLER_ERROR)


async def _backend(session: PostgresConnection, seconds: float) -> int:
    return int((await session.execute(_WHO, seconds))[0]["pid"])
