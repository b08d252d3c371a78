"""One parser per variable.

Each raises ValueError with a phrase that continues a sentence after the variable's name.
"""

import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from widget.model.hide_list import URI_KINDS, parse_name_entry, parse_uri_entry

LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
SETUP_KEY_LENGTHS = range(20, 201)
SETUP_KEY_MIN_DISTINCT = 10
MAX_QUOTED_LENGTH = 60
EARLIEST_AUTHORIZATION = datetime(2008, 1, 1, tzinfo=UTC).timestamp()
MAX_FUTURE_SECONDS = 86_400.0
"""How far the clock that wrote a date may be ahead of ours."""

_KEY_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(24))"'
_KINDS = f"{', '.join(URI_KINDS[:-1])} or {URI_KINDS[-1]}"
_REDIRECT_RULE = (
    "must be http://127.0.0.1:PORT/path, http://[::1]:PORT/path or an https:// address (Spotify refuses localhost)"
)


def parse_redirect_uri(value: str) -> str:
    """Return ``value`` if Spotify accepts it as a redirect URI."""
    try:
        parts = _split(value)
    except ValueError:
        raise ValueError(_REDIRECT_RULE) from None
    # Spotify shows a mismatch on its own page only, so it is found here.
    if parts.fragment or not parts.hostname or "@" in parts.netloc or not _is_plain(value):
        raise ValueError(_REDIRECT_RULE)
    if parts.scheme == "https":
        return value
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1") and parts.port != 0:
        return value
    raise ValueError(_REDIRECT_RULE)


