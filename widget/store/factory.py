"""The store for a DATABASE_URL."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

from widget.model.errors import ConfigurationError, StoreError
from widget.store.base import DEFAULT_TIMEOUTS, Store, StoreTimeouts

SQLITE_PREFIX = "sqlite:///"
MISSING_PSYCOPG_ERROR = (
    "DATABASE_URL names a Postgres database, and psycopg is not installed (no binary wheel exists for this kind of "
    "machine): install psycopg and PostgreSQL's libpq, or use sqlite:///file.db"
)

log = logging.getLogger(__name__)


def create_store(database_url: str, timeouts: StoreTimeouts = DEFAULT_TIMEOUTS) -> Store:
    """Return the store at ``database_url``, not yet open.

    Raises :class:`ConfigurationError` for an unknown scheme.
    """
    if database_url.startswith(SQLITE_PREFIX):
        from widget.store.sqlite import SqliteStore

        return SqliteStore(Path(database_url.removeprefix(SQLITE_PREFIX)), timeouts)
    if database_url.startswith(("postgres://", "postgresql://")):
        try:
            from widget.store.postgres import PostgresStore
        # psycopg-binary has no wheel for 32-bit ARM and Windows on ARM, so it is optional there.
        except ImportError as error:
            raise ConfigurationError(MISSING_PSYCOPG_ERROR) from error
        return PostgresStore(database_url, timeouts)
    raise ConfigurationError("DATABASE_URL is not valid: use sqlite:///file.db or postgresql://…")


async def open_or_warn(store: Store) -> None:
    """Open ``store`` for a server, which serves without it until it comes.

    Raises :class:`ConfigurationError` if it never can.
    """
    try:
        await store.open()
    except StoreError:
        log.warning("serving without the database until it can be used")


def is_ephemeral(
    database_url: str, has_ephemeral_disk: bool, is_mount: Callable[[Path], bool] = os.path.ismount
) -> bool:
    """Return whether a restart may lose the database: an SQLite file on an ephemeral disk.

    A file on a mount is not lost.
    """
    if not has_ephemeral_disk or not database_url.startswith(SQLITE_PREFIX):
        return False
    path = Path(os.path.realpath(database_url.removeprefix(SQLITE_PREFIX)))
    # The root itself is always a mount, so it proves nothing.
    return not any(is_mount(parent) for parent in path.parents if parent != parent.parent)
