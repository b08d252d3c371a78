"""Authorizing again on the running server: the protocol behind ``/setup``."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

KeyCheck = Literal["admitted", "wrong", "too_many"]
"""``too_many``: too many wrong keys are waiting for a response, so this one is rejected at once."""


@dataclass(frozen=True, slots=True)
class ReauthorizationStarted:
    """An authorization that waits for its callback; ``cookie`` binds it to the browser."""

    authorize_url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReauthorizationResult:
    """The new authorization.

    ``account`` and ``ends_at`` (s since the epoch) are None if unknown.
    """

    account: str | None
    ends_at: float | None
    warnings: tuple[str, ...] = ()


class Reauthorization(Protocol):
    """Without the key nothing here touches the store or a lock."""

    async def check_key(self, key: str) -> KeyCheck:
        """Check the owner's key. A right one passes at once, a wrong one is answered late."""
        ...

    async def begin(self, redirect_uri: str) -> ReauthorizationStarted:
        """Start an authorization. Raises StoreError, or NotConfigured without a client ID."""
        ...

    async def complete(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> ReauthorizationResult | None:
        """Complete the authorization of this browser; None if ``state`` or ``cookie`` is wrong.

        Raises :class:`widget.model.errors.AuthorizationError` or StoreError.
        """
        ...
