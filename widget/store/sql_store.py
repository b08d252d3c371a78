"""What every SQL store does alike; the engines differ in connections, transactions, locks and signals."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from widget.errors import ErrorCode
from widget.store.protocol import Ban
from widget.store.schema import TABLES
from widget.tokens import SECONDS_PER_DAY, AccessToken, Account, Credentials, Token

Row = Mapping[str, Any]
Run = Callable[..., Awaitable[Sequence[Row]]]
"""``await run(sql, name=value, …)`` gives the rows; placeholders are written ``:name``."""

CLAIM_SECONDS = 300.0

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


class SqlStore(ABC):
    """Implements most of :class:`widget.store.protocol.Store` over :meth:`_transaction`."""

    @abstractmethod
    def _transaction(self, *, write: bool = False, durable: bool = False) -> AbstractAsyncContextManager[Run]:
        """One transaction; ``write`` excludes every other writer, ``durable`` is on disk when it ends."""

    # The authorization.

    async def token(self) -> Token | None:
        async with self._transaction() as run:
            rows = await run("SELECT * FROM token")
        return _token(rows[0]) if rows else None

    async def credentials(self) -> Credentials | None:
        async with self._transaction() as run:
            rows = await run("SELECT client_id, client_secret FROM credentials")
        return Credentials(rows[0]["client_id"], rows[0]["client_secret"]) if rows else None

    async def seed_fingerprint(self) -> str | None:
        return await self.note("seed")

    async def save_authorization(
        self, token: Token, credentials: Credentials | None, seed_fingerprint: str | None
    ) -> None:
        async with self._transaction(write=True, durable=True) as run:
            await run(_REPLACE_AUTHORIZATION, **_columns(token))
            if credentials is not None:
                await run(
                    "INSERT INTO credentials (id, client_id, client_secret) VALUES (1, :client_id, :client_secret) "
                    "ON CONFLICT (id) DO UPDATE SET client_id = excluded.client_id, "
                    "client_secret = excluded.client_secret",
                    client_id=credentials.client_id,
                    client_secret=credentials.client_secret,
                )
            if seed_fingerprint is not None:
                await _save_note(run, "seed", seed_fingerprint)

    async def save_refresh(self, used_refresh_token: str, token: Token) -> bool:
        async with self._transaction(write=True, durable=True) as run:
            rows = await run("SELECT 1 FROM token WHERE refresh_token = :used", used=used_refresh_token)
            if not rows:
                return False
            await run(_REPLACE_AUTHORIZATION, **_columns(token))
        return True

    async def mark_needs_authorization(self, refresh_token: str) -> None:
        async with self._transaction(write=True, durable=True) as run:
            await run(
                "UPDATE token SET needs_authorization = 1, access_token = NULL, access_expires_at = NULL "
                "WHERE refresh_token = :refresh_token",
                refresh_token=refresh_token,
            )

    async def forget(self) -> None:
        async with self._transaction(write=True, durable=True) as run:
            for table in TABLES:
                await run(f"DELETE FROM {table}")  # noqa: S608

    # Asking Spotify.

    async def spend_call(self, now: float, calls_per_day: int) -> bool:
        minute = int(now // 60)
        async with self._transaction(write=True) as run:
            await run(
                "DELETE FROM calls WHERE minute < :oldest OR minute > :newest",
                oldest=_minute(now - SECONDS_PER_DAY),
                newest=minute + SECONDS_PER_DAY // 60,
            )
            rows = await run("SELECT COALESCE(SUM(spent), 0) AS spent FROM calls")
            if rows[0]["spent"] >= calls_per_day:
                return False
            await run(
                "INSERT INTO calls (minute, spent) VALUES (:minute, 1) "
                "ON CONFLICT (minute) DO UPDATE SET spent = calls.spent + 1",
                minute=minute,
            )
        return True

    async def calls_since(self, since: float) -> Sequence[tuple[float, int]]:
        async with self._transaction() as run:
            rows = await run(
                "SELECT minute, spent FROM calls WHERE minute >= :oldest ORDER BY minute", oldest=_minute(since)
            )
        return [(row["minute"] * 60.0, int(row["spent"])) for row in rows]

    async def ban(self) -> Ban | None:
        return _ban(await self.note("ban"))

    async def save_ban(self, ban: Ban | None) -> None:
        async with self._transaction(write=True, durable=True) as run:
            if ban is None:
                await run("DELETE FROM notes WHERE name = 'ban'")
                return
            rows = await run("SELECT text FROM notes WHERE name = 'ban'")
            standing = _ban(rows[0]["text"]) if rows else None
            if standing is None or standing.until < ban.until:
                text = json.dumps({"until": ban.until, "code": ban.code, "message": ban.message})
                await _save_note(run, "ban", text)

    # Several instances on one store.

    async def share(self, knowledge: str) -> None:
        await self.save_note("knowledge", knowledge)

    async def shared(self) -> str | None:
        return await self.note("knowledge")

    # Messages to the owner.

    async def note(self, name: str) -> str | None:
        async with self._transaction() as run:
            rows = await run("SELECT text FROM notes WHERE name = :name", name=name)
        return str(rows[0]["text"]) if rows else None

    async def save_note(self, name: str, text: str) -> None:
        async with self._transaction(write=True) as run:
            await _save_note(run, name, text)

    async def messages_sent(self, channel: str) -> frozenset[str]:
        async with self._transaction() as run:
            rows = await run("SELECT key FROM messages WHERE channel = :channel AND sent = 1", channel=channel)
        return frozenset(row["key"] for row in rows)

    async def claim_message(self, channel: str, key: str, now: float) -> bool:
        async with self._transaction(write=True, durable=True) as run:
            rows = await run(
                "SELECT claimed_at, sent FROM messages WHERE channel = :channel AND key = :key",
                channel=channel,
                key=key,
            )
            if rows and (rows[0]["sent"] or abs(now - rows[0]["claimed_at"]) < CLAIM_SECONDS):
                return False
            await run(
                "INSERT INTO messages (channel, key, claimed_at, sent) VALUES (:channel, :key, :now, 0) "
                "ON CONFLICT (channel, key) DO UPDATE SET claimed_at = excluded.claimed_at",
                channel=channel,
                key=key,
                now=now,
            )
        return True

    async def settle_message(self, channel: str, key: str, arrived: bool) -> None:
        statement = (
            "UPDATE messages SET sent = 1 WHERE channel = :channel AND key = :key"
            if arrived
            else "DELETE FROM messages WHERE channel = :channel AND key = :key"
        )
        async with self._transaction(write=True, durable=True) as run:
            await run(statement, channel=channel, key=key)


async def _save_note(run: Run, name: str, text: str) -> None:
    await run(
        "INSERT INTO notes (name, text) VALUES (:name, :text) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
        name=name,
        text=text,
    )


def _minute(timestamp: float) -> int:
    # The whole minute that holds the moment counts: the budget is never exceeded in any 24 hours.
    return int(timestamp // 60)


def _columns(token: Token) -> dict[str, Any]:
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


def _token(row: Row) -> Token:
    return Token(
        refresh_token=row["refresh_token"],
        scopes=tuple(row["scopes"].split()),
        account=None if row["account_id"] is None else Account(row["account_id"], row["account_name"]),
        authorized_at=row["authorized_at"],
        access=None if row["access_token"] is None else AccessToken(row["access_token"], row["access_expires_at"]),
        last_refreshed_at=row["last_refreshed_at"],
        needs_authorization=bool(row["needs_authorization"]),
    )


def _ban(text: str | None) -> Ban | None:
    if text is None:
        return None
    value = json.loads(text)
    code: ErrorCode = value["code"]
    return Ban(value["until"], code, value["message"])
