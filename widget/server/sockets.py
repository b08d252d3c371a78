"""How many files and connections the system lets the program have."""

from __future__ import annotations

import sys
from dataclasses import dataclass

RESERVED_FILES = 64
"""Descriptors that are no visitor's: the database, the source, messages, the loop."""

NON_STREAM_CONNECTIONS = 4096
"""Room beside the streams."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many ``connections`` there may be at a time, and how many ``streams`` among them."""

    connections: int
    streams: int


def raise_nofile_limit() -> int | None:
    """Raises the soft limit of open files to the hard one. What it is then; None where there is none."""
    if sys.platform == "win32":
        return None
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, 10_240):  # macOS: a hard limit without an end cannot be had.
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            break
        except (OSError, ValueError):
            continue
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if soft == resource.RLIM_INFINITY else soft


def capacity_for(most_streams: int, limit: int | None) -> Capacity:
    """The room under ``limit`` open files; at least a quarter of it is kept for who opens no stream."""
    connections = most_streams + NON_STREAM_CONNECTIONS
    if limit is not None:
        connections = max(8, min(connections, limit - RESERVED_FILES))
    return Capacity(connections, min(most_streams, connections * 3 // 4))
