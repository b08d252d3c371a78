"""uvicorn's protocol on httptools, which is fast and has no limits, with limits."""

from __future__ import annotations

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from widget.server.connections import LimitedProtocol
from widget.web.responses import RAW_RESPONSE_HEAD


class RawResponseCycle(RequestResponseCycle):
    """uvicorn's cycle for a request, which writes status, headers and body each by itself, and checks each header."""

    _head: bytes | None = None

    async def send(self, message: Any) -> None:
        if not self.response_started and RAW_RESPONSE_HEAD in message and not self.flow.write_paused:
            self.response_started = True
            self.waiting_for_100_continue = False
            self._head = message[RAW_RESPONSE_HEAD]
        elif self._head is None:
            await super().send(message)
        elif not self.disconnected:
            self._write_whole(self._head, message["body"] if self.scope["method"] != "HEAD" else b"")

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


_ENDS_OF_LINES = 4
"""``: `` and the line break."""


class RequestHeadTooLarge(Exception):  # noqa: N818
    """More than a request may have; ends the parsing."""


class LimitedHttpToolsProtocol(LimitedProtocol, HttpToolsProtocol):
    """Counts a head as it is parsed (``_head_room``, ``_header_room``) and, where nothing comes of what is fed,
    as it is fed (``_head_fed``, ``_unheard``): an unfinished header is kept by the parser."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._in_head = False
        self._in_message = False
        self._head_fed = 0
        self._unheard = 0
        self._head_room = self.limits.head_bytes
        self._header_room = self.limits.headers

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._unheard += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # Nobody here speaks anything else; the request is answered all the same.
        except httptools.HttpParserError:
            self.reject(431 if self._head_room < 0 or self._header_room < 0 else 400)
            return
        if self._in_head:
            self._head_fed += len(data)
            self.start_timeout(self.limits.header_timeout)
        if self._head_fed > self.limits.head_bytes or self._unheard > self.limits.head_bytes:
            self.reject(431)

    def on_message_begin(self) -> None:
        self._in_head = self._in_message = True
        self._head_room = self.limits.head_bytes
        self._header_room = self.limits.headers
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._head_room -= len(url)
        if self._head_room < 0:
            raise RequestHeadTooLarge
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._unheard = 0
        self._head_room -= len(name) + len(value) + _ENDS_OF_LINES
        self._header_room -= 1
        if self._head_room < 0 or self._header_room < 0:
            raise RequestHeadTooLarge
        if self._in_head:  # Trailers are counted, and go nowhere.
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= self.limits.pipelined:
            raise RequestHeadTooLarge
        self._in_head = False
        self._head_fed = self._unheard = 0
        self.request_begins()
        super().on_headers_complete()
        self.cycle.__class__ = RawResponseCycle  # uvicorn makes it, and starts nothing before this returns.

    def on_body(self, body: bytes) -> None:
        self._unheard = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_message = False
        self._unheard = 0
        if self._alarm is not None and self.cycle.response_complete:
            self.cancel_timeout()  # The rest of a body that nobody wanted has come to its end.
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._in_message and not self.pipeline and not self.transport.is_closing():
            self.start_timeout(self.limits.header_timeout if self._in_head else self.limits.linger_timeout)
