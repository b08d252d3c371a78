"""All connections of the server: how many there may be, and who goes first when there are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from uvicorn.server import ServerState


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a stranger may cost.

    ``connections`` at a time, ``idle`` of them without a request (each is some 5 KiB and a descriptor). ``head_bytes``:
    the request line and all headers together, trailers included; ``headers``: their number. ``head_seconds``: from the
    first byte of a head, of a new connection from its beginning on, until it is complete. ``stuck_seconds``: how long a
    client may take nothing of what it asked for. ``linger_seconds``: how long the rest of a body is read that nobody
    wants (who is cut off at once may not see the answer). ``pipelined``: requests on one connection that wait for the
    answer to an earlier one.
    """

    connections: int
    max_idle: int = 4096
    head_bytes: int = 32 * 1024
    headers: int = 200
    header_timeout: float = 20.0
    write_timeout: float = 30.0
    linger_timeout: float = 2.0
    pipelined: int = 64


class Connection(Protocol):
    """A connection."""

    def abort(self) -> None:
        """Ends it at once."""
        ...


class ConnectionLimiter(ServerState):
    """All connections, within ``limits``.

    A newcomer beyond them takes the place of the one that has waited longest without a complete request, so that
    silent ones shut nobody out.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__()
        self.limits = limits
        self._idle: dict[Connection, None] = {}

    def mark_idle(self, guest: Connection) -> None:
        """``guest`` has no request under way: it is new, or was answered."""
        self._idle[guest] = None
        if len(self.connections) > self.limits.connections or len(self._idle) > self.limits.max_idle:
            longest_idle = next(iter(self._idle))
            self.remove(longest_idle)
            longest_idle.abort()

    def mark_active(self, guest: Connection) -> None:
        """``guest`` has a request under way."""
        self._idle.pop(guest, None)

    def remove(self, guest: Connection) -> None:
        """``guest`` is gone."""
        self._idle.pop(guest, None)
        self.connections.discard(guest)
