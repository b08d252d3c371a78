"""The common parts of all responses: conditional requests, CORS, compression."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

PUBLIC_HEADERS: Mapping[str, str] = {
    # Not Starlette's CORSMiddleware, which leaves it out without an Origin, so that caches keep the wrong one.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Age, Date, ETag, Retry-After",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
PREFLIGHT_HEADERS: Mapping[str, str] = {
    **PUBLIC_HEADERS,
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "86400",
    "Allow": "GET, HEAD, OPTIONS",
}
RAW_RESPONSE_HEAD = "prepared_head"
"""Key of an ASGI start message: its status line and headers as sent, without the blank line.

A server that does not know it builds them from ``status`` and ``headers``."""

# Below it compression saves next to nothing.
MIN_GZIP_BYTES = 500
# A list of any length would be work of a stranger's choice.
MAX_IF_NONE_MATCH_LENGTH = 2000
_GZIP_SUFFIXES = ("-gzip", ";gzip")
"""Compressing proxies append these inside the quotes of an ETag."""


def weak_etag(*parts: bytes | str) -> str:
    """Return a weak ETag (RFC 9110, section 8.8.3) of ``parts``."""
    digest = hashlib.blake2b(digest_size=12)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    # Weak, as the plain and the compressed body share it.
    return f'W/"{digest.hexdigest()}"'


def etag_variants(etag: str) -> frozenset[str]:
    """Return ``etag`` as clients send it back: weak or strong, with or without a proxy's suffix."""
    opaque = etag.removeprefix("W/").strip('"')
    return frozenset(f'{weak}"{opaque}{suffix}"' for weak in ("W/", "") for suffix in ("", *_GZIP_SUFFIXES))


def is_not_modified(if_none_match: str | None, etag: str | None) -> bool:
    """Return whether ``If-None-Match`` matches ``etag``, compared weakly (RFC 9110, section 13.1.2)."""
    if if_none_match is None or etag is None:
        return False
    if if_none_match.strip() == "*":
        return True
    variants = etag_variants(etag)
    candidates = if_none_match[:MAX_IF_NONE_MATCH_LENGTH].split(",")
    return any(candidate.strip() in variants for candidate in candidates)


def build_response(
    request: Request,
    body: bytes,
    *,
    media_type: str,
    cache_control: str,
    etag: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    compress: bool = False,
) -> Response:
    """Return the public response: 304 if the client has ``body``, gzip if allowed and worthwhile."""
    all_headers = {**PUBLIC_HEADERS, "Cache-Control": cache_control, **(headers or {})}
    if etag is not None:
        all_headers["ETag"] = etag
    if compress:
        all_headers["Vary"] = ", ".join(filter(None, (all_headers.get("Vary"), "Accept-Encoding")))
    if status == 200 and is_not_modified(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=all_headers)
    if compress and len(body) >= MIN_GZIP_BYTES and _accepts_gzip(request.headers.get("accept-encoding", "")):
        # Without the time, the same bytes for the same page.
        body = gzip.compress(body, 6, mtime=0)
        all_headers["Content-Encoding"] = "gzip"
    return Response(body, status, all_headers, media_type)


def without_body(request: Request, response: Response) -> Response:
    """Return ``response``, for HEAD without its body but with its length (RFC 9110, section 9.3.2)."""
    if request.method == "HEAD" and hasattr(response, "body"):
        response.body = b""
    return response


async def preflight(request: Request) -> Response:
    """Return the response to OPTIONS and preflights (https://fetch.spec.whatwg.org/#http-cors-protocol)."""
    return Response(status_code=204, headers=dict(PREFLIGHT_HEADERS))


def _accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the header allows gzip: by its name, else by ``*`` (RFC 9110, section 12.5.3)."""
    weights = {}
    for coding in accept_encoding.lower().split(","):
        name, _, parameters = coding.partition(";")
        weights[name.strip()] = parameters.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
