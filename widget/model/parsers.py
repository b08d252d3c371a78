"""How the text of each variable is read. Every reader raises ValueError with a sentence that says what to write."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from widget.model.hide_list import KINDS, parse_name_entry, parse_uri_entry

LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
SETUP_KEY_LENGTHS = range(20, 201)
SETUP_KEY_MIN_DISTINCT = 10
MAX_QUOTED_LENGTH = 60
EARLIEST_AUTHORIZATION = datetime(2008, 1, 1, tzinfo=UTC).timestamp()
MAX_FUTURE_SECONDS = 86_400.0
"""How far the clock that wrote a date may be ahead of ours."""

_MAKE_A_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(24))"'
_KINDS = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
_REDIRECT_RULE = (
    "use http://127.0.0.1:PORT/path, http://[::1]:PORT/path or an https:// address (Spotify refuses localhost)"
)


def parse_redirect_uri(value: str) -> str:
    """``value``, if Spotify accepts it as a redirect URI; ValueError with the rule if not."""
    try:
        parts = _split(value)
    except ValueError:
        raise ValueError(_REDIRECT_RULE) from None
    if parts.fragment or not parts.hostname or "@" in parts.netloc or not _is_plain(value):
        raise ValueError(_REDIRECT_RULE)
    if parts.scheme == "https":
        return value
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1") and parts.port != 0:
        return value
    raise ValueError(_REDIRECT_RULE)


def parse_database_url(value: str) -> str:
    """``value``, if its scheme is one that we store in; ValueError if not."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES or "\0" in value:
        raise ValueError("use sqlite:///file.db, sqlite:////absolute/file.db or postgresql://…")
    if scheme == "sqlite" and (not rest.startswith("/") or rest == "/"):
        raise ValueError("use sqlite:///file.db (relative) or sqlite:////absolute/file.db")
    return value


def parse_token(value: str) -> str:
    """``value`` without any space in it."""
    if re.search(r"\s", value) or not value.isprintable():
        raise ValueError("it holds a space or a line break; paste the value alone")
    return value


def parse_authorized_at(now: float) -> Callable[[str], float]:
    """Reads the moment of an authorization (s since the epoch), at ``now``."""

    def read(value: str) -> float:
        try:
            moment = datetime.fromisoformat(value)
            timestamp = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError) as error:
            raise ValueError("use a date such as 2026-11-25 or 2026-11-25T10:00:00Z") from error
        if timestamp < EARLIEST_AUTHORIZATION:
            raise ValueError("it lies before 2008; use the day of the authorization, as export prints it")
        if timestamp > now + MAX_FUTURE_SECONDS:
            raise ValueError("it lies in the future; use the day of the authorization, as export prints it")
        return timestamp

    return read


def parse_url(value: str) -> str:
    """An http or https address, without a slash at its end."""
    try:
        parts = _split(value)
    except ValueError:
        raise ValueError("use an address such as https://example.org") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "?" in value or "#" in value:
        raise ValueError("use an address such as https://example.org, without a query")
    if "@" in parts.netloc:
        raise ValueError("use an address such as https://example.org, without a name or password")
    if not _is_plain(value) or re.search(r"[\"'<>\\^`{|}]", value):
        raise ValueError("use an address such as https://example.org, in ASCII (an international name as xn--…)")
    return value.rstrip("/")


def url_from_domain(value: str) -> str:
    """The https address of a domain that a host names without a scheme."""
    if not _is_host(value.lower()):
        raise ValueError("it is no domain; set PUBLIC_URL instead")
    return f"https://{value.lower()}"


def url_from_fly_app(value: str) -> str:
    """The https address that Fly.io gives the app of this name."""
    return url_from_domain(f"{value}.fly.dev")


def parse_port(value: str) -> int:
    """A port number; 0 means any free one."""
    if not _is_number(value, 5) or int(value) > 65_535:
        raise ValueError("use a number from 0 (any free one) to 65535")
    return int(value)


def parse_positive_int(value: str) -> int:
    """A whole number from 1 on."""
    if not _is_number(value, 9) or int(value) < 1:
        raise ValueError("use a whole number from 1 to 999999999")
    return int(value)


