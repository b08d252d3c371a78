"""The SQL of every transaction, as generators that both engines drive."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from widget.model.sources import SourceName
from widget.model.tokens import SECONDS_PER_DAY, Account, Authorization, Credentials
from widget.store.rows import (
    RateLimitBlock,
    Row,
    read_authorization,
    read_calls,
    read_credentials,
    read_rate_limit_block,
    read_timestamp,
    read_value,
)
from widget.store.schema import TABLES

# After this the process that claimed has died while sending.
CLAIM_SECONDS = 300.0
MAX_FUTURE_MINUTES = 5
"""How far another instance's clock may be ahead of ours; later calls come from a clock that was wrong."""

# A greater number is damage, and must not stop all calls for a day.
MAX_CALLS_PER_MINUTE = 1_000_000

_REPLACE_AUTHORIZATION = """
    INSERT INTO token (id, refresh_token, scopes, account_id, account_name, authorized_at, access_token,
                       access_expires_at, last_refreshed_at, needs_authorization)
    VALUES (1, :refresh_token, :scopes, :account_id, :account_name, :authorized_at, :access_token,
            :access_expires_at, :last_refreshed_at, :needs_authorization)
    ON CONFLICT (id) DO UPDATE SET
        refresh_token = excluded.refresh_token, scopes = excluded.scopes, account_id = excluded.account_id,
        account_name = excluded.account_name, authorized_at = excluded.authorized_at,
        access_token = excluded.access_token, access_expires_at = excluded.access_expires_at,
        last_refreshed_at = excluded.last_refreshed_at, needs_authorization = excluded.needs_authorization
"""
_REPLACE_CREDENTIALS = """
    INSERT INTO credentials (id, client_id, client_secret) VALUES (1, :client_id, :client_secret)
    ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, client_secret = excluded.client_secret
"""
_REPLACE_VALUE = """
    INSERT INTO notes (name, text) VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text
"""

Result = TypeVar("Result")


class Statement(NamedTuple):
    """One statement with placeholders of the form ``:name``."""

    sql: str
    values: Mapping[str, Any]


Transaction = Generator[Statement, Sequence[Row], Result]
"""Yields statements, is sent the rows of each and returns the result."""


def authorization() -> Transaction[Authorization | None]:
    """See :meth:`widget.store.base.Store.authorization`; all are named after its methods."""
    return read_authorization((yield _sql("SELECT * FROM token")))


def credentials() -> Transaction[Credentials | None]:
    return read_credentials((yield _sql("SELECT client_id, client_secret FROM credentials")))


def save_authorization(
    authorization: Authorization,
    credentials: Credentials | None,
    seed_fingerprint: str | None,
    values: Mapping[str, str],
) -> Transaction[None]:
    yield _sql(_REPLACE_AUTHORIZATION, **authorization_columns(authorization))
    if credentials is not None:
        yield _sql(_REPLACE_CREDENTIALS, client_id=credentials.client_id, client_secret=credentials.client_secret)
    if seed_fingerprint is not None:
        yield from set_value("seed", seed_fingerprint)
    yield from set_values(values)


def save_refresh(
    used_refresh_token: str, authorization: Authorization, credentials: Credentials | None, seed_fingerprint: str | None
) -> Transaction[bool]:
    stored = read_authorization((yield _sql("SELECT * FROM token")))
    if stored is None:
        yield from save_authorization(authorization, credentials, seed_fingerprint, {})
        return True
    # The owner authorized again meanwhile: the older authorization must not come back.
    if stored.refresh_token != used_refresh_token:
        return False
    yield _sql(_REPLACE_AUTHORIZATION, **authorization_columns(authorization))
    return True


def mark_needs_authorization(refresh_token: str) -> Transaction[None]:
    yield _sql(
        "UPDATE token SET needs_authorization = 1, access_token = NULL, access_expires_at = NULL "
        "WHERE refresh_token = :refresh_token",
        refresh_token=refresh_token,
    )


def discard_access_token(access_token: str) -> Transaction[None]:
    yield _sql(
        "UPDATE token SET access_token = NULL, access_expires_at = NULL WHERE access_token = :access_token",
        access_token=access_token,
    )


def save_account(refresh_token: str, account: Account) -> Transaction[None]:
    yield _sql(
        "UPDATE token SET account_id = :id, account_name = :name "
        "WHERE refresh_token = :refresh_token AND account_id IS NULL",
        refresh_token=refresh_token,
        id=account.id,
        name=account.name,
    )


def forget() -> Transaction[None]:
    for table in TABLES:
        yield _sql(f"DELETE FROM {table}")  # noqa: S608


def count_call(now: float, calls_per_day: int, source: SourceName) -> Transaction[bool]:
    minute, calls = _minute(now), _calls_of(source)
    yield _sql(
        # Calls in the future would count for as long as the clock was ahead.
        f"DELETE FROM {calls.table} WHERE {calls.own} AND (minute < :oldest OR minute > :newest)",  # noqa: S608
        source=source,
        oldest=_minute(now - SECONDS_PER_DAY),
        newest=minute + MAX_FUTURE_MINUTES,
    )
    rows = yield _sql(
        f"SELECT COALESCE(SUM(spent), 0) AS spent FROM {calls.table} WHERE {calls.own} "  # noqa: S608
        "AND spent BETWEEN 1 AND :most",
        source=source,
        most=MAX_CALLS_PER_MINUTE,
    )
    if rows[0]["spent"] >= calls_per_day:
        return False
    yield _sql(
        f"INSERT INTO {calls.table} {calls.insert} DO UPDATE SET spent = "
        f"CASE WHEN {calls.table}.spent BETWEEN 1 AND :most THEN {calls.table}.spent + 1 ELSE 1 END",
        source=source,
        minute=minute,
        most=MAX_CALLS_PER_MINUTE,
    )
    return True


