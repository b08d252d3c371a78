"""Authorizing again on the running server: what the page at ``/setup`` may ask for."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from widget.model.errors import NotConfigured

KeyCheck = Literal["admitted", "wrong", "too_many"]
"""``too_many``: so many wrong keys wait for their answer that this one was not let wait."""


@dataclass(frozen=True, slots=True)
class ReauthorizationStarted:
    """An authorization that waits for its callback: Spotify's address, and the value for the browser's cookie."""

    authorize_url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReauthorizationResult:
    """What was stored. ``account`` and ``ends_at`` (s since the epoch) are None where unknown."""

    account: str | None
    ends_at: float | None
    warnings: tuple[str, ...] = ()


class Reauthorization(Protocol):
    """Nobody without the key makes any of it touch the store, or a lock."""

    async def check_key(self, key: str) -> KeyCheck:
        """Whether ``key`` is the owner's. A right one passes at once, whoever else tries; a wrong one waits."""
        ...

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        """Raises :class:`widget.model.errors.NotConfigured` where there is no client ID, or StoreError."""
        ...

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        """Ends what this browser began, once; None, and nothing happens, where ``state`` and ``cookie`` are not of it.

        Raises :class:`widget.model.errors.AuthorizationError` or StoreError.
        """
        ...


class NothingToRenew:
    """The :class:`Renewal` of a source that needs no authorization; no route leads here."""

    async def check_key(self, key: str) -> KeyCheck:
        """Nobody is let in."""
        return "wrong"

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        """Raises :class:`widget.model.errors.NotConfigured`."""
        raise NotConfigured("There is nothing to authorize.")

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        """Nothing was begun."""
        return None
