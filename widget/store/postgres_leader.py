"""The leader lease of the instances on one Postgres: it ends with its connection."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from widget.model.errors import StoreError
from widget.store.outage_log import OutageLog
from widget.store.postgres_connection import LEADER_LOCK, PostgresConnection, release_lock

_EARLY_DETECTION = (
    # The server ends the session, and so the lease, of an instance that vanished without a word in about 11 s, and
    # that of one that was stopped from Postgres 14 on.
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 2",
    "SELECT set_config(name, '14s', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
)


class LeaderLease:
    """``connect`` opens a connection; each statement ends within ``seconds``.

    A follower keeps its connection.
    """

    def __init__(
        self, connect: Callable[[], Awaitable[PostgresConnection]], outage_log: OutageLog, seconds: float
    ) -> None:
        self._connect = connect
        self._outage_log = outage_log
        self._seconds = seconds
        self._connection: PostgresConnection | None = None
        self._is_held = False

    async def try_acquire(self) -> bool:
        """Become, or stay, the leader. Raises StoreError."""
        if self._is_held and self._connection is not None:
            try:
                # Holding the lock is not enough: the connection may be dead, and the lock another's.
                await self._outage_log.watch(self._connection.execute("SELECT 1", self._seconds))
                return True
            except StoreError:
                await self.release()
        try:
            connection = self._connection or await self._open_connection()
            rows = await self._outage_log.watch(
                connection.execute(f"SELECT pg_try_advisory_lock({LEADER_LOCK}) AS leads", self._seconds)
            )
            self._is_held = rows[0]["leads"]
        except BaseException:
            await self.release()
            raise
        return self._is_held

    async def release(self) -> None:
        connection, was_held = self._connection, self._is_held
        self._connection, self._is_held = None, False
        if connection is not None:
            if was_held:
                # Explicitly, so that a follower takes over at once.
                await release_lock(connection, LEADER_LOCK)
            else:
                await connection.close()

    async def _open_connection(self) -> PostgresConnection:
        self._connection = connection = await self._outage_log.watch(self._connect())
        for statement in _EARLY_DETECTION:
            await self._outage_log.watch(connection.execute(statement, self._seconds))
        return connection