def parse_bool(value: str) -> bool:
    """1 or 0."""
    if value not in ("0", "1"):
        raise ValueError("use 1 or 0")
    return value == "1"


def parse_frame_ancestors(value: str) -> str:
    """A source list for ``frame-ancestors`` (https://www.w3.org/TR/CSP3/#framework-directive-source-list)."""
    if re.search(r"[;,]", value) or not value.isascii() or not value.isprintable():
        raise ValueError("use CSP sources separated by spaces, such as: 'self' https://example.org")
    return value


def parse_hide_uris(value: str) -> frozenset[str]:
    """The URIs of what is not to be shown, from Spotify's URIs or links separated by commas."""
    return _hidden(value, parse_uri_entry, f"no Spotify URI or open.spotify.com link of a {_KINDS}")


def parse_hide_names(value: str) -> frozenset[str]:
    """The names of what is not to be shown, as they are compared, from entries separated by commas."""
    return _hidden(value, parse_name_entry, "none of artist:NAME, album:NAME and track:NAME (a comma in a name is %2C)")


def parse_hide_any(value: str) -> frozenset[str]:
    """Either of both, for as long as it is not known who is asked."""
    rule = f"no Spotify URI or link of a {_KINDS}, and none of artist:NAME, album:NAME and track:NAME"
    return _hidden(value, lambda entry: parse_uri_entry(entry) or parse_name_entry(entry), rule)


def _hidden(value: str, canonical: Callable[[str], str | None], rule: str) -> frozenset[str]:
    entries = [entry.strip() for entry in value.split(",") if entry.strip()]
    known = {entry: canonical(entry) for entry in entries}
    for entry, found in known.items():
        if found is None:
            raise ValueError(f"{quote_for_error(entry)} is {rule}")
    return frozenset(found for found in known.values() if found is not None)


def parse_hosts(value: str) -> tuple[str, ...]:
    """Hosts, each with a port or without, separated by commas."""
    return tuple(_host(entry.strip()) for entry in value.split(",") if entry.strip())


def _host(entry: str) -> str:
    told = f"{quote_for_error(entry)} is no host; use hosts such as images.example.org, separated by commas"
    try:
        parts = _split(f"//{entry}")
    except ValueError:
        raise ValueError(told) from None
    if parts.netloc != entry or parts.username is not None or not _is_host(parts.hostname or ""):
        raise ValueError(told)
    return entry.lower()


def parse_log_level(value: str) -> str:
    """The name of a log level, in small letters."""
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"use one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def parse_setup_key(value: str) -> str:
    """A key that nobody guesses."""
    if len(value) not in SETUP_KEY_LENGTHS or not value.isprintable():
        raise ValueError(
            f"use {SETUP_KEY_LENGTHS[0]} to {SETUP_KEY_LENGTHS[-1]} characters on one line, such as {_MAKE_A_KEY} makes"
        )
    if len(set(value)) < SETUP_KEY_MIN_DISTINCT:
        raise ValueError(f"use at least {SETUP_KEY_MIN_DISTINCT} different characters, such as {_MAKE_A_KEY} makes")
    return value


def parse_notify_urls(value: str) -> tuple[str, ...]:
    """Apprise's addresses, separated by spaces or commas; a comma within one belongs to it. What each means is read
    when a message is sent."""
    addresses = tuple(re.split(r"[,\s]+(?=[A-Za-z0-9]+://)", value.strip(", \t\r\n")))
    if not all(re.fullmatch(r"[A-Za-z0-9]+://\S+", address) for address in addresses):
        # They hold secrets, so none is shown.
        raise ValueError("use Apprise's addresses, such as ntfy://topic, separated by spaces or commas")
    return addresses


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError for a port that is none
    return parts


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", host))
    return True


def quote_for_error(entry: str) -> str:
    """``entry`` as a fault shows it: quoted, escaped, and not too long."""
    return repr(entry) if len(entry) <= MAX_QUOTED_LENGTH else f"{entry[:MAX_QUOTED_LENGTH]!r} and so on"


def _is_number(value: str, digits: int) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= digits


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and " " not in value
