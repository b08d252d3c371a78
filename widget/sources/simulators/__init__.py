"""Simulated services for demos and tests. They share no code with the clients."""

from typing import TypeVar

Entry = TypeVar("Entry")

MAX_RECORDED = 10_000


def record(entries: list[Entry], entry: Entry) -> None:
    """Append ``entry``; drop the oldest of many entries, as a demo may run for months."""
    entries.append(entry)
    del entries[:-MAX_RECORDED]
