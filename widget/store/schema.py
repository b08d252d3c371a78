"""The migrations that create the tables.

A released migration never changes; a later release appends one.
"""

from typing import NamedTuple


class Migration(NamedTuple):
    """One step of the schema. ``name`` is recorded in the database, so it never changes.

    Statements may run again on a database whose records were lost, so they create nothing twice.
    """

    name: str
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(
        "0001_initial",
        (
            """CREATE TABLE IF NOT EXISTS token (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                refresh_token TEXT NOT NULL,
                scopes TEXT NOT NULL,
                account_id TEXT,
                account_name TEXT,
                authorized_at DOUBLE PRECISION,
                access_token TEXT,
                access_expires_at DOUBLE PRECISION,
                last_refreshed_at DOUBLE PRECISION,
                needs_authorization INTEGER NOT NULL
            )""",
            """CREATE TABLE IF NOT EXISTS credentials (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                client_id TEXT NOT NULL,
                client_secret TEXT
            )""",
            "CREATE TABLE IF NOT EXISTS calls (minute BIGINT PRIMARY KEY, spent INTEGER NOT NULL)",
            "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT NOT NULL)",
            """CREATE TABLE IF NOT EXISTS messages (
                channel TEXT NOT NULL,
                key TEXT NOT NULL,
                claimed_at DOUBLE PRECISION NOT NULL,
                sent INTEGER NOT NULL,
                PRIMARY KEY (channel, key)
            )""",
        ),
    ),
    Migration(
        "0002_source_calls",
        (
            """CREATE TABLE IF NOT EXISTS source_calls (
                source TEXT NOT NULL,
                minute BIGINT NOT NULL,
                spent INTEGER NOT NULL,
                PRIMARY KEY (source, minute)
            )""",
        ),
    ),
)

# forget empties these, and leaves only the records of migrations.
TABLES = ("token", "credentials", "calls", "notes", "messages", "source_calls")

VERSION = 2
"""The number that earlier versions compare with their own and refuse when it is higher.

Raised only for a change that they would misread, never for an added table: going back must work.
"""

NEWER_SCHEMA_ERROR = "the database at {location} was written by a newer version of this program: update the program"
