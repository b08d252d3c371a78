"""uvicorn's protocol on h11, for machines without httptools, with the same limits."""

from __future__ import annotations

from typing import Any

import h11
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from widget.server.connections import ConnectionLimits, LimitedProtocol


class BoundedConnection(h11.Connection):
    """An h11 connection that also limits heads which arrive in one piece."""

    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__(h11.SERVER, limits.head_bytes)
        self._limits = limits

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request | h11.EndOfMessage):
            # h11 limits only what it has not parsed yet; the 4 are a colon, a space and the line break.
            size = sum(len(name) + len(value) + 4 for name, value in event.headers)
            size += len(event.target) if isinstance(event, h11.Request) else 0
            if size > self._limits.head_bytes or len(event.headers) > self._limits.headers:
                raise h11.RemoteProtocolError("too much", error_status_hint=431)
        return event


class LimitedH11Protocol(LimitedProtocol, H11Protocol):  # type: ignore[misc]
    """The slower sibling of ``LimitedHttpToolsProtocol``."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = BoundedConnection(self.limits)
        # h11's cycle has no hook for a stream, so the application's messages are watched.
        self._asgi_app, self.app = self.app, self._watch_for_streams

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self.cancel_timeout()
        elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self.start_timeout(self.limits.header_timeout)
        if self.conn.their_state is h11.SEND_BODY:
            self.server_state.mark_idle(self)
        elif self.cycle is not None and not self.cycle.response_complete:
            self.server_state.mark_active(self)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.app = self._asgi_app  # Else the connection would refer to itself, and wait for the garbage collector.

    def send_400_response(self, msg: str) -> None:
        self.reject(400)

    async def _watch_for_streams(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            await send(message)
            if message.get("more_body") and not self._is_streaming:
                self.start_stream(has_requests_behind=bool(self.conn.trailing_data[0]))

        await self._asgi_app(scope, receive, watch)
