"""The lead over the instances on one Postgres: it is a session's, and ends with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from widget.model.errors import StoreError
from widget.store.outage_log import OutageLog
from widget.store.postgres_connection import LEAD, PostgresConnection, release_lock

_NOTICED_SOON = (
    # The server ends the session of an instance that vanished without a word, and so its leadership, in about 11 s;
    # and that of one that was stopped, where it knows how to (from version 14 on).
    "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 2",
    "SELECT set_config(name, '14s', false) FROM pg_settings WHERE name = 'idle_session_timeout'",
)


class LeaderLease:
    """``begin`` gives a new session; each statement ends within ``seconds``. While another leads, its session waits."""

    def __init__(
        self, begin: Callable[[], Awaitable[PostgresConnection]], complaints: OutageLog, seconds: float
    ) -> None:
        self._begin = begin
        self._complaints = complaints
        self._seconds = seconds
        self._session: PostgresConnection | None = None
        self._is_ours = False

    async def try_acquire(self) -> bool:
        """Becomes, or stays, the leader; whether it is. May raise StoreError."""
        if self._is_ours and self._session is not None:
            try:
                await self._complaints.watch(self._session.execute("SELECT 1", self._seconds))
                return True
            except StoreError:
                await self.release()
        try:
            session = self._session or await self._begun()
            rows = await self._complaints.watch(
                session.execute(f"SELECT pg_try_advisory_lock({LEAD}) AS leads", self._seconds)
            )
            self._is_ours = rows[0]["leads"]
        except BaseException:
            await self.release()
            raise
        return self._is_ours

    async def release(self) -> None:
        """Lets another lead."""
        session, was_ours = self._session, self._is_ours
        self._session, self._is_ours = None, False
        if session is not None:
            await (release_lock(session, LEAD) if was_ours else session.end())

    async def _begun(self) -> PostgresConnection:
        self._session = session = await self._complaints.watch(self._begin())
        for statement in _NOTICED_SOON:
            await self._complaints.watch(session.execute(statement, self._seconds))
        return session
