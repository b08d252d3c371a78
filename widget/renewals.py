"""Authorizing again on the running server: what the page at ``/setup`` may ask for."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Admission:
    """``locked_for`` is for how many seconds no key is looked at any more; 0 where this one was."""

    admitted: bool
    locked_for: float = 0.0


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorization that waits for its callback: Spotify's address, and the value for the browser's cookie."""

    authorize_url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What was stored. ``account`` and ``ends_at`` (s since the epoch) are None where unknown."""

    account: str | None
    ends_at: float | None
    warnings: tuple[str, ...] = ()


class Renewal(Protocol):
    """All methods may raise :class:`widget.errors.StoreError`."""

    async def admit(self, key: str) -> Admission:
        """Whether ``key`` is the owner's; a wrong one is counted, and after too many none is looked at for a while."""
        ...

    async def begin(self, redirect_uri: str) -> Begun:
        """Raises :class:`widget.errors.NotConfigured` where there is no client ID."""
        ...

    async def finish(
        self, cookie: str | None, state: str | None, code: str | None, error: str | None
    ) -> Renewed | None:
        """Ends what this browser began, once; None, and nothing happens, where ``state`` and ``cookie`` are not of it.

        Raises :class:`widget.errors.AuthorizationError`.
        """
        ...
