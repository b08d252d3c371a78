"""Reads the body of an answer within a limit: a host may send one without an end, or few bytes that inflate to many."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_PLAIN = ("identity", "")
_COMPRESSED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class ResponseTooLarge(Exception):  # noqa: N818
    """The body is longer than the limit, as it comes or when it is inflated."""


class InvalidContentEncoding(Exception):  # noqa: N818
    """The body's content coding (RFC 9110, section 8.4.1) is broken, or not one layer of gzip or zlib."""


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """What a body holds, decoded. ``is_whole`` is False where its coding was cut off."""

    content: bytes = field(repr=False)
    is_complete: bool


async def read_limited(response: httpx.Response, most_bytes: int) -> DecodedBody:
    """The body of a ``response`` that was sent for as a stream. Raises :class:`TooLong` or :class:`Undecodable`.

    The bytes are counted while they come, before and after they are inflated, and no step inflates beyond the limit:
    httpx itself would inflate whatever one chunk holds at once.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in (*_PLAIN, *_COMPRESSED):
        raise InvalidContentEncoding
    inflate = None if coding in _PLAIN else zlib.decompressobj(_GZIP_OR_ZLIB)
    content, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > most_bytes:
            raise ResponseTooLarge
        content += chunk if inflate is None else _inflated(inflate, chunk, most_bytes + 1 - len(content))
        if len(content) > most_bytes:
            raise ResponseTooLarge
    # An answer without a body may name a coding all the same.
    return DecodedBody(bytes(content), is_complete=inflate is None or inflate.eof or not received)


def _inflated(inflate: zlib._Decompress, chunk: bytes, most_bytes: int) -> bytes:
    try:
        return inflate.decompress(chunk, most_bytes)
    except zlib.error as error:
        raise InvalidContentEncoding from error
