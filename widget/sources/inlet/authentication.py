"""Authentication and request limits of the inlet.

The token is compared in constant time before anything else is read; wrong ones wait, and keep no player out.
"""

import asyncio
import hashlib
import hmac
from collections import deque
from collections.abc import Awaitable, Callable

from widget.clock import Clock
from widget.model.source_values import SHA256_PREFIX
from widget.sources.failed_attempts import FailedAttempts

# A request must not cost a query each, and a newly stored token must count soon.
TOKEN_CACHE_SECONDS = 1.0
MAX_REQUESTS, WINDOW_SECONDS = 60, 60.0
RESERVED_REQUESTS = 20
"""Reserved for announcements: a queue of old listens must not use them up."""

_SCHEMES = frozenset({"token", "bearer"})


class TooManyAttempts(Exception):  # noqa: N818
    """Enough wrong tokens are waiting for their response already."""


class TokenAuthenticator:
    """``token`` returns the current token, its hash after ``sha256:``, or None."""

    def __init__(self, token: Callable[[], Awaitable[str | None]], clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._digest: bytes | None = None
        self._refreshed_at: float | None = None
        self._refresh_lock = asyncio.Lock()
        self._failed_attempts = FailedAttempts(clock)

    async def authenticate(self, authorization: str | None) -> bool:
        """Return whether the header ``Authorization`` holds the token; False takes a second.

        Raises :class:`TooManyAttempts` at once if ten wrong ones wait already, or StoreError.
        """
        scheme, *rest = (authorization or "").split(None, 1)[:2] or [""]
        return await self.authenticate_token(rest[0].strip() if rest and scheme.lower() in _SCHEMES else "")

    async def authenticate_token(self, token: str) -> bool:
        """Return whether ``token`` is right; waits and raises as :meth:`authenticate`."""
        await self._refresh()
        # Hashes have one length, so the comparison does not leak the token's.
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        is_equal = hmac.compare_digest(digest, self._digest or bytes(len(digest)))
        if is_equal and self._digest is not None:
            return True
        if not await self._failed_attempts.delay():
            raise TooManyAttempts
        return False

    async def _refresh(self) -> None:
        async with self._refresh_lock:
            now = self._clock.monotonic()
            if self._refreshed_at is None or now - self._refreshed_at >= TOKEN_CACHE_SECONDS:
                self._digest = _digest_of(await self._token())
                self._refreshed_at = now


class RequestLimiter:
    """Limits the requests of a sliding minute; some are reserved for announcements."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: deque[float] = deque()

    def retry_after(self) -> float:
        """Count a request and return 0 if it is allowed, else the seconds until the next one is."""
        now = self._clock.monotonic()
        while self._requests and now - self._requests[0] >= WINDOW_SECONDS:
            self._requests.popleft()
        if len(self._requests) >= MAX_REQUESTS:
            return self._requests[0] + WINDOW_SECONDS - now
        self._requests.append(now)
        return 0.0

    def retry_after_for_listens(self) -> float:
        """Return 0 if the request just counted may submit listens, else uncount it.

        Then returns the seconds to wait.
        """
        limit = MAX_REQUESTS - RESERVED_REQUESTS
        if len(self._requests) <= limit:
            return 0.0
        self._requests.pop()  # A client that retries all the time would use up the reserve.
        return self._requests[len(self._requests) - limit] + WINDOW_SECONDS - self._clock.monotonic()


def _digest_of(token: str | None) -> bytes | None:
    if token is None:
        return None
    if token.startswith(SHA256_PREFIX):
        return bytes.fromhex(token.removeprefix(SHA256_PREFIX))
    return hashlib.sha256(token.encode()).digest()
