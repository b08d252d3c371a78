"""What a connection may cost, whatever parses it: time for a head, time to take an answer, a place in the crowd."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from uvicorn.server import ServerState

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Protocol
else:
    _Protocol = object


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


_PHRASES = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class LimitedProtocol(_Protocol):
    """Mixed into uvicorn's protocols. Those tell it when a head begins, and when a request is under way."""

    server_state: ConnectionLimiter
    limits: ConnectionLimits

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits = self.server_state.limits
        self._alarm: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.start_timeout(self.limits.header_timeout)
        self.server_state.mark_idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server_state.remove(self)
        self.cancel_timeout()
        self._unset_keepalive_if_required()
        if self._stuck is not None:
            self._stuck.cancel()
        super().connection_lost(exc)

    def abort(self) -> None:
        """Ends the connection at once, what was not sent included."""
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()

    def start_timeout(self, seconds: float) -> None:
        """The connection ends after ``seconds`` unless :meth:`wait_no_more` is called, or it waits already."""
        if self._alarm is None:
            self._alarm = self.loop.call_later(seconds, self.abort)

    def cancel_timeout(self) -> None:
        """What was waited for is here."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def request_begins(self) -> None:
        """A head is complete."""
        self.cancel_timeout()
        self.server_state.mark_active(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.server_state.mark_idle(self)

    def reject(self, status: int) -> None:
        """Ends the connection, with an answer where none is under way."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.abort()
            return
        head = f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(self.limits.write_timeout, self.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.abort()  # Who has taken nothing for so long would keep a closing connection open for ever.
        else:
            super().timeout_keep_alive_handler()
