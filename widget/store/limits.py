"""How long the store may keep its callers waiting. What takes longer is a StoreError, and the service goes on."""

from dataclasses import dataclass

RESERVED_BYTES = 32_768
"""What must be written for real before a refresh is asked: many times what the answer's own write needs."""


@dataclass(frozen=True, slots=True)
class StoreTimeouts:
    """All in s: ``lock`` for SQLite's own lock, ``statement`` for anything else that the database is asked, waiting for
    one's turn included, ``refresh`` for the refresh lock, ``close`` for giving everything back."""

    lock: float = 2.0
    statement: float = 5.0
    refresh: float = 10.0
    close: float = 0.8


DEFAULT = StoreTimeouts()
