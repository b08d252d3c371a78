"""``GET /now-playing`` as a raw ASGI application in front of the router: the one route that everybody polls.

Headers and bytes are made once per change; a request costs a comparison and three concatenations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from widget.faces.http import PREFLIGHT_HEADERS, PUBLIC_HEADERS, is_not_modified
from widget.faces.now_playing import ArtworkPath, NowPlayingBytes, encode, max_age, retry_after
from widget.snapshot import Snapshot

if TYPE_CHECKING:
    from widget.faces.services import Services

PATH = "/now-playing"
STALE_IF_ERROR_SECONDS = 300
LONGEST_MAX_AGE = 10

Headers = list[tuple[bytes, bytes]]


def _raw(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


_PUBLIC = _raw(dict(PUBLIC_HEADERS))
_PREFLIGHT = _raw(dict(PREFLIGHT_HEADERS))
_JSON = (b"content-type", b"application/json")
_CACHE_CONTROL = [
    (
        b"cache-control",
        f"public, max-age={age}, s-maxage={age}, stale-while-revalidate={age * 2}, "
        f"stale-if-error={STALE_IF_ERROR_SECONDS}".encode(),
    )
    for age in range(LONGEST_MAX_AGE + 1)
]


class NowPlayingCache:
    """The bytes of the current snapshot, made once per snapshot."""

    def __init__(self, artwork_path: ArtworkPath) -> None:
        self._artwork_path = artwork_path
        self._made: NowPlayingBytes | None = None

    def of(self, snapshot: Snapshot) -> NowPlayingBytes:
        """The bytes of ``snapshot``."""
        made = self._made
        if made is None or made.snapshot is not snapshot:
            made = self._made = encode(snapshot, self._artwork_path)
        return made


class HotPath:
    """Answers ``/now-playing``, and hands everything else to ``app``."""

    def __init__(self, app: ASGIApp, services: Services, cache: NowPlayingCache) -> None:
        self._app = app
        self._broadcast = services.broadcast
        self._clock = services.clock
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method in ("GET", "HEAD"):
            await self._answer(scope, send, method == "HEAD")
        elif method == "OPTIONS":
            await _send(send, 204, _PREFLIGHT, b"")
        else:
            await _send(send, 405, _PREFLIGHT, b"")

    async def _answer(self, scope: Scope, send: Send, head: bool) -> None:
        broadcast = self._broadcast
        if broadcast.is_fresh:
            broadcast.seen()
            snapshot = broadcast.current
        else:
            snapshot = await broadcast.fresh()
        now = self._clock.now()
        made = self._cache.of(snapshot)
        if snapshot.problem is not None:
            await _send(send, 503, self._error_headers(made, now), made.at(now), head)
            return
        headers = [*_PUBLIC, _JSON, (b"etag", made.etag.encode()), _CACHE_CONTROL[max_age(snapshot, now)]]
        for name, value in scope["headers"]:
            if name == b"if-none-match" and is_not_modified(value.decode("latin-1"), made.etag):
                headers.remove(_JSON)
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        await _send(send, 200, headers, made.at(now), head)

    def _error_headers(self, made: NowPlayingBytes, now: float) -> Headers:
        age = max_age(made.snapshot, now)
        headers = [*_PUBLIC, _JSON, (b"etag", made.etag.encode())]
        headers.append((b"cache-control", f"public, max-age={age}, s-maxage={age}".encode()))
        seconds = retry_after(made.snapshot, now)
        if seconds is not None:
            headers.append((b"retry-after", str(seconds).encode()))
        return headers


async def _send(send: Send, status: int, headers: Headers, body: bytes, head: bool = False) -> None:
    if status != 204:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
