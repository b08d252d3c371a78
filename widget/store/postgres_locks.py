"""Advisory locks keep writers, refreshes and leaders apart. A session's locks end with its connection, so they never
outlive a process. See https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
"""

from __future__ import annotations

from contextlib import suppress

from widget.model.errors import StoreError
from widget.store.postgres_connection import CANCEL_GRACE_SECONDS, PostgresConnection

# Numbers of our own in the key space of advisory locks: "nowp" and what each is for.
_SPACE = 0x6E6F7770
MIGRATE, WRITE, REFRESH, LEAD = (f"{_SPACE}, {purpose}" for purpose in range(4))


async def release_lock(session: PostgresConnection, lock: str) -> None:
    """Ends ``session``, and the ``lock`` that it holds at once."""
    # The server notices a closed connection only a moment later, and another may ask for the lock at once.
    with suppress(StoreError):
        await session.execute(f"SELECT pg_advisory_unlock({lock})", CANCEL_GRACE_SECONDS)
    await session.end()
