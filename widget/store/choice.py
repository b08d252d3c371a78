"""Which store a ``DATABASE_URL`` means."""

from pathlib import Path

from widget.errors import ConfigurationError
from widget.store.protocol import Store

SQLITE_PREFIX = "sqlite:///"


def store_for(database_url: str) -> Store:
    """The store at ``database_url``, not yet open. Raises :class:`ConfigurationError` for an unknown scheme."""
    if database_url.startswith(SQLITE_PREFIX):
        from widget.store.sqlite_store import SqliteStore

        return SqliteStore(Path(database_url.removeprefix(SQLITE_PREFIX)))
    if database_url.startswith(("postgres://", "postgresql://")):
        from widget.store.postgres_store import PostgresStore

        return PostgresStore(database_url)
    raise ConfigurationError("DATABASE_URL cannot be right: use sqlite:///file.db or postgresql://…")
