"""The tables in Postgres, made or brought up to date."""

from __future__ import annotations

from widget.model.errors import ConfigurationError
from widget.store.postgres_connection import SCHEMA, PostgresConnection
from widget.store.postgres_locks import MIGRATE
from widget.store.schema import MIGRATIONS, NEWER_SCHEMA_ERROR, VERSION


async def migrate(session: PostgresConnection, location: str, seconds: float) -> None:
    """Makes the schema, or takes it to our version; each statement ends within ``seconds``.

    Raises StoreError, or :class:`ConfigurationError` where the database at ``location`` is of a newer version.
    """
    # Two instances that start at once take turns; the whole of it is one transaction.
    await session.execute("BEGIN", seconds)
    await session.execute(f"SELECT pg_advisory_xact_lock({MIGRATE})", seconds)
    await session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", seconds)
    await session.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", seconds)
    rows = await session.execute("SELECT version FROM schema_version", seconds)
    version = rows[0]["version"] if rows else 0
    if version > VERSION:
        raise ConfigurationError(NEWER_SCHEMA_ERROR.format(location=location))
    for step in MIGRATIONS[version:]:
        for statement in step:
            await session.execute(statement, seconds)
    # Written even where it does not change: the database must take writes before Spotify is asked.
    await session.execute("DELETE FROM schema_version", seconds)
    await session.execute("INSERT INTO schema_version VALUES (%(version)s)", seconds, {"version": VERSION})
    await session.execute("COMMIT", seconds)
