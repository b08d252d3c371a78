"""Whether a pooler in transaction mode stands between us and Postgres. Through one, locks stay on sessions that are no
longer ours, and notifications are never heard (https://www.pgbouncer.org/features.html)."""

from __future__ import annotations

from contextlib import AsyncExitStack

from widget.model.errors import ConfigurationError
from widget.store.postgres_connection import PostgresConnection

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
