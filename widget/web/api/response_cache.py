"""Finished responses of ``/now-playing`` and its events, shared by all clients of the same moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from starlette.types import Scope

from widget.artwork.cache import UNKNOWN_ORIGIN, ArtworkCache
from widget.clock import Clock
from widget.model.snapshot import Snapshot
from widget.model.sources import SourceInfo
from widget.web.api.encoder import EncodedSnapshot, encode_snapshot
from widget.web.caching import as_private, cache_control, retry_after
from widget.web.responses import PUBLIC_HEADERS, RAW_RESPONSE_HEAD, etag_variants

CACHE_SECONDS = 0.25
"""Finished bytes are handed out for this long; the progress in them may be that old."""

RETRY = b"retry: 3000"
"""The milliseconds after which a browser reconnects."""

_UNKNOWN_ORIGIN = UNKNOWN_ORIGIN.encode()

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]


class EncodedSnapshotCache:
    """The bytes of the current snapshot, encoded once."""

    def __init__(self, artwork: ArtworkCache, source: SourceInfo) -> None:
        self._artwork = artwork
        self._source = source
        self._encoded: EncodedSnapshot | None = None

    def get(self, snapshot: Snapshot) -> EncodedSnapshot:
        """Return the bytes of ``snapshot``."""
        encoded = self._encoded
        # By identity: the broadcaster keeps the same object until something changes.
        if encoded is None or encoded.snapshot is not snapshot:
            encoded = self._encoded = encode_snapshot(snapshot, self._artwork, self._source)
        return encoded


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """The responses for ``snapshot`` at ``at`` (s since the epoch), as ASGI messages.

    ``etag`` is the header's value, None for errors, which are never 304; ``etag_variants`` are the conditions that
    name it alone. ``needs_origin``: the body holds an address of ours that only a request knows.
    """

    snapshot: Snapshot
    at: float
    etag: str | None
    etag_variants: frozenset[bytes]
    start: Message
    body: Message
    not_modified: Message
    event: Message
    needs_origin: bool

    def at_origin(self, origin: str) -> CachedResponse:
        """Return the response to a request at our ``origin``; shared caches must not keep it."""
        body = self.body["body"].replace(_UNKNOWN_ORIGIN, origin.encode())
        return replace(
            self,
            start=_private(self.start, len(body)),
            body={**self.body, "body": body},
            not_modified=_private(self.not_modified),
            event={**self.event, "body": self.event["body"].replace(_UNKNOWN_ORIGIN, origin.encode())},
            needs_origin=False,
        )


class ResponseCache:
    """The finished responses of the moment."""

    def __init__(
        self, clock: Clock, cache: EncodedSnapshotCache, origin_of: Callable[[Scope], str] | None = None
    ) -> None:
        self._clock = clock
        self._cache = cache
        self._origin_of = origin_of
        self._finished: CachedResponse | None = None

    def get(self, snapshot: Snapshot, scope: Scope | None = None) -> CachedResponse:
        """Return the responses for ``snapshot``, at most a quarter of a second old.

        The request's ``scope`` gives our own address if nothing else does.
        """
        now, finished = self._clock.now(), self._finished
        # Also not from the future: the wall clock may have been set back.
        if finished is None or finished.snapshot is not snapshot or not 0 <= now - finished.at < CACHE_SECONDS:
            finished = self._finished = _finish(self._cache.get(snapshot), now)
        if finished.needs_origin and scope is not None and self._origin_of is not None:
            return finished.at_origin(self._origin_of(scope))
        return finished


def _private(start: Message, length: int | None = None) -> Message:
    """Return ``start`` for a response made for one request, with a body of ``length`` bytes."""
    headers = []
    for name, value in start["headers"]:
        if name == b"cache-control":
            value = as_private(value.decode()).encode()
        elif name == b"content-length" and length is not None:
            value = b"%d" % length
        headers.append((name, value))
    return response_start_message(HTTPStatus(start["status"]), headers)


def raw_headers(headers: Mapping[str, str]) -> Headers:
    """Return ``headers`` in ASGI's form."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def response_start_message(status: HTTPStatus, headers: Headers) -> Message:
    """Return the ASGI message that starts a response, its raw head included."""
    head = b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode())
    head += b"".join(b"%b: %b\r\n" % header for header in headers)
    return {"type": "http.response.start", "status": status.value, "headers": headers, RAW_RESPONSE_HEAD: head}


def sse_message(name: bytes, data: bytes, *fields: bytes) -> Message:
    """Return one server-sent event as an ASGI message; ``data`` has no line break."""
    lines = b"\n".join((b"event: " + name, *fields, b"data: " + data))
    return {"type": "http.response.body", "body": lines + b"\n\n", "more_body": True}


def _finish(encoded: EncodedSnapshot, now: float) -> CachedResponse:
    snapshot, etag = encoded.snapshot, encoded.etag_at(now)
    body, available = encoded.at(now), snapshot.problem is None
    common = [*raw_headers(PUBLIC_HEADERS), (b"etag", etag.encode())]
    common.append((b"cache-control", cache_control(snapshot, now).encode()))
    headers = [*common, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    seconds = retry_after(snapshot, now)
    if seconds is not None:
        headers.append((b"retry-after", b"%d" % seconds))
    return CachedResponse(
        snapshot,
        now,
        # A 304 for an error would keep it alive in caches.
        etag if available else None,
        frozenset(variant.encode() for variant in etag_variants(etag)) if available else frozenset(),
        response_start_message(HTTPStatus.OK if available else HTTPStatus.SERVICE_UNAVAILABLE, headers),
        {"type": "http.response.body", "body": body},
        response_start_message(HTTPStatus.NOT_MODIFIED, common),
        sse_message(b"now-playing", body, b"id: " + encoded.revision.encode(), RETRY),
        _UNKNOWN_ORIGIN in body,
    )
