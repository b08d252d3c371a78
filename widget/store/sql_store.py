"""What every SQL store does alike; the engines differ in connections, transactions, locks and signals."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from widget.model.sources import SourceName
from widget.model.tokens import Account, Authorization, Credentials
from widget.store import queries
from widget.store.base import RateLimitBlock
from widget.store.queries import Result, Transaction

NO_VALUES: Mapping[str, str] = MappingProxyType({})


class Store(ABC):
    """Implements most of :class:`widget.store.base.Store` over :meth:`_transact`."""

    @abstractmethod
    async def _transact(self, steps: Transaction[Result], *, write: bool = False, durable: bool = False) -> Result:
        """One transaction; ``write`` excludes every other writer, ``durable`` is on disk when it ends.

        Once begun it ends by itself, whether its caller is cancelled or not. Raises StoreError, in time.
        """

    @abstractmethod
    def refresh_lock(self) -> AbstractAsyncContextManager[None]:
        """See :meth:`widget.store.base.Store.refreshing`."""

    # The authorization.

    async def authorization(self) -> Authorization | None:
        return await self._transact(queries.token())

    async def credentials(self) -> Credentials | None:
        return await self._transact(queries.credentials())

    async def seed_fingerprint(self) -> str | None:
        return await self.get_value("seed")

    async def save_authorization(
        self,
        token: Authorization,
        credentials: Credentials | None,
        seed_fingerprint: str | None,
        notes: Mapping[str, str] = NO_VALUES,
    ) -> None:
        steps = queries.save_authorization(token, credentials, seed_fingerprint, notes)
        await self._transact(steps, write=True, durable=True)

    async def save_refresh(
        self,
        used_refresh_token: str,
        token: Authorization,
        credentials: Credentials | None = None,
        seed_fingerprint: str | None = None,
    ) -> bool:
        steps = queries.save_refresh(used_refresh_token, token, credentials, seed_fingerprint)
        return await self._transact(steps, write=True, durable=True)

    async def mark_needs_authorization(self, refresh_token: str) -> None:
        await self._transact(queries.mark_needs_authorization(refresh_token), write=True, durable=True)

    async def discard_access_token(self, access_token: str) -> None:
        await self._transact(queries.drop_access(access_token), write=True, durable=True)

    async def save_account(self, refresh_token: str, account: Account) -> None:
        await self._transact(queries.save_account(refresh_token, account), write=True, durable=True)

    async def forget(self) -> None:
        async with self.refresh_lock():
            await self._transact(queries.forget(), write=True, durable=True)

    # Asking the source.

    async def count_call(self, now: float, calls_per_day: int, source: SourceName = "spotify") -> bool:
        return await self._transact(queries.spend_call(now, calls_per_day, source), write=True)

    async def calls_since(self, since: float, source: SourceName = "spotify") -> Sequence[tuple[float, int]]:
        return await self._transact(queries.calls_since(since, source))

    async def rate_limit_block(self, source: SourceName = "spotify") -> RateLimitBlock | None:
        return await self._transact(queries.ban(source))

    async def set_rate_limit_block(self, ban: RateLimitBlock | None, source: SourceName = "spotify") -> None:
        await self._transact(queries.save_ban(ban, source), write=True, durable=True)

    # Several instances on one store.

    async def publish_state(self, knowledge: str, source: SourceName = "spotify") -> None:
        await self.set_value(queries.key_for("knowledge", source), knowledge)

    async def read_state(self, source: SourceName = "spotify") -> str | None:
        return await self.get_value(queries.key_for("knowledge", source))

    # Messages to the owner.

    async def get_value(self, name: str) -> str | None:
        return await self._transact(queries.note(name))

    async def set_value(self, name: str, text: str) -> None:
        await self._transact(queries.save_note(name, text), write=True)

    async def set_values(self, notes: Mapping[str, str]) -> None:
        await self._transact(queries.save_notes(notes), write=True, durable=True)

    async def messages_sent(self, channel: str) -> frozenset[str]:
        return await self._transact(queries.messages_sent(channel))

    async def claim_message(self, channel: str, key: str, now: float) -> bool:
        return await self._transact(queries.claim_message(channel, key, now), write=True, durable=True)

    async def finish_message(self, channel: str, key: str, arrived: bool) -> None:
        await self._transact(queries.settle_message(channel, key, arrived), write=True, durable=True)
