"""The tables, as the steps that led to them. A released step never changes; a later release adds one."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE token (
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
        """CREATE TABLE credentials (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            client_id TEXT NOT NULL,
            client_secret TEXT
        )""",
        "CREATE TABLE calls (minute BIGINT PRIMARY KEY, spent INTEGER NOT NULL)",
        "CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL)",
        """CREATE TABLE messages (
            channel TEXT NOT NULL,
            key TEXT NOT NULL,
            claimed_at DOUBLE PRECISION NOT NULL,
            sent INTEGER NOT NULL,
            PRIMARY KEY (channel, key)
        )""",
    ),
    (
        """CREATE TABLE source_calls (
            source TEXT NOT NULL,
            minute BIGINT NOT NULL,
            spent INTEGER NOT NULL,
            PRIMARY KEY (source, minute)
        )""",
    ),
)

TABLES = ("token", "credentials", "calls", "notes", "messages", "source_calls")
VERSION = len(MIGRATIONS)
NEWER_SCHEMA_ERROR = "the database at {location} was written by a newer version of this program: update the program"
