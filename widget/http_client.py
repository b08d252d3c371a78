"""Outbound HTTP: the client, its limits on time and size, and how responses are read."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from widget.model.errors import SourceUnreachable

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 10.0
MAX_CONNECTIONS = 10
MAX_RESPONSE_BYTES = 2 * 1024 * 1024
"""Ten times the longest response that any service sends to our requests."""
DEFAULT_RETRY_AFTER_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 7 * 86_400.0

_DISTRIBUTION = "now-playing-backend"
_TRANSFER_HEADERS = (b"content-encoding", b"content-length", b"transfer-encoding")
_PLAIN = ("identity", "")
_COMPRESSED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class ResponseTooLarge(Exception):  # noqa: N818
    """The body exceeds the limit, as it comes or when inflated."""


class InvalidContentEncoding(Exception):  # noqa: N818
    """The content coding (RFC 9110, section 8.4.1) is broken, or not one layer of gzip or zlib."""


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """A decoded body; ``is_complete`` is False if its coding was cut off."""

    content: bytes = field(repr=False)
    is_complete: bool


@lru_cache(maxsize=1)
def program_version() -> str:
    """Return the program's name and version, as in ``User-Agent`` (RFC 9110, section 10.1.5)."""
    from importlib.metadata import PackageNotFoundError, version  # Too slow for the start.

    try:
        return f"{_DISTRIBUTION}/{version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return f"{_DISTRIBUTION}/0"


def user_agent(public_url: str | None = None) -> str:
    """Return the ``User-Agent`` of every request, with ``public_url`` as the contact address."""
    return program_version() if public_url is None else f"{program_version()} ({public_url})"


def http_client(transport: httpx.AsyncBaseTransport | None = None, public_url: str | None = None) -> httpx.AsyncClient:
    """Return the client for every request; ``transport`` replaces the network."""
    import httpx

    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIMEOUT_SECONDS),
        headers={"User-Agent": user_agent(public_url), "Accept": "application/json"},
        # A redirect could carry a token, or lead into the private network.
        follow_redirects=False,
        # One source and its artwork at a time; a service that hangs must not collect connections.
        limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=30.0),
    )


class LazyHttpClient:
    """The client, created at first use unless an ``external`` one is passed in.

    Importing httpx takes longer than the start may.
    """

    def __init__(self, external: httpx.AsyncClient | None = None, public_url: str | None = None) -> None:
        self._external = external
        self._public_url = public_url
        self._created: httpx.AsyncClient | None = None

    def __call__(self) -> httpx.AsyncClient:
        if self._external is not None:
            return self._external
        if self._created is None:
            self._created = self._create()
        return self._created

    def _create(self) -> httpx.AsyncClient:
        try:
            return http_client(public_url=self._public_url)
        except Exception as error:
            # A file that existed at start may be gone (certificates). The error's text may hold a proxy's password.
            message = f"No HTTP client can be created in this environment ({type(error).__name__})."
            raise SourceUnreachable(message) from error

    async def close(self) -> None:
        """Close the client if it was created here."""
        if self._created is not None:
            await self._created.aclose()


async def send(
    http: httpx.AsyncClient,
    request: httpx.Request,
    service: str,
    unreachable: type[SourceUnreachable] = SourceUnreachable,
    seconds: float = TIMEOUT_SECONDS,
) -> httpx.Response:
    """Return the complete, decoded response of ``service`` (a name for people).

    Raises ``unreachable`` after ``seconds``, and for a response of more than ``MAX_RESPONSE_BYTES``.
    """
    import httpx

    # The one coding whose output read_limited can limit.
    request.headers["Accept-Encoding"] = "gzip"
    try:
        async with asyncio.timeout(seconds):
            return await _read_response(await _start_response(http, request))
    except ResponseTooLarge as error:
        raise unreachable(f"{service} sent a response that is too large.") from error
    except InvalidContentEncoding as error:
        raise unreachable(f"{service} sent a response in an encoding that cannot be read.") from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise unreachable(f"{service} did not respond in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(f"{service} cannot be reached ({type(error).__name__}).") from error


async def read_limited(response: httpx.Response, max_bytes: int) -> DecodedBody:
    """Return the body of a streamed response, decoded.

    Raises :class:`ResponseTooLarge` or :class:`InvalidContentEncoding`.

    Bytes are counted as they come, before and after inflation, and no step inflates beyond the limit: httpx itself
    would inflate all of a chunk at once.
    """
    coding = response.headers.get("content-encoding", "identity").strip().lower()
    if coding not in (*_PLAIN, *_COMPRESSED):
        raise InvalidContentEncoding
    decompressor = None if coding in _PLAIN else zlib.decompressobj(_GZIP_OR_ZLIB)
    content, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if received > max_bytes:
            raise ResponseTooLarge
        content += chunk if decompressor is None else _inflate(decompressor, chunk, max_bytes + 1 - len(content))
        if len(content) > max_bytes:
            raise ResponseTooLarge
    # A response without a body may name a coding all the same.
    return DecodedBody(bytes(content), is_complete=decompressor is None or decompressor.eof or not received)


def retry_after_seconds(value: str | None, now: float) -> float:
    """Return the seconds in a ``Retry-After`` header (RFC 9110, section 10.2.3), else 60.

    At least one second and at most a week.
    """
    seconds = _parse_retry_after(value or "", now)
    if seconds is None:
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(1.0, seconds), MAX_RETRY_AFTER_SECONDS)


def json_object(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object in the body, empty if there is none."""
    try:
        value = response.json()
    # Deeply nested JSON exhausts the stack of the parser.
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


async def _start_response(http: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Return the response with its body unread.

    A server may close a connection that it kept open just when a request is on its way. Such a GET is sent once more
    (RFC 9112, section 9.3.1): our interval and a server's limit are often the same 5 seconds.
    """
    import httpx

    is_new_connection = False

    async def trace(event: str, _: dict[str, Any]) -> None:
        nonlocal is_new_connection
        is_new_connection = is_new_connection or event.endswith("connect_tcp.started")

    request.extensions = {**request.extensions, "trace": trace}
    try:
        return await http.send(request, stream=True)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
        if is_new_connection or request.method != "GET":
            raise
    return await http.send(request, stream=True)


async def _read_response(response: httpx.Response) -> httpx.Response:
    """Return ``response`` with its whole body, as if it had never been encoded."""
    import httpx

    try:
        body = await read_limited(response, MAX_RESPONSE_BYTES)
    finally:
        await response.aclose()
    if not (body.is_complete or body.content):
        raise InvalidContentEncoding
    # The caller judges a body that was cut off: it may hold a token.
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _TRANSFER_HEADERS]
    return httpx.Response(response.status_code, headers=headers, content=body.content, request=response.request)


def _inflate(decompressor: zlib._Decompress, chunk: bytes, max_bytes: int) -> bytes:
    try:
        return decompressor.decompress(chunk, max_bytes)
    except zlib.error as error:
        raise InvalidContentEncoding from error


def _parse_retry_after(value: str, now: float) -> float | None:
    text = value.strip()
    # isdigit alone accepts digits of other scripts.
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    try:
        parsed = parsedate_to_datetime(text)
        # HTTP dates are always GMT (RFC 9110, section 5.6.7), even without a zone.
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return (aware - datetime.fromtimestamp(now, UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
