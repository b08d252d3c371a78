"""Who may tell: the token, compared in constant time before anything is read; wrong ones wait, and shut nobody out."""

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import Awaitable, Callable

from widget.clock import Clock
from widget.model.sources import SHA256_PREFIX

FAILURE_DELAY_SECONDS = 1.0
MAX_PENDING_FAILURES = 10
TOKEN_CACHE_SECONDS = 1.0
"""What is stored is looked at this often at most, whoever knocks."""

MAX_REQUESTS, WINDOW_SECONDS = 60, 60.0


class TooManyAttempts(Exception):  # noqa: N818
    """So many wrong tokens wait for their answer that this one is not let wait."""


class TokenAuthenticator:
    """``token`` gives the token, or its hash after ``sha256:``, that counts now; None where there is none."""

    def __init__(self, token: Callable[[], Awaitable[str | None]], clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._digest: bytes | None = None
        self._looked_at: float | None = None
        self._looking = asyncio.Lock()
        self._waiting = 0
        self._posts: deque[float] = deque()

    async def authenticate(self, authorization: str | None) -> bool:
        """Whether the header ``Authorization`` holds the token; a wrong one is answered after a second.

        Raises :class:`TooManyWrong` at once where ten wrong ones wait already, or StoreError.
        """
        word, _, token = (authorization or "").strip().partition(" ")
        await self._look()
        given = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        right = hmac.compare_digest(given, self._digest or bytes(len(given)))
        if right and self._digest is not None and word.lower() == "token":
            return True
        if self._waiting >= MAX_PENDING_FAILURES:
            raise TooManyAttempts
        self._waiting += 1
        try:
            await self._clock.sleep(FAILURE_DELAY_SECONDS)
        finally:
            self._waiting -= 1
        return False

    def retry_after(self) -> float:
        """0, counting one post, where one more is allowed within a minute; else after how many s."""
        now = self._clock.monotonic()
        while self._posts and now - self._posts[0] >= WINDOW_SECONDS:
            self._posts.popleft()
        if len(self._posts) >= MAX_REQUESTS:
            return self._posts[0] + WINDOW_SECONDS - now
        self._posts.append(now)
        return 0.0

    async def _look(self) -> None:
        async with self._looking:
            now = self._clock.monotonic()
            if self._looked_at is None or now - self._looked_at >= TOKEN_CACHE_SECONDS:
                self._digest = _digest_of(await self._token())
                self._looked_at = now


def _digest_of(token: str | None) -> bytes | None:
    if token is None:
        return None
    if token.startswith(SHA256_PREFIX):
        return bytes.fromhex(token.removeprefix(SHA256_PREFIX))
    return hashlib.sha256(token.encode()).digest()
