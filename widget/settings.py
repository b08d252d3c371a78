"""The settings, read from environment variables; every fault is told at once, naming its variable."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values

from widget.errors import ConfigurationError
from widget.tokens import Credentials, Seed
from widget.uris import KINDS, canonical_uri

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8888/callback"
DEFAULT_DATABASE_URL = "sqlite:///now-playing.db"
LOG_LEVELS = ("critical", "error", "warning", "info", "debug")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
SETUP_KEY_LENGTH = 16

_KINDS = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"

Value = TypeVar("Value")


@dataclass(frozen=True)
class Settings:
    """What the owner set. Secrets are left out of ``repr``."""

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    seed: Seed | None = None
    redirect_uri: str = DEFAULT_REDIRECT_URI
    accounts_url: str = "https://accounts.spotify.com"
    api_url: str = "https://api.spotify.com/v1"
    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    frame_ancestors: str = "*"
    calls_per_day: int = 3000
    hide_explicit: bool = False
    hide: frozenset[str] = frozenset()
    max_streams: int = 10_000
    artwork_hosts: tuple[str, ...] = ()
    log_level: str = "info"
    setup_key: str | None = field(default=None, repr=False)
    notify_urls: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings that ``environ`` holds; an empty value means unset.

        Raises :class:`ConfigurationError` with one fault for each value that cannot be right.
        """
        reader = _Reader(environ)
        settings = cls(
            client_id=reader.read("SPOTIFY_CLIENT_ID", _one_word, None),
            client_secret=reader.read("SPOTIFY_CLIENT_SECRET", _one_word, None),
            seed=_seed(reader),
            redirect_uri=reader.read("SPOTIFY_REDIRECT_URI", redirect_uri, DEFAULT_REDIRECT_URI),
            accounts_url=reader.read("SPOTIFY_ACCOUNTS_URL", _web_address, cls.accounts_url),
            api_url=reader.read("SPOTIFY_API_URL", _web_address, cls.api_url),
            database_url=reader.read("DATABASE_URL", database_url, DEFAULT_DATABASE_URL),
            host=reader.read("HOST", _one_word, cls.host),
            port=reader.read("PORT", _port, cls.port),
            public_url=reader.read("PUBLIC_URL", _web_address, None),
            frame_ancestors=reader.read("FRAME_ANCESTORS", _frame_ancestors, cls.frame_ancestors),
            calls_per_day=reader.read("CALLS_PER_DAY", _positive, cls.calls_per_day),
            hide_explicit=reader.read("HIDE_EXPLICIT", _switch, False),
            hide=reader.read("HIDE", _hidden_uris, frozenset()),
            max_streams=reader.read("MAX_STREAMS", _positive, cls.max_streams),
            artwork_hosts=reader.read("ARTWORK_HOSTS", _hosts, ()),
            log_level=reader.read("LOG_LEVEL", _log_level, cls.log_level),
            setup_key=reader.read("SETUP_KEY", _setup_key, None),
            notify_urls=reader.read("NOTIFY_URLS", _words, ()),
        )
        if reader.faults:
            raise ConfigurationError(*reader.faults)
        return settings

    @property
    def credentials(self) -> Credentials | None:
        """The client ID and secret that were set; None without an ID."""
        return None if self.client_id is None else Credentials(self.client_id, self.client_secret)


def read_environ(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """``environ`` over what ``directory``'s ``.env`` holds; empty values count as unset in both.

    Raises :class:`ConfigurationError` where ``.env`` is there and cannot be read.
    """
    path = directory / ".env"
    try:
        written = dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: save it as UTF-8 text that you may read") from error
    return {name: value for name, value in {**written, **_set(environ)}.items() if value}


def redirect_uri(value: str) -> str:
    """``value``, if Spotify accepts it as a redirect URI; ValueError with the rule if not."""
    rule = "use http://127.0.0.1:PORT/path, http://[::1]:PORT/path or an https:// address (Spotify refuses localhost)"
    parts = _split(value)
    if parts.fragment or not parts.hostname or parts.username or not value.isascii() or re.search(r"\s", value):
        raise ValueError(rule)
    if parts.scheme == "https":
        return value
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1") and parts.port != 0:
        return value
    raise ValueError(rule)


def database_url(value: str) -> str:
    """``value``, if its scheme is one that we store in; ValueError if not."""
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in DATABASE_SCHEMES:
        raise ValueError("use sqlite:///file.db, sqlite:////absolute/file.db or postgresql://…")
    if scheme == "sqlite" and (not rest.startswith("/") or rest == "/"):
        raise ValueError("use sqlite:///file.db (relative) or sqlite:////absolute/file.db")
    return value


def _set(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if value.strip()}


class _Reader:
    """Reads one variable after the other and gathers the faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = _set(environ)
        self.faults: list[str] = []

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        text = self._environ.get(name)
        if text is None:
            return default
        try:
            return parse(text.strip(" \t"))
        except ValueError as error:
            self.faults.append(f"{name} cannot be right: {error}")
            return default


def _seed(reader: _Reader) -> Seed | None:
    token = reader.read("SPOTIFY_REFRESH_TOKEN", _one_word, None)
    authorized_at = reader.read("SPOTIFY_AUTHORIZED_AT", _date, None)
    return None if token is None else Seed(token, authorized_at)


def _one_word(value: str) -> str:
    if re.search(r"\s", value) or not value.isprintable():
        raise ValueError("it holds a space or a line break; paste the value alone")
    return value


def _date(value: str) -> float:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError("use a date such as 2026-11-25 or 2026-11-25T10:00:00Z") from error


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError for a port that is none
    return parts


def _web_address(value: str) -> str:
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("use an address such as https://example.org, without a query")
    if re.search(r"[\s\"'<>\\]", value) or parts.username:
        raise ValueError("use an address such as https://example.org, without a name or password")
    return value.rstrip("/")


def _port(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 0 <= int(value) <= 65_535:
        raise ValueError("use a number from 0 (any free one) to 65535")
    return int(value)


def _positive(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9 or int(value) < 1:
        raise ValueError("use a whole number from 1 on")
    return int(value)


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("use 1 or 0")
    return value == "1"


def _frame_ancestors(value: str) -> str:
    if ";" in value or "," in value or not value.isascii() or not value.isprintable():
        raise ValueError("use CSP sources separated by spaces, such as: 'self' https://example.org")
    return value


def _hidden_uris(value: str) -> frozenset[str]:
    return frozenset(_hidden_uri(entry.strip()) for entry in value.split(",") if entry.strip())


def _hidden_uri(entry: str) -> str:
    uri = canonical_uri(entry)
    if uri is None:
        raise ValueError(f"{entry!r} is no Spotify URI or open.spotify.com link of a {_KINDS}")
    return uri


def _hosts(value: str) -> tuple[str, ...]:
    return tuple(_host(entry.strip()) for entry in value.split(",") if entry.strip())


def _host(entry: str) -> str:
    parts = _split(f"//{entry}")
    host = parts.hostname or ""
    if parts.netloc != entry or parts.username is not None or not _is_host(host):
        raise ValueError(f"{entry!r} is no host; use hosts such as images.example.org, separated by commas")
    return entry.lower()


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", host))
    return True


def _log_level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"use one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def _setup_key(value: str) -> str:
    if len(value) < SETUP_KEY_LENGTH:
        raise ValueError(f"use at least {SETUP_KEY_LENGTH} characters")
    return value


def _words(value: str) -> tuple[str, ...]:
    return tuple(word for word in re.split(r"[,\s]+", value) if word)
