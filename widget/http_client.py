"""The one HTTP client: its name, its time-outs, and what the answers of all services have in common."""

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


TIMEOUT_SECONDS = 10.0
MAX_RESPONSE_BYTES = 2 * 1024 * 1024
"""Ten times the longest answer that any service gives to our questions."""
DEFAULT_RETRY_AFTER_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 7 * 86_400.0
_OF_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")
_DISTRIBUTION = "now-playing-backend"


@lru_cache(maxsize=1)
def program_version() -> str:
    """Return the program's name and version, as in ``User-Agent`` (RFC 9110, section 10.1.5)."""
    from importlib.metadata import PackageNotFoundError, version  # Costs time that the start has not.

    try:
        return f"{_DISTRIBUTION}/{version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return f"{_DISTRIBUTION}/0"


def user_agent(public_url: str | None = None) -> str:
    """Return the ``User-Agent`` of every request: the program, and where its owner can be found, if that is known."""
    return program_version() if public_url is None else f"{program_version()} ({public_url})"


def http_client(transport: httpx.AsyncBaseTransport | None = None, public_url: str | None = None) -> httpx.AsyncClient:
    """The client that every request leaves by; ``transport`` replaces the network."""
    import httpx

    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(TIMEOUT_SECONDS),
        headers={"User-Agent": user_agent(public_url), "Accept": "application/json"},
        follow_redirects=False,
        limits=httpx.Limits(max_connections=10, keepalive_expiry=30.0),
    )


class LazyHttpClient:
    """The one client, made at the first use: that takes time, which the start of the program has not."""

    def __init__(self, given: httpx.AsyncClient | None = None, public_url: str | None = None) -> None:
        self._given = given
        self._public_url = public_url
        self._made: httpx.AsyncClient | None = None

    def __call__(self) -> httpx.AsyncClient:
        if self._given is not None:
            return self._given
        if self._made is None:
            self._made = self._fresh()
        return self._made

    def _fresh(self) -> httpx.AsyncClient:
        try:
            return http_client(public_url=self._public_url)
        except Exception as error:
            # What was there at the start may be gone (a file of certificates). The text may hold a proxy.
            told = f"No HTTP client can be made in this environment ({type(error).__name__})."
            raise SourceUnreachable(told) from error

    async def close(self) -> None:
        """Closes what was made here; a given client is the giver's."""
        if self._made is not None:
            await self._made.aclose()


async def send(
    http: httpx.AsyncClient,
    request: httpx.Request,
    who: str,
    unreachable: type[SourceUnreachable] = SourceUnreachable,
    seconds: float = TIMEOUT_SECONDS,
) -> httpx.Response:
    """The whole answer of ``who`` (its name for people), decoded, given within ``seconds`` in all.

    Raises ``unreachable``, also where it is longer than ``LARGEST_ANSWER_BYTES``: no more than that is kept of any.
    """
    import httpx

    request.headers["Accept-Encoding"] = "gzip"
    try:
        async with asyncio.timeout(seconds):
            return await _whole(await http.send(request, stream=True))
    except ResponseTooLarge as error:
        raise unreachable(f"{who} answers with more than can be read.") from error
    except InvalidContentEncoding as error:
        raise unreachable(f"{who} answers in an encoding that cannot be read.") from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise unreachable(f"{who} did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise unreachable(f"{who} cannot be reached ({type(error).__name__}).") from error


async def _whole(response: httpx.Response) -> httpx.Response:
    """What ``response`` says once its body has come, as an answer that was never encoded."""
    import httpx

    try:
        body = await read_limited(response, MAX_RESPONSE_BYTES)
    finally:
        await response.aclose()
    if not (body.is_complete or body.content):
        raise InvalidContentEncoding
    # What came of a body that was cut off is judged by who reads it: there may be a token in it.
    headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_TRANSFER]
    return httpx.Response(response.status_code, headers=headers, content=body.content, request=response.request)


def retry_after_seconds(value: str | None, now: float) -> float:
    """The seconds that a ``Retry-After`` header asks for (RFC 9110, section 10.2.3); a minute where unreadable."""
    seconds = _delay(value or "", now)
    if seconds is None:
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(1.0, seconds), MAX_RETRY_AFTER_SECONDS)


def _delay(value: str, now: float) -> float | None:
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (aware - datetime.fromtimestamp(now, UTC)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def json_object(response: httpx.Response) -> dict[str, Any]:
    """The JSON object in the body; empty where there is none."""
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
