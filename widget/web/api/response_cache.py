"""What ``/now-playing`` and its events hand out: bytes made once, and shared by all who ask at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.types import Scope

from widget.artwork.cache import UNKNOWN_ORIGIN
from widget.clock import Clock
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.web.api.encoder import ArtworkFacts, EncodedSnapshot, encode_snapshot, max_age, retry_after
from widget.web.responses import PUBLIC_HEADERS, RAW_RESPONSE_HEAD, etag_variants

CACHE_SECONDS = 0.25
"""How long the finished bytes are handed out; the progress in them may be that old."""

STALE_IF_ERROR_SECONDS = 300
RETRY_MS = 3000
_UNKNOWN_ORIGIN = UNKNOWN_ORIGIN.encode()

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]


class EncodedSnapshotCache:
    """The bytes of the current snapshot, made once per snapshot."""

    def __init__(self, artwork: ArtworkFacts, source: SourceInfo) -> None:
        self._artwork = artwork
        self._source = source
        self._made: EncodedSnapshot | None = None

    def get(self, snapshot: Snapshot) -> EncodedSnapshot:
        """The bytes of ``snapshot``."""
        made = self._made
        if made is None or made.snapshot is not snapshot:
            made = self._made = encode_snapshot(snapshot, self._artwork, self._source)
        return made


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """The answers for ``snapshot`` at ``at`` (s since the epoch), as ASGI messages. ``etag`` is the header's value,
    None where there is no 304 (errors); ``known`` is what a condition looks like that names it alone."""

    snapshot: Snapshot
    at: float
    etag: str | None
    etag_variants: frozenset[bytes]
    start: Message
    body: Message
    not_modified: Message
    event: Message

    @property
    def needs_origin(self) -> bool:
        """Whether an address of ours stands in the body that only a request can tell."""
        return _UNKNOWN_ORIGIN in self.body["body"]

    def at_origin(self, origin: str) -> CachedResponse:
        """Return the response to a request that reached us at ``origin``; shared caches must not keep it."""
        body = self.body["body"].replace(_UNKNOWN_ORIGIN, origin.encode())
        return replace(
            self,
            start=_private(self.start, len(body)),
            body={**self.body, "body": body},
            not_modified=_private(self.not_modified),
            event={**self.event, "body": self.event["body"].replace(_UNKNOWN_ORIGIN, origin.encode())},
        )


class ResponseCache:
    """The finished answers of the moment."""

    def __init__(
        self, clock: Clock, cache: EncodedSnapshotCache, origin_of: Callable[[Scope], str] | None = None
    ) -> None:
        self._clock = clock
        self._cache = cache
        self._origin_of = origin_of
        self._finished: CachedResponse | None = None

    def get(self, snapshot: Snapshot, scope: Scope | None = None) -> CachedResponse:
        """The answers for ``snapshot``: those made within the last quarter of a second, else new ones.

        ``scope`` is the request's, which tells our own address if nothing else does.
        """
        now, finished = self._clock.now(), self._finished
        if finished is None or finished.snapshot is not snapshot or not 0 <= now - finished.at < CACHE_SECONDS:
            finished = self._finished = _finish(self._cache.get(snapshot), now)
        if finished.needs_origin and scope is not None and self._origin_of is not None:
            return finished.at_origin(self._origin_of(scope))
        return finished


def _private(start: Message, length: int | None = None) -> Message:
    """Return ``start`` for a response that is made for one request, with a body of ``length`` bytes."""
    headers = []
    for name, value in start["headers"]:
        if name == b"cache-control":
            value = value.replace(b"public", b"private", 1)
        elif name == b"content-length" and length is not None:
            value = b"%d" % length
        headers.append((name, value))
    return response_start_message(HTTPStatus(start["status"]), headers)


def raw_headers(headers: Mapping[str, str]) -> Headers:
    """``headers`` as ASGI wants them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def response_start_message(status: HTTPStatus, headers: Headers) -> Message:
    """The ASGI message that begins an answer, its head prepared."""
    head = b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode())
    head += b"".join(b"%b: %b\r\n" % header for header in headers)
    return {"type": "http.response.start", "status": status.value, "headers": headers, RAW_RESPONSE_HEAD: head}


def sse_message(name: bytes, data: bytes, *fields: bytes) -> Message:
    """One server-sent event as an ASGI message; ``data`` has no line break."""
    lines = b"\n".join((b"event: " + name, *fields, b"data: " + data))
    return {"type": "http.response.body", "body": lines + b"\n\n", "more_body": True}


def _finish(made: EncodedSnapshot, now: float) -> CachedResponse:
    body, available = made.at(now), made.snapshot.problem is None
    common = [*raw_headers(PUBLIC_HEADERS), (b"etag", made.etag.encode()), _cache_control(made.snapshot, now)]
    headers = [*common, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    seconds = retry_after(made.snapshot, now)
    if seconds is not None:
        headers.append((b"retry-after", b"%d" % seconds))
    return CachedResponse(
        made.snapshot,
        now,
        made.etag if available else None,
        frozenset(name.encode() for name in etag_variants(made.etag)) if available else frozenset(),
        response_start_message(HTTPStatus.OK if available else HTTPStatus.SERVICE_UNAVAILABLE, headers),
        {"type": "http.response.body", "body": body},
        response_start_message(HTTPStatus.NOT_MODIFIED, common),
        sse_message(b"now-playing", body, b"id: " + made.opaque_tag.encode(), b"retry: %d" % RETRY_MS),
    )


def _cache_control(snapshot: Snapshot, now: float) -> tuple[bytes, bytes]:
    age = max_age(snapshot, now)
    value = f"public, max-age={age}, s-maxage={age}"
    if snapshot.problem is None:
        value += f", stale-while-revalidate={age * 2}, stale-if-error={STALE_IF_ERROR_SECONDS}"
    return b"cache-control", value.encode()
