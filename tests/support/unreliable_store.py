"""A store that hangs or fails on demand, and a stream that is read without a network."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.fake_clock import settle
from widget.store.base import Store


class UnreliableStore:
    """A :class:`widget.store.base.Store` whose operations hang while ``hangs`` is set, or raise ``fault``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.hangs = False
        self.fault: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def unreliable(*arguments: Any, **named: Any) -> Any:
            if self.hangs:
                await asyncio.Event().wait()
            if self.fault is not None:
                raise self.fault
            return await found(*arguments, **named)

        return unreliable

    def as_store(self) -> Store:
        """Return itself, typed as a store."""
        return cast("Store", self)


async def _read(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


@asynccontextmanager
async def open_stream(app: ASGIApp) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the JSON of the events of ``/now-playing/events`` so far."""
    received: list[dict[str, Any]] = []
    left = asyncio.Event()

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        for line in message.get("body", b"").decode().splitlines():
            if line.startswith("data:") and (data := line.removeprefix("data:").strip()).startswith("{"):
                value = json.loads(data)
                if "status" in value:
                    received.append(value)

    scope: Scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/now-playing/events",
        "raw_path": b"/now-playing/events",
        "query_string": b"",
        "headers": [(b"host", b"music.example.org")],
        "scheme": "http",
        "server": ("music.example.org", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    reading: asyncio.Future[None] = asyncio.ensure_future(_read(app, scope, receive, send))
    async with asyncio.timeout(10):
        while not received:  # noqa: ASYNC110 - the first event follows the first write a moment later
            await asyncio.sleep(0.005)
    await settle()
    try:
        yield received
    finally:
        left.set()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
