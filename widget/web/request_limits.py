"""How much of a request's body is read, and for how long, whoever sends it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

MAX_BODY_BYTES = 16 * 1024
BODY_TIMEOUT_SECONDS = 20.0
METHODS_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


def declares_too_large_body(scope: Scope, most: int) -> bool:
    """Whether the request says itself that its body has more than ``most`` bytes."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return declared.isdigit() and (len(declared) > 15 or int(declared) > most)


def limit_body(receive: Receive, most: int) -> Receive:
    """``receive`` that raises an HTTPException where the body has more than ``most`` bytes (413), chunked or not, or
    is not whole after 20 s (408)."""
    left, ends_at, whole = most, asyncio.get_running_loop().time() + BODY_TIMEOUT_SECONDS, False

    async def receive_within() -> Message:
        nonlocal left, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(ends_at):
                message = await receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
        left -= len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_within


class FairQueue:
    """:meth:`take` returns to one caller in each turn of the event loop, in the order in which they came; whatever is
    ready beside them runs in between."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def wait_turn(self) -> None:
        """Returns when it is the caller's turn; what it does until it next waits is that turn."""
        async with self._lock:
            await asyncio.sleep(0)
