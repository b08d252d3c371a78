"""Answers whose head is prepared are written in one piece: one system call, and no header is looked at again."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

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
