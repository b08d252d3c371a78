"""Limits on request bodies, and a fair queue for expensive renders."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

MAX_BODY_BYTES = 16 * 1024
BODY_TIMEOUT_SECONDS = 20.0
# Only /setup and the inlet take bodies, which honest clients send in one piece.
MAX_AWAITED_BODIES = 8
CROWDED_BODY_TIMEOUT_SECONDS = 0.1
"""While no slot is free: the body of an honest client arrives together with the head."""

CROWDED_RETRY_AFTER_SECONDS = 2
METHODS_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


def declares_too_large_body(scope: Scope, max_bytes: int) -> bool:
    """Return whether the request itself declares a body of more than ``max_bytes``."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    # The length first: int() of thousands of digits is slow.
    return declared.isdigit() and (len(declared) > 15 or int(declared) > max_bytes)


class BodySlots:
    """A few slots for request bodies that have not arrived yet, so that they cannot pile up."""

    def __init__(self, count: int = MAX_AWAITED_BODIES) -> None:
        self._free = count

    async def receive(self, receive: Receive, ends_at: float) -> Message:
        """Return the next message.

        Raises HTTPException 408 at ``ends_at`` (loop time), 503 soon if no slot is free.
        """
        has_slot = self._free > 0
        self._free -= has_slot
        crowded_until = asyncio.get_running_loop().time() + CROWDED_BODY_TIMEOUT_SECONDS
        try:
            async with asyncio.timeout_at(ends_at if has_slot else min(ends_at, crowded_until)):
                return await receive()
        except TimeoutError:
            if has_slot:
                raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from None
            headers = {"Retry-After": str(CROWDED_RETRY_AFTER_SECONDS)}
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers=headers) from None
        finally:
            self._free += has_slot


def limit_body(receive: Receive, max_bytes: int, slots: BodySlots | None) -> Receive:
    """Wrap ``receive`` to enforce the body limits.

    Raises HTTPException 413 above ``max_bytes``, 408 after 20 seconds, 503 while too many bodies wait in ``slots``.
    """
    # A route with its own limit has checked a token first, so its bodies do not compete.
    slots = slots or BodySlots(1)
    left, ends_at, whole = max_bytes, asyncio.get_running_loop().time() + BODY_TIMEOUT_SECONDS, False

    async def receive_within_limits() -> Message:
        nonlocal left, whole
        # After the body only a disconnect comes, which may take as long as it likes.
        if whole:
            return await receive()
        message = await slots.receive(receive, ends_at)
        left -= len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_within_limits


class FairQueue:
    """Lets one caller continue in each turn of the event loop, first come, first served."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def wait_turn(self) -> None:
        """Return when it is the caller's turn, which lasts until it next waits."""
        async with self._lock:
            await asyncio.sleep(0)
