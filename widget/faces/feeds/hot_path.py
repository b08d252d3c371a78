"""``GET /now-playing`` as a raw ASGI application in front of everything else: the one route that everybody polls.

Headers and bytes are made once per change; a request costs a comparison and three concatenations.
"""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from widget.clock import Clock
from widget.faces.feeds.now_playing import ArtworkFacts, NowPlayingBytes, encode, max_age, retry_after
from widget.faces.http import PREFLIGHT_HEADERS, PUBLIC_HEADERS, is_not_modified
from widget.player.broadcast import Broadcast
from widget.snapshot import Snapshot
from widget.source import Source

PATH = "/now-playing"
STALE_IF_ERROR_SECONDS = 300
LONGEST_MAX_AGE = 10

Headers = list[tuple[bytes, bytes]]


def _raw(headers: dict[str, str]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


_PUBLIC = _raw(dict(PUBLIC_HEADERS))
_PREFLIGHT = _raw(dict(PREFLIGHT_HEADERS))
_JSON = (b"content-type", b"application/json")
_EMPTY = {"type": "http.response.body", "body": b""}
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

    def __init__(self, artwork: ArtworkFacts, source: Source) -> None:
        self._artwork = artwork
        self._source = source
        self._made: NowPlayingBytes | None = None

    def of(self, snapshot: Snapshot) -> NowPlayingBytes:
        """The bytes of ``snapshot``."""
        made = self._made
        if made is None or made.snapshot is not snapshot:
            made = self._made = encode(snapshot, self._artwork, self._source)
        return made


class HotPath:
    """The ASGI application for ``/now-playing`` alone."""

    def __init__(self, broadcast: Broadcast, clock: Clock, cache: NowPlayingCache) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._cache = cache
        self._made: NowPlayingBytes | None = None
        self._headers: Headers = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
        if made is not self._made:
            self._made, self._headers = made, [*_PUBLIC, (b"etag", made.etag.encode())]
        headers = [*self._headers, _CACHE_CONTROL[max_age(snapshot, now)]]
        for name, value in scope["headers"]:
            if name == b"if-none-match" and is_not_modified(value.decode("latin-1"), made.etag):
                await send({"type": "http.response.start", "status": 304, "headers": headers})
                await send(_EMPTY)
                return
        headers.append(_JSON)
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
