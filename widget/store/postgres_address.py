"""The address of a Postgres database: whether it is one, and what may be said of it."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from widget.errors import ConfigurationError, StoreError
from widget.store.postgres_session import store_error


def location_of(url: str) -> str:
    """The database and its host, for people; without the user and the password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "Postgres"
    return f"Postgres, database {parts.get('dbname', '')!s} on {parts.get('host', 'this machine')!s}"


def check_address(url: str) -> None:
    """Raises :class:`ConfigurationError` where ``url`` can never lead to a database."""
    try:
        ports = str(conninfo_to_dict(url).get("port") or "")
    except psycopg.Error as error:
        told = reason(store_error(error))
        raise ConfigurationError(f"DATABASE_URL is no address of a Postgres database ({told})") from error
    if not all(port.isdigit() and 0 < int(port) < 65_536 for port in ports.split(",") if port):
        raise ConfigurationError("DATABASE_URL is no address of a Postgres database (its port is none)")


def reason(error: StoreError) -> str:
    """Why the database cannot be used, out of what :func:`store_error` made."""
    return str(error).partition("(")[2].removesuffix(")")
