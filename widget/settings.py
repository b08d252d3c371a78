"""The settings, read from environment variables; every fault is told at once, naming its variable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values

from widget import variables
from widget.clock import SystemClock
from widget.errors import ConfigurationError
from widget.tokens import Credentials, Seed

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8888/callback"
DEFAULT_DATABASE_URL = "sqlite:///now-playing.db"

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
    frame_ancestors: str | None = None
    calls_per_day: int = 3000
    hide_explicit: bool = False
    hide: frozenset[str] = frozenset()
    max_streams: int = 10_000
    artwork_hosts: tuple[str, ...] = ()
    log_level: str = "info"
    setup_key: str | None = field(default=None, repr=False)
    notify_urls: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], now: float | None = None) -> "Settings":
        """The settings that ``environ`` holds; an empty value means unset. ``now`` is in s since the epoch.

        Raises :class:`ConfigurationError` with one fault for each value that cannot be right.
        """
        reader = _Reader(environ)
        settings = cls(
            client_id=reader.read("SPOTIFY_CLIENT_ID", variables.one_word, None),
            client_secret=reader.read("SPOTIFY_CLIENT_SECRET", variables.one_word, None),
            seed=_seed(reader, SystemClock().now() if now is None else now),
            redirect_uri=reader.read("SPOTIFY_REDIRECT_URI", variables.redirect_uri, DEFAULT_REDIRECT_URI),
            accounts_url=reader.read("SPOTIFY_ACCOUNTS_URL", variables.web_address, cls.accounts_url),
            api_url=reader.read("SPOTIFY_API_URL", variables.web_address, cls.api_url),
            database_url=reader.read("DATABASE_URL", variables.database_url, DEFAULT_DATABASE_URL),
            host=reader.read("HOST", variables.one_word, cls.host),
            port=reader.read("PORT", variables.port, cls.port),
            public_url=_public_url(reader),
            frame_ancestors=reader.read("FRAME_ANCESTORS", variables.frame_ancestors, cls.frame_ancestors),
            calls_per_day=reader.read("CALLS_PER_DAY", variables.positive, cls.calls_per_day),
            hide_explicit=reader.read("HIDE_EXPLICIT", variables.switch, False),
            hide=reader.read("HIDE", variables.hidden_uris, frozenset()),
            max_streams=reader.read("MAX_STREAMS", variables.positive, cls.max_streams),
            artwork_hosts=reader.read("ARTWORK_HOSTS", variables.hosts, ()),
            log_level=reader.read("LOG_LEVEL", variables.log_level, cls.log_level),
            setup_key=reader.read("SETUP_KEY", variables.setup_key, None),
            notify_urls=reader.read("NOTIFY_URLS", variables.words, ()),
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


def _seed(reader: _Reader, now: float) -> Seed | None:
    token = reader.read("SPOTIFY_REFRESH_TOKEN", variables.one_word, None)
    authorized_at = reader.read("SPOTIFY_AUTHORIZED_AT", variables.day_of_authorization(now), None)
    return None if token is None else Seed(token, authorized_at)


def _public_url(reader: _Reader) -> str | None:
    """What the owner set, else what the host says about itself."""
    return (
        reader.read("PUBLIC_URL", variables.web_address, None)
        or reader.read("RENDER_EXTERNAL_URL", variables.web_address, None)
        or reader.read("RAILWAY_PUBLIC_DOMAIN", variables.address_of_domain, None)
        or reader.read("FLY_APP_NAME", variables.address_of_fly_app, None)
    )
