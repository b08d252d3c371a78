"""uvicorn's protocol on httptools, which is fast and has no limits, with limits."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from widget.server.connections import LimitedProtocol
from widget.web.responses import RAW_RESPONSE_HEAD

SLICE_BYTES = 1024
"""Data is parsed in pieces of this size, so that few requests are parsed ahead of their turn."""

MAX_BACKLOG_BYTES = 1024 * 1024

_LINE_SEPARATORS_BYTES = 4
"""``: `` and the line break."""


class RawResponseCycle(RequestResponseCycle):
    """Writes a response with a raw head in one piece, and reports streams to its protocol."""

    protocol: LimitedHttpToolsProtocol
    _head: bytes | None = None
    _is_stream = False

    async def send(self, message: Any) -> None:
        # Framed here: an event goes to thousands of streams, and uvicorn's checks would cost more than the write.
        if self._is_stream and message.get("more_body") and not self.flow.write_paused:
            if not self.disconnected:
                self.transport.write(b"%x\r\n%b\r\n" % (len(message["body"]), message["body"]))
            return
        if not self.response_started:
            if RAW_RESPONSE_HEAD in message and not self.flow.write_paused:
                self.response_started = True
                self.waiting_for_100_continue = False
                self._head = message[RAW_RESPONSE_HEAD]
                return
        elif self._head is not None:
            if not self.disconnected:
                self._write_whole(self._head, message["body"] if self.scope["method"] != "HEAD" else b"")
            return
        await super().send(message)
        if message.get("more_body") and not self._is_stream:
            self._is_stream = bool(self.chunked_encoding)
            self.protocol.report_stream()

    def _write_whole(self, head: bytes, body: bytes) -> None:
        self._head = None
        added = [b"%b: %b\r\n" % header for header in self.default_headers]
        if not self.keep_alive:
            added.append(b"connection: close\r\n")
        self.transport.write(b"".join((head, *added, b"\r\n", body)))
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


class RequestHeadTooLarge(Exception):  # noqa: N818
    """Ends the parsing: a head exceeds its limits."""


class LimitedHttpToolsProtocol(LimitedProtocol, HttpToolsProtocol):
    """Limits heads, and the requests that wait for their turn.

    Heads are counted while they are parsed (``_head_room``, ``_header_room``) and fed (``_head_fed``, ``_unparsed``):
    the parser keeps an unfinished header.

    Beyond ``limits.pipelined`` requests that wait for their turn the rest is kept unparsed (``_backlog``), and nothing
    more is read.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = False
        self._in_message = False
        self._head_fed = 0
        self._unparsed = 0
        self._head_room = self.limits.head_bytes
        self._header_room = self.limits.headers
        self._running: RawResponseCycle | None = None
        self._queue: list[RawResponseCycle] = []
        self.pipeline = ()  # type: ignore[assignment]  # uvicorn's own queue takes 0.6 KiB, and stays empty.
        self._backlog = b""
        self._rejection: int | None = None

    # Reading

    def data_received(self, data: bytes) -> None:
        if self._is_streaming:
            self._close_after_stream = True
        elif self._rejection is not None:
            return
        elif self._backlog:
            self._backlog += data
            if len(self._backlog) > MAX_BACKLOG_BYTES:
                self.abort()
        else:
            self._unset_keepalive_if_required()
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        if len(data) <= SLICE_BYTES:
            self._parse(data)
            return
        for start in range(0, len(data), SLICE_BYTES):
            if len(self._queue) >= self.limits.pipelined:
                self._backlog = data[start:]
                self.flow.pause_reading()
                return
            if not self._parse(data[start : start + SLICE_BYTES]):
                return

    def _parse(self, data: bytes) -> bool:
        """Parse ``data`` and return whether more may follow."""
        # llhttp buffers an unfinished header, so the bytes that were fed but not reported are counted.
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # No other protocol is spoken here; the request is answered all the same.
        except httptools.HttpParserError:
            self.reject(431 if self._head_room < 0 or self._header_room < 0 else 400)
            return False
        if self._in_head:
            self._head_fed += len(data)
            self.start_timeout(self.limits.header_timeout)
        if self._head_fed > self.limits.head_bytes or self._unparsed > self.limits.head_bytes:
            self.reject(431)
            return False
        return not self.transport.is_closing()

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        self._head_room = self.limits.head_bytes
        self._header_room = self.limits.headers
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head_room -= len(url)
        if self._head_room < 0:
            raise RequestHeadTooLarge
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._unparsed = 0
        self._head_room -= len(name) + len(value) + _LINE_SEPARATORS_BYTES
        self._header_room -= 1
        if self._head_room < 0 or self._header_room < 0:
            raise RequestHeadTooLarge
        if self._in_head:  # Trailers are counted and dropped.
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start or queue the request as uvicorn does, but with our cycle and without upgrades."""
        self._in_head = False
        self._head_fed = self._unparsed = 0
        self.cancel_timeout()
        version, scope = self.parser.get_http_version(), self.scope
        scope["method"] = self.parser.get_method().decode("ascii")
        # uvicorn's scope begins as 1.1.
        if version != "1.1":
            scope["http_version"] = version
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope["path"] = self.root_path + (unquote(path) if "%" in path else path)
        scope["raw_path"] = self.root_path.encode("ascii") + url.path
        scope["query_string"] = url.query or b""
        existing = self.cycle
        cycle = self.cycle = RawResponseCycle(
            scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            self.access_log,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            version != "1.0" and self.parser.should_keep_alive(),
            self.on_response_complete,
        )
        cycle.protocol = self
        if existing is None or existing.response_complete:
            self._start(cycle)
        else:
            self.flow.pause_reading()
            self._queue.append(cycle)

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        self.server_state.mark_idle(self)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._unparsed = 0
        if not self.cycle.response_complete:
            self.server_state.mark_active(self)
        elif self._header_timer is not None:
            self.cancel_timeout()  # The remainder of an unwanted body has arrived.
        super().on_message_complete()

    # Responding

    def _start(self, cycle: RawResponseCycle) -> None:
        self._running = cycle
        task = self.loop.create_task(cycle.run_asgi(self.app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def report_stream(self) -> None:
        """Note that the response under way is a stream, and drop the requests behind it."""
        if not self._is_streaming:
            self.start_stream(has_requests_behind=bool(self._queue or self._backlog or self._in_head))
            self.cancel_timeout()
            self._queue.clear()
            self._backlog = b""
            self.cycle = self._running  # type: ignore[assignment]

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._queue:
            self._unset_keepalive_if_required()
            self._start(self._queue.pop(0))
            self._resume_backlog()
        elif self._rejection is not None:
            self.reject(self._rejection)
        elif self._in_message:
            # The response came before the end of its request: the remainder is read for a moment, then cut off.
            self.start_timeout(self.limits.header_timeout if self._in_head else self.limits.linger_timeout)

    def _resume_backlog(self) -> None:
        if self._backlog and len(self._queue) <= self.limits.pipelined // 2:
            backlog, self._backlog = self._backlog, b""
            self._feed(backlog)
        if self._backlog or self._rejection is not None:
            self.flow.pause_reading()

    def reject(self, status: int) -> None:
        """Close the connection with an error response, after the responses that are due."""
        if self._running is not None and not self._running.response_complete and not self.cycle.more_body:
            self._rejection = status
            self._backlog = b""
            self.flow.pause_reading()
        else:
            super().reject(status)

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn itself marks only the newest request as gone, and a stream before it would live on.
        for cycle in (self._running, *self._queue):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self._queue.clear()
        self._backlog = b""
        super().connection_lost(exc)
        self._running = None