def calls_since(since: float, source: SourceName) -> Transaction[Sequence[tuple[float, int]]]:
    calls = _calls_of(source)
    rows = yield _sql(
        f"SELECT minute, spent FROM {calls.table} WHERE {calls.own} AND minute >= :oldest "  # noqa: S608
        "AND spent BETWEEN 1 AND :most ORDER BY minute",
        source=source,
        oldest=_minute(since),
        most=MAX_CALLS_PER_MINUTE,
    )
    return read_calls(rows)


class _Calls(NamedTuple):
    table: str
    own: str
    insert: str


def _calls_of(source: SourceName) -> _Calls:
    """Return the table of the source's calls.

    Spotify's is that of 1.0.0, which had no other source.
    """
    if source == "spotify":
        return _Calls("calls", "1 = 1", "(minute, spent) VALUES (:minute, 1) ON CONFLICT (minute)")
    columns = "(source, minute, spent) VALUES (:source, :minute, 1) ON CONFLICT (source, minute)"
    return _Calls("source_calls", "source = :source", columns)


def rate_limit_block(source: SourceName) -> Transaction[RateLimitBlock | None]:
    return read_rate_limit_block((yield from get_value(key_for("ban", source))))


def set_rate_limit_block(block: RateLimitBlock | None, source: SourceName) -> Transaction[None]:
    key = key_for("ban", source)
    if block is None:
        yield from delete_value(key)
        return
    current = read_rate_limit_block((yield from get_value(key)))
    # Two instances may be refused at once, with different Retry-After headers.
    if current is None or current.until < block.until:
        yield from set_value(key, json.dumps({"until": block.until, "code": block.code, "message": block.message}))


def key_for(name: str, source: SourceName) -> str:
    """Return the key of a value of one source; Spotify's has no suffix, as in 1.0.0."""
    return name if source == "spotify" else f"{name}:{source}"


def set_values(values: Mapping[str, str]) -> Transaction[None]:
    for key, value in values.items():
        yield from set_value(key, value)


def get_value(key: str) -> Transaction[str | None]:
    return read_value((yield _sql("SELECT text FROM notes WHERE name = :name", name=key)))


def set_value(key: str, value: str) -> Transaction[None]:
    yield _sql(_REPLACE_VALUE, name=key, text=value)


def delete_value(key: str) -> Transaction[None]:
    yield _sql("DELETE FROM notes WHERE name = :name", name=key)


def messages_sent(channel: str) -> Transaction[frozenset[str]]:
    rows = yield _sql("SELECT key FROM messages WHERE channel = :channel AND sent = 1", channel=channel)
    return frozenset(row["key"] for row in rows if isinstance(row["key"], str))


def claim_message(channel: str, key: str, now: float) -> Transaction[bool]:
    rows = yield _sql(
        "SELECT claimed_at, sent FROM messages WHERE channel = :channel AND key = :key", channel=channel, key=key
    )
    if rows:
        claimed_at = read_timestamp(rows[0]["claimed_at"])
        # Both ways: a claim from a clock that was ahead must expire, too.
        if rows[0]["sent"] == 1 or (claimed_at is not None and abs(now - claimed_at) < CLAIM_SECONDS):
            return False
    yield _sql(
        "INSERT INTO messages (channel, key, claimed_at, sent) VALUES (:channel, :key, :now, 0) "
        "ON CONFLICT (channel, key) DO UPDATE SET claimed_at = excluded.claimed_at, sent = 0",
        channel=channel,
        key=key,
        now=now,
    )
    return True


def finish_message(channel: str, key: str, arrived: bool) -> Transaction[None]:
    # Deleted, so that the next attempt need not wait for the claim to expire.
    verb = "UPDATE messages SET sent = 1" if arrived else "DELETE FROM messages"
    yield _sql(f"{verb} WHERE channel = :channel AND key = :key", channel=channel, key=key)


def authorization_columns(authorization: Authorization) -> dict[str, Any]:
    """Return the columns of the table ``token``."""
    return {
        "refresh_token": authorization.refresh_token,
        "scopes": " ".join(authorization.scopes),
        "account_id": authorization.account and authorization.account.id,
        "account_name": authorization.account and authorization.account.name,
        "authorized_at": authorization.authorized_at,
        "access_token": authorization.access and authorization.access.value,
        "access_expires_at": authorization.access and authorization.access.expires_at,
        "last_refreshed_at": authorization.last_refreshed_at,
        "needs_authorization": int(authorization.needs_authorization),
    }


def _sql(sql: str, **values: Any) -> Statement:
    return Statement(sql, values)


def _minute(timestamp: float) -> int:
    # Counted by whole minutes, so that the limit is never exceeded in any 24 hours.
    return int(timestamp // 60)
