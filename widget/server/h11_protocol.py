"""uvicorn's protocol on h11, for where httptools is missing, with the same limits."""

from __future__ import annotations

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from widget.server.connections import ConnectionLimits, LimitedProtocol


class BoundedConnection(h11.Connection):
    """h11 limits what is not complete yet; a head that comes in one piece is looked at here."""

    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__(h11.SERVER, limits.head_bytes)
        self._limits = limits

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request | h11.EndOfMessage):
            size = sum(len(name) + len(value) + 4 for name, value in event.headers)
            size += len(event.target) if isinstance(event, h11.Request) else 0
            if size > self._limits.head_bytes or len(event.headers) > self._limits.headers:
                raise h11.RemoteProtocolError("too much", error_status_hint=431)
        return event


class LimitedH11Protocol(LimitedProtocol, H11Protocol):  # type: ignore[misc]
    """As :class:`widget.server.httptools_protocol.HttpTools`, slower."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = BoundedConnection(self.limits)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self.request_begins()
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self.start_timeout(self.limits.header_timeout)

    def send_400_response(self, msg: str) -> None:
        self.reject(400)
