"""Lenient readers of foreign JSON: each value has the right type, or is None. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from widget.model.serialization import MAX_TIMESTAMP

# Above a month it is a damaged number, not a length.
MAX_DURATION_MS = 30 * 86_400_000
MAX_URL_LENGTH = 2_000
MAX_TEXT_LENGTH = 2_000

_URL_TEXT = re.compile(r"[^\s\\\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_URL_SAFE = "%/:?#[]@!$&()*+,;=~"
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", re.ASCII)
# ASCII, or digits of other scripts would match in a URL that we build.
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def parse_json(body: bytes) -> Any:
    """Return the JSON value in ``body``. Raises ValueError if there is none."""
    try:
        return json.loads(body)
    # Deep nesting is a way to crash the decoder, so it counts as unreadable.
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def iter_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects in a list; none for anything else."""
    return (element for element in value if isinstance(element, dict)) if isinstance(value, list) else iter(())


def as_object(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str | None:
    """Return text that is not empty, at most 2,000 characters of it.

    Half a surrogate pair, which nothing can encode, becomes U+FFFD.
    """
    if not isinstance(value, str) or not value:
        return None
    text: str = value[:MAX_TEXT_LENGTH]
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_url(value: Any) -> str | None:
    """Return an absolute http(s) address as a browser would read it, percent-encoded; else None.

    It becomes a link on somebody's site, so an address with a user and a password is refused.
    """
    if not isinstance(value, str) or len(value) > MAX_URL_LENGTH or not _URL_TEXT.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
        host, port = unquote(parts.hostname or "", errors="strict"), parts.port
        # javascript: and data: would run in the visitor's page; a user part makes links look like another site's.
        if parts.scheme not in ("http", "https") or "@" in parts.netloc or not host:
            return None
        host = f"[{host}]" if ":" in host else host.encode("idna").decode()  # Full-width letters become plain ones.
        if not _HOST.fullmatch(host):
            return None
        netloc = host if port is None else f"{host}:{port}"
        path, query, fragment = (quote(part, safe=_URL_SAFE) for part in (parts.path, parts.query, parts.fragment))
    except ValueError:  # UnicodeError of the codec, too.
        return None
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def as_milliseconds(value: Any, maximum: int = MAX_DURATION_MS) -> int | None:
    """Return whole milliseconds between 0 and ``maximum``; None for anything else, NaN too."""
    return int(value) if is_number(value) and 0 <= value <= maximum else None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Return whether it is a number, of whatever size."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_timestamp(value: Any) -> float | None:
    """Return seconds since the epoch from a whole number or its digits.

    None outside the years 1970 to 3000.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MAX_TIMESTAMP:
        return None
    return float(value)


def as_mbid(value: Any) -> str | None:
    """Return a MusicBrainz identifier in lower case.

    See https://musicbrainz.org/doc/MusicBrainz_Identifier
    """
    folded = value.lower() if isinstance(value, str) else ""
    return folded if _MBID.fullmatch(folded) else None
