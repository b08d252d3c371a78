"""Every transaction, as the statements it is made of. Pure: an engine runs each statement and sends its rows back."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from widget.model.sources import SourceName
from widget.model.tokens import SECONDS_PER_DAY, Account, Authorization, Credentials
from widget.store.base import RateLimitBlock
from widget.store.rows import Row, read_credentials, read_rate_limit_block, read_time, read_token, read_value
from widget.store.schema import TABLES

CLAIM_SECONDS = 300.0
MAX_FUTURE_MINUTES = 5
"""How far another instance's clock may be ahead of ours; calls beyond that are of a clock that was wrong."""

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
_REPLACE_NOTE = """
    INSERT INTO notes (name, text) VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text
"""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; its placeholders are written ``:name``."""

    sql: str
    values: Mapping[str, Any]


Transaction = Generator[Statement, Sequence[Row], Result]
"""A transaction: yields statements, is sent the rows of each, returns what it is for."""


def token() -> Transaction[Authorization | None]:
    """See :meth:`widget.store.base.Store.token`; the others here are named after its methods too."""
    return read_token((yield _sql("SELECT * FROM token")))


def credentials() -> Transaction[Credentials | None]:
    return read_credentials((yield _sql("SELECT client_id, client_secret FROM credentials")))


def save_authorization(
    token: Authorization, credentials: Credentials | None, seed_fingerprint: str | None, notes: Mapping[str, str]
) -> Transaction[None]:
    yield _sql(_REPLACE_AUTHORIZATION, **_columns(token))
    if credentials is not None:
        yield _sql(_REPLACE_CREDENTIALS, client_id=credentials.client_id, client_secret=credentials.client_secret)
    if seed_fingerprint is not None:
        yield from save_note("seed", seed_fingerprint)
    yield from save_notes(notes)


def save_refresh(
    used_refresh_token: str, token: Authorization, credentials: Credentials | None, seed_fingerprint: str | None
) -> Transaction[bool]:
    stored = read_token((yield _sql("SELECT * FROM token")))
    if stored is None:
        yield from save_authorization(token, credentials, seed_fingerprint, {})
        return True
    if stored.refresh_token != used_refresh_token:
        return False
    yield _sql(_REPLACE_AUTHORIZATION, **_columns(token))
    return True


def mark_needs_authorization(refresh_token: str) -> Transaction[None]:
    yield _sql(
        "UPDATE token SET needs_authorization = 1, access_token = NULL, access_expires_at = NULL "
        "WHERE refresh_token = :refresh_token",
        refresh_token=refresh_token,
    )


def drop_access(access_token: str) -> Transaction[None]:
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


def spend_call(now: float, calls_per_day: int, source: SourceName) -> Transaction[bool]:
    minute, calls = _minute(now), _calls_of(source)
    yield _sql(
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
    return [(row["minute"] * 60.0, int(row["spent"])) for row in rows]


class _Calls(NamedTuple):
    table: str
    own: str
    insert: str


def _calls_of(source: SourceName) -> _Calls:
    """Where the calls of ``source`` are counted; those of Spotify stand where they always stood."""
    if source == "spotify":
        return _Calls("calls", "1 = 1", "(minute, spent) VALUES (:minute, 1) ON CONFLICT (minute)")
    columns = "(source, minute, spent) VALUES (:source, :minute, 1) ON CONFLICT (source, minute)"
    return _Calls("source_calls", "source = :source", columns)


def ban(source: SourceName) -> Transaction[RateLimitBlock | None]:
    return read_rate_limit_block((yield from note(key_for("ban", source))))


def save_ban(ban: RateLimitBlock | None, source: SourceName) -> Transaction[None]:
    name = key_for("ban", source)
    if ban is None:
        yield from drop_note(name)
        return
    standing = read_rate_limit_block((yield from note(name)))
    if standing is None or standing.until < ban.until:
        yield from save_note(name, json.dumps({"until": ban.until, "code": ban.code, "message": ban.message}))


def key_for(name: str, source: SourceName) -> str:
    """The note ``name`` as it is kept for ``source``: what one has told or forbidden is nothing to another."""
    return name if source == "spotify" else f"{name}:{source}"


def save_notes(notes: Mapping[str, str]) -> Transaction[None]:
    for name, text in notes.items():
        yield from save_note(name, text)


def note(name: str) -> Transaction[str | None]:
    return read_value((yield _sql("SELECT text FROM notes WHERE name = :name", name=name)))


def save_note(name: str, text: str) -> Transaction[None]:
    yield _sql(_REPLACE_NOTE, name=name, text=text)


def drop_note(name: str) -> Transaction[None]:
    yield _sql("DELETE FROM notes WHERE name = :name", name=name)


def messages_sent(channel: str) -> Transaction[frozenset[str]]:
    rows = yield _sql("SELECT key FROM messages WHERE channel = :channel AND sent = 1", channel=channel)
    return frozenset(row["key"] for row in rows if isinstance(row["key"], str))


def claim_message(channel: str, key: str, now: float) -> Transaction[bool]:
    rows = yield _sql(
        "SELECT claimed_at, sent FROM messages WHERE channel = :channel AND key = :key", channel=channel, key=key
    )
    if rows:
        claimed_at = read_time(rows[0]["claimed_at"])
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


def settle_message(channel: str, key: str, arrived: bool) -> Transaction[None]:
    verb = "UPDATE messages SET sent = 1" if arrived else "DELETE FROM messages"
    yield _sql(f"{verb} WHERE channel = :channel AND key = :key", channel=channel, key=key)


def _sql(sql: str, **values: Any) -> Statement:
    return Statement(sql, values)


def _minute(timestamp: float) -> int:
    # The whole minute that holds the moment counts: the budget is never exceeded in any 24 hours.
    return int(timestamp // 60)


def _columns(token: Authorization) -> dict[str, Any]:
    return {
        "refresh_token": token.refresh_token,
        "scopes": " ".join(token.scopes),
        "account_id": token.account and token.account.id,
        "account_name": token.account and token.account.name,
        "authorized_at": token.authorized_at,
        "access_token": token.access and token.access.value,
        "access_expires_at": token.access and token.access.expires_at,
        "last_refreshed_at": token.last_refreshed_at,
        "needs_authorization": int(token.needs_authorization),
    }
