"""The store: everything that outlives the process.

The engines differ in connections, transactions, locks and notifications.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import MappingProxyType

from widget.model.sources import SourceName
from widget.model.tokens import Account, Authorization, Credentials
from widget.store import queries
from widget.store.queries import Result, Transaction
from widget.store.rows import RateLimitBlock

RESERVED_BYTES = 32_768
"""Written for real before a refresh: many times the size of the write that saves its response."""

# Read-only, as a default argument is shared by all calls.
NO_VALUES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StoreTimeouts:
    """Limits in seconds; when one is exceeded a StoreError is raised and the service goes on.

    ``lock`` is for SQLite's own lock, ``statement`` for any other statement including its wait in the queue,
    ``refresh`` for the refresh lock, ``close`` for releasing everything.
    """

    lock: float = 2.0
    statement: float = 5.0
    refresh: float = 10.0
    close: float = 0.8


DEFAULT_TIMEOUTS = StoreTimeouts()


class Store(ABC):
    """Each method is one transaction, safe across processes.

    All raise StoreError within :class:`StoreTimeouts`. A transaction that has begun ends by itself, even if its caller
    is cancelled. Times are in seconds since the epoch. Rows that cannot be read count as absent.
    """

    @property
    @abstractmethod
    def location(self) -> str:
        """The location for people, without a password."""

    @abstractmethod
    async def open(self, *, migrate: bool = True) -> None:
        """Connect, create or migrate the schema and verify that it is writable.

        Without ``migrate`` nothing is created or changed. After a StoreError the next use tries again. Raises
        :class:`widget.model.errors.ConfigurationError` if the location can never work.
        """

    @abstractmethod
    async def close(self) -> None:
        """Release everything, leadership included, within a second."""

    @abstractmethod
    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        """Run one transaction. ``write`` excludes other writers, ``durable`` is on disk on return."""

    # Authorization

    @abstractmethod
    def refresh_lock(self) -> AbstractAsyncContextManager[None]:
        """Hold the refresh lock: one task of one process at a time, freed when its process dies.

        Raises StoreError after ten seconds.
        """

    @abstractmethod
    async def reserve_space(self) -> None:
        """Verify, under :meth:`refresh_lock`, that the response to a refresh can be saved.

        A durable write larger than the response's has reached the database itself.
        """

    async def save_for_next_start(self, used_refresh_token: str, authorization: Authorization) -> bool:
        """Keep an authorization outside the database while that fails; return whether it is kept."""
        return False

    async def authorization(self) -> Authorization | None:
        return await self._transact(queries.authorization())

    async def credentials(self) -> Credentials | None:
        return await self._transact(queries.credentials())

    async def seed_fingerprint(self) -> str | None:
        """Return the fingerprint of the last seed token used."""
        return await self.get_value("seed")

    async def save_authorization(
        self,
        authorization: Authorization,
        credentials: Credentials | None,
        seed_fingerprint: str | None,
        values: Mapping[str, str] = NO_VALUES,
    ) -> None:
        """Replace the authorization, whatever its state, and save ``values`` with it.

        None leaves credentials or fingerprint as they are.
        """
        steps = queries.save_authorization(authorization, credentials, seed_fingerprint, values)
        await self._transact(steps, write=True, durable=True)

    async def save_refresh(
        self,
        used_refresh_token: str,
        authorization: Authorization,
        credentials: Credentials | None = None,
        seed_fingerprint: str | None = None,
    ) -> bool:
        """Replace the authorization if its refresh token still is ``used_refresh_token``.

        Returns whether it was. If none is stored the database was lost meanwhile, and everything given is stored.
        Durable on return.
        """
        steps = queries.save_refresh(used_refresh_token, authorization, credentials, seed_fingerprint)
        return await self._transact(steps, write=True, durable=True)

    async def mark_needs_authorization(self, refresh_token: str) -> None:
        """Mark the stored authorization as dead if it still is ``refresh_token``."""
        await self._transact(queries.mark_needs_authorization(refresh_token), write=True, durable=True)

    async def discard_access_token(self, access_token: str) -> None:
        """Delete the stored access token if it is this one, which Spotify rejected."""
        await self._transact(queries.discard_access_token(access_token), write=True, durable=True)

    async def save_account(self, refresh_token: str, account: Account) -> None:
        """Save the account of the authorization if it is still ``refresh_token`` and none is known."""
        await self._transact(queries.save_account(refresh_token, account), write=True, durable=True)

    async def forget(self) -> None:
        """Delete everything stored.

        Waits for a refresh in progress, whose response would restore the token.
        """
        async with self.refresh_lock():
            await self._transact(queries.forget(), write=True, durable=True)

    # Polling, for each source separately

    async def count_call(self, now: float, calls_per_day: int, source: SourceName = "spotify") -> bool:
        """Count one call at ``now`` if the last 24 hours allow it; return whether they did."""
        return await self._transact(queries.count_call(now, calls_per_day, source), write=True)

    async def calls_since(self, since: float, source: SourceName = "spotify") -> Sequence[tuple[float, int]]:
        """Return the calls since ``since`` as (start of the minute, number), oldest first."""
        return await self._transact(queries.calls_since(since, source))

    async def rate_limit_block(self, source: SourceName = "spotify") -> RateLimitBlock | None:
        """Return the last block, whether over or not."""
        return await self._transact(queries.rate_limit_block(source))

    async def set_rate_limit_block(self, block: RateLimitBlock | None, source: SourceName = "spotify") -> None:
        """Replace the block, unless it ends later than the new one."""
        await self._transact(queries.set_rate_limit_block(block, source), write=True, durable=True)

    # Several instances on one store

    @abstractmethod
    async def try_lead(self) -> bool:
        """Become, or stay, the leader; freed when its process dies or closes."""

    @abstractmethod
    async def resign(self) -> None:
        """Let another instance lead."""

    @abstractmethod
    async def wait_for_state(self, seconds: float) -> None:
        """Wait until a state may have been published, ``seconds`` at most."""

    async def publish_state(self, state: str, source: SourceName = "spotify") -> None:
        """Publish the leader's state for the followers."""
        await self.set_value(queries.key_for("knowledge", source), state)

    async def read_state(self, source: SourceName = "spotify") -> str | None:
        return await self.get_value(queries.key_for("knowledge", source))

    # Values by key

    async def get_value(self, key: str) -> str | None:
        return await self._transact(queries.get_value(key))

    async def set_value(self, key: str, value: str) -> None:
        await self._transact(queries.set_value(key, value), write=True)

    async def set_values(self, values: Mapping[str, str]) -> None:
        """Save all of ``values`` or none; durable on return."""
        await self._transact(queries.set_values(values), write=True, durable=True)

    # Alerts

    async def messages_sent(self, channel: str) -> frozenset[str]:
        """Return the keys of the alerts that ``channel`` received."""
        return await self._transact(queries.messages_sent(channel))

    async def claim_message(self, channel: str, key: str, now: float) -> bool:
        """Claim the sending of one alert; only one caller succeeds, until the claim expires."""
        return await self._transact(queries.claim_message(channel, key, now), write=True, durable=True)

    async def finish_message(self, channel: str, key: str, arrived: bool) -> None:
        """End a claim: the alert was sent, or may be tried again."""
        await self._transact(queries.finish_message(channel, key, arrived), write=True, durable=True)
