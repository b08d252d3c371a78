"""DATABASE_URL for Postgres: validation, a form without secrets, and detection of poolers."""

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from widget.model.errors import ConfigurationError, StoreError
from widget.store.postgres_connection import PostgresConnection, store_error

POOLER_ERROR = (
    "DATABASE_URL leads to a pooler in transaction mode (such as PgBouncer), through which locks and notifications do "
    "not work: use the database's direct address, or the pooler's session mode"
)


def redacted_dsn(url: str) -> str:
    """Return the database and its host for people, without user and password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "Postgres"
    return f"Postgres, database {parts.get('dbname', '')!s} on {parts.get('host', 'this machine')!s}"


def validate_dsn(url: str) -> None:
    """Raise :class:`ConfigurationError` if ``url`` can never lead to a database.

    Makes no connection to it.
    """
    try:
        options = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise _invalid(error_detail(store_error(error))) from error
    # libpq checks these only when it connects; here it is an error that no waiting cures.
    if not all(port.isdigit() and 0 < int(port) < 65_536 for port in _entries(options, "port") if port):
        raise _invalid("invalid port")
    if not all(map(_is_numeric_address, filter(None, _entries(options, "hostaddr")))):
        raise _invalid("invalid hostaddr")
    if not _is_number_of_seconds(options.get("connect_timeout", "0")):
        raise _invalid("connect_timeout is not a number")
    complaint = _libpq_complaint(options)
    if complaint:
        # libpq's messages do not contain the password, unless the wrong option has the same text.
        password = str(options.get("password") or "")
        raise _invalid("one of its options is wrong" if password and password in complaint else complaint)


async def reject_transaction_pooling(url: str, seconds: float) -> None:
    """Raise :class:`ConfigurationError` behind a pooler in transaction mode.

    Postgres, and a pooler in session mode, gives a connection one server process for life. Through a pooler in
    transaction mode two connections share one, or one connection changes its own: locks stay on foreign sessions and
    notifications are lost (https://www.pgbouncer.org/features.html).
    """
    async with AsyncExitStack() as stack:
        first = await PostgresConnection.open(url, seconds)
        stack.push_async_callback(first.close)
        pid = await _backend_pid(first, seconds)
        # Two connections, because a pooler without load gives one connection the same server process each time.
        second = await PostgresConnection.open(url, seconds)
        stack.push_async_callback(second.close)
        await second.execute("BEGIN", seconds)  # Occupies the second connection's server process.
        if await _backend_pid(second, seconds) == pid:
            raise ConfigurationError(POOLER_ERROR)
        pid_meanwhile = await _backend_pid(first, seconds)
        await second.execute("COMMIT", seconds)
        if len({pid, pid_meanwhile, await _backend_pid(first, seconds)}) > 1:
            raise ConfigurationError(POOLER_ERROR)


def error_detail(error: StoreError) -> str:
    """Return the part in brackets that :func:`store_error` wrote."""
    return str(error).partition("(")[2].removesuffix(")")


def _invalid(detail: str) -> ConfigurationError:
    return ConfigurationError(f"DATABASE_URL is not a valid Postgres address ({detail})")


def _libpq_complaint(options: Mapping[str, Any]) -> str:
    """Return libpq's complaint about an option; empty if it begins to connect.

    It checks most options first and the rest when it has a socket. So it connects to a port of this machine that is
    held here and does not listen.
    """
    try:
        with socket.socket(socket.AF_INET) as held:
            held.bind(("127.0.0.1", 0))
            port = str(held.getsockname()[1])
            message_without, _ = _start_connecting({"host": "127.0.0.1", "port": port})
            message, failed = _start_connecting({**options, **_redirected("127.0.0.1", port, options)})
    except OSError:
        return ""
    # A message that comes without the options too is not about them: PGSSLMODE, or a refused connection.
    if not failed or message == message_without:
        return ""
    return next((line.strip() for line in message.removeprefix(message_without).splitlines() if line.strip()), "")


def _start_connecting(options: Mapping[str, Any]) -> tuple[str, bool]:
    """Return libpq's message and whether it gave up. With a password given it looks for none."""
    connection = pq.PGconn.connect_start(make_conninfo("", **{"password": "none", **options}).encode())
    try:
        return connection.error_message.decode(errors="replace"), connection.status == pq.ConnStatus.BAD
    finally:
        connection.finish()


def _redirected(host: str, port: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the address in ``options`` redirected to ``host`` and ``port``.

    It has as many entries as before, as libpq compares their numbers.
    """
    if not options.get("host") and not options.get("hostaddr"):
        return {"host": host, "port": port}
    names = [name for name in ("host", "hostaddr") if options.get(name)]
    hosts = {name: ",".join([host] * len(_entries(options, name))) for name in names}
    return {**hosts, "port": ",".join([port] * max(1, len(_entries(options, "port"))))}


def _entries(options: Mapping[str, Any], name: str) -> list[str]:
    value = options.get(name)
    return str(value).split(",") if value else []


def _is_numeric_address(text: str) -> bool:
    try:
        socket.getaddrinfo(text, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True


def _is_number_of_seconds(value: Any) -> bool:
    """Return whether psycopg can read it."""
    try:
        int(float(value))
    except (ValueError, OverflowError, TypeError):
        return False
    return True


async def _backend_pid(connection: PostgresConnection, seconds: float) -> int:
    return int((await connection.execute("SELECT pg_backend_pid() AS pid", seconds))[0]["pid"])
