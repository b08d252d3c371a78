"""Which store a ``DATABASE_URL`` means."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from widget.model.errors import ConfigurationError, StoreError
from widget.store.base import Store
from widget.store.limits import DEFAULT, StoreTimeouts

SQLITE_PREFIX = "sqlite:///"
WITHOUT_PSYCOPG = (
    "DATABASE_URL names a Postgres database, and psycopg is not installed (there is none ready-made for this kind of "
    "machine): install psycopg and PostgreSQL's libpq, or use sqlite:///file.db"
)

log = logging.getLogger(__name__)


def create_store(database_url: str, limits: StoreTimeouts = DEFAULT) -> Store:
    """The store at ``database_url``, not yet open. Raises :class:`ConfigurationError` for an unknown scheme."""
    if database_url.startswith(SQLITE_PREFIX):
        from widget.store.sqlite import SqliteStore

        return SqliteStore(Path(database_url.removeprefix(SQLITE_PREFIX)), limits)
    if database_url.startswith(("postgres://", "postgresql://")):
        try:
            from widget.store.postgres import PostgresStore
        except ImportError as error:
            raise ConfigurationError(WITHOUT_PSYCOPG) from error
        return PostgresStore(database_url, limits)
    raise ConfigurationError("DATABASE_URL cannot be right: use sqlite:///file.db or postgresql://…")


async def open_or_warn(store: Store) -> None:
    """Opens ``store`` for a server, which serves without it until it comes. ConfigurationError where it never can."""
    try:
        await store.open()
    except StoreError:
        log.warning("serving without the database until it can be used")


def is_ephemeral(
    database_url: str, disk_starts_empty: bool, is_mount: Callable[[Path], bool] = os.path.ismount
) -> bool:
    """Whether the next restart may take the database: an SQLite file on no mount, at a host whose disk starts empty."""
    if not disk_starts_empty or not database_url.startswith(SQLITE_PREFIX):
        return False
    path = Path(os.path.realpath(database_url.removeprefix(SQLITE_PREFIX)))
    return not any(is_mount(parent) for parent in path.parents if parent != parent.parent)
