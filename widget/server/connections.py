"""Limits on connections for both parsers: time, pipelined requests, number of connections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uvicorn.server import ServerState

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as _Protocol
else:
    _Protocol = object


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The cost that strangers may cause. Times are in seconds.

    ``connections`` at a time, ``max_idle`` of them without a complete request (some 5 KiB and a descriptor each).
    ``head_bytes`` of request line and headers together, trailers included; ``headers`` at most. ``header_timeout`` from
    the first byte of a head, or the start of the connection, to its end. ``write_timeout`` while a client
    accepts nothing. ``linger_timeout`` to read the remainder of an unwanted body, as a client that is cut off may
    not see its response. ``pipelined`` requests that wait for the response to an earlier one; more are parsed
    later.
    """

    connections: int
    max_idle: int = 4096
    head_bytes: int = 32 * 1024
    headers: int = 200
    header_timeout: float = 20.0
    write_timeout: float = 30.0
    linger_timeout: float = 2.0
    pipelined: int = 16


class ConnectionLimiter(ServerState):
    """All connections, within ``limits``.

    A new connection beyond them replaces the one that has been without progress for longest, so that silent
    connections and stalled bodies keep nobody out.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__()
        self.limits = limits
        self._idle: dict[LimitedProtocol, None] = {}

    def mark_idle(self, connection: LimitedProtocol) -> None:
        """Note that ``connection`` has no complete request, and has just made progress."""
        self._idle.pop(connection, None)
        self._idle[connection] = None
        if len(self.connections) > self.limits.connections or len(self._idle) > self.limits.max_idle:
            # A dict keeps the order of insertion, so the first has been idle for longest.
            longest_idle = next(iter(self._idle))
            self.remove(longest_idle)
            longest_idle.abort()

    def mark_active(self, connection: LimitedProtocol) -> None:
        """Note that a request of ``connection`` is complete and under way."""
        self._idle.pop(connection, None)

    def remove(self, connection: LimitedProtocol) -> None:
        """Forget ``connection``."""
        self._idle.pop(connection, None)
        self.connections.discard(connection)


_PHRASES = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class LimitedProtocol(_Protocol):
    """Mixin for uvicorn's protocols, which call it when heads and bodies begin and end.

    Nothing is answered behind a stream: a response whose body comes in parts. Requests that arrive meanwhile are
    discarded, and the connection closes after the stream. So the connection is read all the time, and its end is seen.
    """

    server_state: ConnectionLimiter
    limits: ConnectionLimits

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.limits = self.server_state.limits
        self._header_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._is_streaming = False
        self._close_after_stream = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.start_timeout(self.limits.header_timeout)
        self.server_state.mark_idle(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server_state.remove(self)
        self.cancel_timeout()
        self._unset_keepalive_if_required()
        if self._write_timer is not None:
            self._write_timer.cancel()
        super().connection_lost(exc)
        # Request and connection refer to each other: apart, both are freed now and not by the garbage collector.
        self.cycle = None  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._is_streaming:
            self._close_after_stream = True
        else:
            super().data_received(data)

    def abort(self) -> None:
        """Close the connection at once and drop unsent bytes."""
        if not self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()

    def start_timeout(self, seconds: float) -> None:
        """Close the connection in ``seconds`` unless :meth:`cancel_timeout` is called.

        A timeout that is running stays.
        """
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(seconds, self.abort)

    def cancel_timeout(self) -> None:
        """Stop the timeout."""
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def start_stream(self, *, has_requests_behind: bool) -> None:
        """Note that the response under way is a stream."""
        self._is_streaming = True
        self._close_after_stream = has_requests_behind
        # A pipelined request may have paused it, and then the end of the connection would not be noticed.
        self.flow.resume_reading()

    def on_response_complete(self) -> None:
        if self._is_streaming:
            self._is_streaming = False
            if self._close_after_stream:
                self.transport.close()
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.server_state.mark_idle(self)

    def reject(self, status: int) -> None:
        """Close the connection, with an error response if none is under way."""
        # An error head in the middle of a response would be taken for its body.
        if self.cycle is not None and not self.cycle.response_complete:
            self.abort()
            return
        # Written by hand: the request was not parsed, so there is no cycle that could answer it.
        head = f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode())
        self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        # Otherwise a client that reads nothing would keep its response in memory forever.
        self._write_timer = self.loop.call_later(self.limits.write_timeout, self.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()

    def timeout_keep_alive_handler(self) -> None:
        if self.transport.get_write_buffer_size():
            self.abort()  # A client that has accepted nothing for so long would keep a closing connection open.
        else:
            super().timeout_keep_alive_handler()
