"""What outlives the process: the protocol that every store follows."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from widget.model.errors import ErrorCode
from widget.model.sources import SourceName
from widget.model.tokens import Account, Authorization, Credentials


@dataclass(frozen=True, slots=True)
class RateLimitBlock:
    """Until when (s since the epoch) nothing may be sent to the source, and why."""

    until: float
    code: ErrorCode
    message: str


class Store(Protocol):
    """Each method is one transaction, safe across processes, and may raise StoreError: whatever
    fails or hangs outside becomes one, within the limits of :mod:`widget.store.limits`. Once begun, a transaction ends
    by itself, also where its caller is cancelled.

    Times are in seconds since the epoch. What is stored and cannot be read is as if it were not there.
    """

    @property
    def location(self) -> str:
        """Where it is, for people; without a password."""
        ...

    async def open(self) -> None:
        """Connects, makes or migrates the schema, and makes sure that it can be written.

        Raises ConfigurationError, naming the place, where that can never be, and StoreError
        where it cannot be now: then every later use tries again.
        """
        ...

    async def close(self) -> None:
        """Gives everything back, leadership included; in a second, whatever hangs."""
        ...

    # The authorization.

    async def authorization(self) -> Authorization | None:
        """The stored authorization."""
        ...

    async def credentials(self) -> Credentials | None:
        """The stored client ID and secret."""
        ...

    async def seed_fingerprint(self) -> str | None:
        """The fingerprint of the last seed used."""
        ...

    async def save_authorization(
        self,
        token: Authorization,
        credentials: Credentials | None,
        seed_fingerprint: str | None,
        notes: Mapping[str, str] = ...,
    ) -> None:
        """Replaces the token, whatever its state. None leaves credentials or fingerprint as they are; ``notes`` are
        saved with it."""
        ...

    async def save_refresh(
        self,
        used_refresh_token: str,
        token: Authorization,
        credentials: Credentials | None = None,
        seed_fingerprint: str | None = None,
    ) -> bool:
        """Replaces the token where the stored refresh token still is ``used_refresh_token``; False where another one
        is. Where none is, the database was lost meanwhile, and all that is given is stored.

        Durable when it returns.
        """
        ...

    async def reserve_space(self) -> None:
        """Makes sure, while the caller holds :meth:`refreshing`, that a refresh's answer can be saved: a durable write
        larger than that has reached the database itself. StoreError where it has not."""
        ...

    async def discard_access_token(self, access_token: str) -> None:
        """Deletes the stored access token, where it is this one: Spotify refused it."""
        ...

    async def save_account(self, refresh_token: str, account: Account) -> None:
        """Whose the stored token is, where it still is ``refresh_token`` and that was not known."""
        ...

    async def mark_needs_authorization(self, refresh_token: str) -> None:
        """Marks the stored token as dead, where it still is ``refresh_token``."""
        ...

    def refresh_lock(self) -> AbstractAsyncContextManager[None]:
        """Held by at most one task of one process at a time; freed when its process dies. StoreError where it cannot
        be had within ten seconds."""
        ...

    async def forget(self) -> None:
        """Deletes all that is stored. Waits for a refresh under way, whose answer would bring the token back."""
        ...

    # Asking a source. What each has told, forbidden or cost is kept by itself.

    async def count_call(self, now: float, calls_per_day: int, source: SourceName = "spotify") -> bool:
        """Counts one question at ``now`` if the last 24 hours still allow it; False, uncounted, if not."""
        ...

    async def calls_since(self, since: float, source: SourceName = "spotify") -> Sequence[tuple[float, int]]:
        """The calls counted since ``since``: (beginning of the minute, number), oldest first."""
        ...

    async def rate_limit_block(self, source: SourceName = "spotify") -> RateLimitBlock | None:
        """The last ban, whether over or not."""
        ...

    async def set_rate_limit_block(self, ban: RateLimitBlock | None, source: SourceName = "spotify") -> None:
        """Replaces the ban; a shorter one does not replace a longer one."""
        ...

    # Several instances on one store.

    async def try_lead(self) -> bool:
        """Becomes, or stays, the one instance that asks the source; freed when its process dies or closes."""
        ...

    async def resign(self) -> None:
        """Lets another instance lead."""
        ...

    async def publish_state(self, knowledge: str, source: SourceName = "spotify") -> None:
        """What the leader knows, for the others to show."""
        ...

    async def read_state(self, source: SourceName = "spotify") -> str | None:
        """What the leader shared last."""
        ...

    async def wait_for_state(self, seconds: float) -> None:
        """Returns when something may have been shared, after ``seconds`` at the latest."""
        ...

    # Messages to the owner.

    async def get_value(self, name: str) -> str | None:
        """What was remembered under ``name``."""
        ...

    async def set_value(self, name: str, text: str) -> None:
        """Remembers ``text`` under ``name``."""
        ...

    async def set_values(self, notes: Mapping[str, str]) -> None:
        """Remembers all of ``notes`` (text by name) or none; durable when it returns."""
        ...

    async def messages_sent(self, channel: str) -> frozenset[str]:
        """The keys of the messages that ``channel`` received."""
        ...

    async def claim_message(self, channel: str, key: str, now: float) -> bool:
        """True for the one caller that may send this message now; a claim that came to nothing ends after a while."""
        ...

    async def finish_message(self, channel: str, key: str, arrived: bool) -> None:
        """Ends a claim: the message is sent, or free to be tried again."""
        ...