def parse_database_url(value: str) -> str:
    """Return ``value`` if its scheme is supported."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES or "\0" in value:
        raise ValueError("must be sqlite:///file.db, sqlite:////absolute/file.db or postgresql://…")
    # Two slashes would name a host, which SQLite has none of.
    if scheme == "sqlite" and (not rest.startswith("/") or rest == "/"):
        raise ValueError("must be sqlite:///file.db (relative) or sqlite:////absolute/file.db")
    return value


def parse_token(value: str) -> str:
    """Return ``value`` if it contains no whitespace."""
    if re.search(r"\s", value) or not value.isprintable():
        raise ValueError("contains a space or a line break; paste only the value")
    return value


def parse_authorized_at(now: float) -> Callable[[str], float]:
    """Return a parser for the time of an authorization (s since the epoch), at ``now``."""

    def parse(value: str) -> float:
        try:
            moment = datetime.fromisoformat(value)
            # A bare date is a day in UTC, the same on every host.
            timestamp = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError) as error:
            raise ValueError("must be a date such as 2026-11-25 or 2026-11-25T10:00:00Z") from error
        if timestamp < EARLIEST_AUTHORIZATION:
            raise ValueError("is before 2008; use the date of the authorization, as export prints it")
        if timestamp > now + MAX_FUTURE_SECONDS:
            raise ValueError("is in the future; use the date of the authorization, as export prints it")
        return timestamp

    return parse


def parse_url(value: str) -> str:
    """Return an http or https address without its final slash."""
    try:
        parts = _split(value)
    except ValueError:
        raise ValueError("must be an address such as https://example.org") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "?" in value or "#" in value:
        raise ValueError("must be an address such as https://example.org, without a query")
    if "@" in parts.netloc:
        raise ValueError("must be an address such as https://example.org, without a name or password")
    if not _is_plain(value) or re.search(r"[\"'<>\\^`{|}]", value):
        raise ValueError("must be an address such as https://example.org, in ASCII (an international name as xn--…)")
    return value.rstrip("/")


def url_from_domain(value: str) -> str:
    """Return the https address of a domain that a host names without a scheme."""
    if not _is_host(value.lower()):
        raise ValueError("is not a domain; set PUBLIC_URL instead")
    return f"https://{value.lower()}"


def url_from_fly_app(value: str) -> str:
    """Return the https address that Fly.io gives the app of this name."""
    return url_from_domain(f"{value}.fly.dev")


def parse_port(value: str) -> int:
    """Return a port number; 0 means any free port."""
    if not is_whole_number(value, 5) or int(value) > 65_535:
        raise ValueError("must be a number from 0 (any free port) to 65535")
    return int(value)


def parse_positive_int(value: str) -> int:
    """Return a whole number from 1 to 999999999."""
    if not is_whole_number(value, 9) or int(value) < 1:
        raise ValueError("must be a whole number from 1 to 999999999")
    return int(value)


def parse_bool(value: str) -> bool:
    # Not "true" and "false": then people would expect "no" and "off" to work too.
    if value not in ("0", "1"):
        raise ValueError("must be 1 or 0")
    return value == "1"


def parse_frame_ancestors(value: str) -> str:
    """Return a CSP source list (https://www.w3.org/TR/CSP3/#framework-directive-source-list)."""
    # A semicolon would start another directive, a comma another policy.
    if re.search(r"[;,]", value) or not value.isascii() or not value.isprintable():
        raise ValueError("must be CSP sources separated by spaces, such as: 'self' https://example.org")
    return value


def parse_hide_uris(value: str) -> frozenset[str]:
    """Return the canonical URIs of comma-separated Spotify URIs or links."""
    return _parse_entries(value, parse_uri_entry, f"not a Spotify URI or open.spotify.com link of a {_KINDS}")


def parse_hide_names(value: str) -> frozenset[str]:
    """Return the folded names of comma-separated entries."""
    return _parse_entries(
        value, parse_name_entry, "not artist:NAME, album:NAME or track:NAME (a comma in a name is %2C)"
    )


def parse_hide_any(value: str) -> frozenset[str]:
    """Return the keys of either kind, while the source is not known yet."""
    rule = f"not a Spotify URI or link of a {_KINDS}, nor artist:NAME, album:NAME or track:NAME"
    return _parse_entries(value, lambda entry: parse_uri_entry(entry) or parse_name_entry(entry), rule)


def _parse_entries(value: str, parse: Callable[[str], str | None], rule: str) -> frozenset[str]:
    keys = set()
    for entry in filter(None, map(str.strip, value.split(","))):
        if (key := parse(entry)) is None:
            raise ValueError(f"contains {quote_for_error(entry)}, which is {rule}")
        keys.add(key)
    return frozenset(keys)


def parse_hosts(value: str) -> tuple[str, ...]:
    """Return comma-separated hosts, each with or without a port."""
    return tuple(_host(entry.strip()) for entry in value.split(",") if entry.strip())


def _host(entry: str) -> str:
    message = f"contains {quote_for_error(entry)}, which is not a host such as images.example.org"
    try:
        parts = _split(f"//{entry}")
    except ValueError:
        raise ValueError(message) from None
    if parts.netloc != entry or parts.username is not None or not _is_host(parts.hostname or ""):
        raise ValueError(message)
    return entry.lower()


def is_listed_url(url: str, hosts: Collection[str]) -> bool:
    """Return whether the host of ``url`` is one of ``hosts``; plain http is for loopback only."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    if parts.username is not None or parts.netloc.lower() not in hosts:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Return whether ``host`` is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_log_level(value: str) -> str:
    """Return the name of a log level in lower case."""
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"must be one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def parse_setup_key(value: str) -> str:
    """Return a key that cannot be guessed."""
    if len(value) not in SETUP_KEY_LENGTHS or not value.isprintable():
        raise ValueError(
            f"must have {SETUP_KEY_LENGTHS[0]} to {SETUP_KEY_LENGTHS[-1]} characters on one line; {_KEY_COMMAND} "
            "makes one"
        )
    # Length alone would admit a row of the same letter.
    if len(set(value)) < SETUP_KEY_MIN_DISTINCT:
        raise ValueError(f"must have at least {SETUP_KEY_MIN_DISTINCT} different characters; {_KEY_COMMAND} makes one")
    return value


def parse_notify_urls(value: str) -> tuple[str, ...]:
    """Return Apprise URLs separated by spaces or commas; a comma in a query belongs to its URL.

    Apprise itself reads them when an alert is sent. They hold secrets, so errors name them by position only.
    """
    # Apprise takes commas within a query, so only those before a scheme separate.
    entries = [entry for entry in re.split(r"[,\s]+(?=[A-Za-z0-9]+://)|\s+", value.strip(", \t\r\n")) if entry]
    urls = [url for entry in entries for url in _split_at_commas(entry)]
    for position, url in enumerate(urls, start=1):
        if not re.fullmatch(r"[A-Za-z0-9]+://\S+", url):
            raise ValueError(
                f"contains an address that cannot be read, number {position} of {len(urls)}: write Apprise URLs such "
                "as ntfy://topic, separated by spaces or commas (a comma within one is %2C)"
            )
    return tuple(urls)


def _split_at_commas(entry: str) -> list[str]:
    """Split at commas, except those in a query that are not followed by another address."""
    parts: list[str] = []
    for part in entry.split(","):
        if parts and "?" in parts[-1] and "/" not in part:
            parts[-1] += f",{part}"
        elif part:
            parts.append(part)
    return parts


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError for a port that is none
    return parts


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        # RFC 1123, section 2.1, with the lengths of RFC 1035.
        return bool(re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", host))
    return True


def quote_for_error(entry: str) -> str:
    """Return ``entry`` quoted, escaped and shortened."""
    return repr(entry) if len(entry) <= MAX_QUOTED_LENGTH else f"{entry[:MAX_QUOTED_LENGTH]!r} and so on"


def is_whole_number(value: str, digits: int) -> bool:
    """Return whether ``value`` consists of 1 to ``digits`` ASCII digits."""
    return value.isascii() and value.isdigit() and len(value) <= digits


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value
