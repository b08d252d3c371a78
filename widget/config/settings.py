"""The settings, read from environment variables; every fault is told at once, naming its variable."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from dotenv import dotenv_values

from widget.clock import SystemClock
from widget.model import parsers
from widget.model.errors import ConfigurationError
from widget.model.sources import SOURCES, SourceName, parse_recent, parse_source_name
from widget.model.tokens import Credentials, SeedToken

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8888/callback"
DEFAULT_DATABASE_URL = "sqlite:///now-playing.db"

_HOSTS_WHOSE_DISK_STARTS_EMPTY = ("DYNO", "RENDER", "K_SERVICE", "KOYEB_")
"""Set by Heroku, Render, Cloud Run and Koyeb in every program that they run: how a name begins."""

_PREFIXES = tuple(source.prefix for source in SOURCES.values())

Value = TypeVar("Value")


@dataclass(frozen=True)
class Settings:
    """What the owner set. Secrets are left out of ``repr``. ``named`` are the names of all variables that are set
    for one source or another, ``of_source`` the values of those that stand in the table of sources, ``stored``
    what the last bootstrap stored for them. ``disk_starts_empty``: at this host each restart begins with a new disk,
    but for what is mounted. ``artwork_told_under`` is set by a demo alone: the address of this server, under which
    JSON then tells the artwork.
    """

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    seed: SeedToken | None = None
    redirect_uri: str = DEFAULT_REDIRECT_URI
    accounts_url: str = "https://accounts.spotify.com"
    api_url: str = "https://api.spotify.com/v1"
    database_url: str = field(default=DEFAULT_DATABASE_URL, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str | None = None
    frame_ancestors: str | None = None
    calls_per_day: int | None = None
    hide_explicit: bool = False
    hide: frozenset[str] = frozenset()
    max_streams: int = 10_000
    artwork_hosts: tuple[str, ...] = ()
    demo_artwork_base_url: str | None = None
    log_level: str = "info"
    setup_key: str | None = field(default=None, repr=False)
    notify_urls: tuple[str, ...] = field(default=(), repr=False)
    source: SourceName | None = None
    source_values: Mapping[str, str] = field(default_factory=dict, repr=False)
    stored_source_values: Mapping[str, str] = field(default_factory=dict, repr=False)
    recent: int = 0
    source_variables_set: tuple[str, ...] = ()
    has_ephemeral_disk: bool = False
    demo: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], now: float | None = None) -> "Settings":
        """The settings that ``environ`` holds; an empty value means unset. ``now`` is in s since the epoch.

        Variables of other sources than ``SOURCE`` are not looked at; where that is not set, see :meth:`settled`.
        Raises :class:`ConfigurationError` with one fault for each value that cannot be right.
        """
        reader = _Reader(environ)
        source = reader.read("SOURCE", parse_source_name, None)
        if source is not None:
            reader.leave_out(_prefixes_of_others(source))
        settings = cls(
            client_id=reader.read("SPOTIFY_CLIENT_ID", parsers.parse_token, None),
            client_secret=reader.read("SPOTIFY_CLIENT_SECRET", parsers.parse_token, None),
            seed=_seed(reader, SystemClock().now() if now is None else now),
            redirect_uri=reader.read("SPOTIFY_REDIRECT_URI", parsers.parse_redirect_uri, DEFAULT_REDIRECT_URI),
            accounts_url=reader.read("SPOTIFY_ACCOUNTS_URL", parsers.parse_url, cls.accounts_url),
            api_url=reader.read("SPOTIFY_API_URL", parsers.parse_url, cls.api_url),
            database_url=reader.read("DATABASE_URL", parsers.parse_database_url, DEFAULT_DATABASE_URL),
            host=reader.read("HOST", parsers.parse_token, cls.host),
            port=reader.read("PORT", parsers.parse_port, cls.port),
            public_url=_public_url(reader),
            frame_ancestors=reader.read("FRAME_ANCESTORS", parsers.parse_frame_ancestors, cls.frame_ancestors),
            calls_per_day=reader.read("CALLS_PER_DAY", parsers.parse_positive_int, None),
            hide_explicit=reader.read("HIDE_EXPLICIT", parsers.parse_bool, False),
            hide=reader.read("HIDE", _hidden_from(source), frozenset()),
            max_streams=reader.read("MAX_STREAMS", parsers.parse_positive_int, cls.max_streams),
            artwork_hosts=reader.read("ARTWORK_HOSTS", parsers.parse_hosts, ()),
            log_level=reader.read("LOG_LEVEL", parsers.parse_log_level, cls.log_level),
            setup_key=reader.read("SETUP_KEY", parsers.parse_setup_key, None),
            notify_urls=reader.read("NOTIFY_URLS", parsers.parse_notify_urls, ()),
            source=source,
            source_values=_of_sources(reader),
            recent=reader.read("RECENT", parse_recent, 0),
            source_variables_set=tuple(sorted(name for name in _set(environ) if name.startswith(_PREFIXES))),
            has_ephemeral_disk=any(name.startswith(_HOSTS_WHOSE_DISK_STARTS_EMPTY) for name in _set(environ)),
        )
        faults = [*reader.faults, *([] if source is None else settings._faults_with(source))]
        if faults:
            raise ConfigurationError(*faults)
        return settings

    def for_source(self, source: SourceName, stored: Mapping[str, str] | None = None) -> "Settings":
        """These settings, now that it is known that ``source`` is asked, and what is ``stored`` for it.

        Raises :class:`ConfigurationError` where something is set that it cannot keep.
        """
        if faults := self._faults_with(source):
            raise ConfigurationError(*faults)
        return replace(self, source=source, stored_source_values=stored or {})

    @property
    def unused_variables(self) -> tuple[str, ...]:
        """The names of the variables that are set for other sources than the one that is asked."""
        prefixes = _prefixes_of_others(self.source or "spotify")
        return tuple(name for name in self.source_variables_set if name.startswith(prefixes))

    @property
    def daily_call_limit(self) -> int | None:
        """The calls that are afforded in any 24 hours, None if they are free."""
        by_default = SOURCES[self.source or "spotify"].calls_per_day
        return None if by_default is None else self.calls_per_day or by_default

    def _faults_with(self, source: SourceName) -> list[str]:
        row, faults = SOURCES[source], []
        if self.hide_explicit and not row.has_explicit_flag:
            faults.append(f"HIDE_EXPLICIT cannot be right: {row.label} does not tell what is explicit")
        of_names = sorted(entry for entry in self.hide if not entry.startswith("spotify:"))
        of_uris = sorted(self.hide.difference(of_names))
        if row.hide_by_uri and of_names:
            rule = f"is none of {row.label}'s URIs or links"
            faults.append(f"HIDE cannot be right: {parsers.quote_for_error(of_names[0])} {rule}")
        if not row.hide_by_uri and of_uris:
            rule = f"use artist:NAME, album:NAME or track:NAME with {row.label}"
            faults.append(f"HIDE cannot be right: {rule}, not {parsers.quote_for_error(of_uris[0])}")
        return faults

    @property
    def credentials(self) -> Credentials | None:
        """The client ID and secret that were set; None without an ID."""
        return None if self.client_id is None else Credentials(self.client_id, self.client_secret)


def working_directory() -> Path:
    """Where ``.env`` and relative paths are looked for. Raises :class:`ConfigurationError` where it was deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigurationError("the working directory is gone: start this program in one that exists") from error


def load_environ(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
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

    def leave_out(self, prefixes: tuple[str, ...]) -> None:
        """Variables that begin with one of ``prefixes`` count as unset."""
        self._environ = {name: value for name, value in self._environ.items() if not name.startswith(prefixes)}

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        text = self._environ.get(name)
        if text is None:
            return default
        try:
            return parse(text.strip(" \t"))
        except ValueError as error:
            self.faults.append(f"{name} cannot be right: {error}")
            return default


def _prefixes_of_others(source: SourceName) -> tuple[str, ...]:
    return tuple(other.prefix for name, other in SOURCES.items() if name != source)


def _of_sources(reader: "_Reader") -> dict[str, str]:
    read = {
        variable.name: reader.read(variable.name, variable.parse, None)
        for source in SOURCES.values()
        for variable in source.variables
    }
    return {name: value for name, value in read.items() if value is not None}


def _hidden_from(source: SourceName | None) -> Callable[[str], frozenset[str]]:
    if source is None:
        return parsers.parse_hide_any
    return parsers.parse_hide_uris if SOURCES[source].hide_by_uri else parsers.parse_hide_names


def _seed(reader: _Reader, now: float) -> SeedToken | None:
    token = reader.read("SPOTIFY_REFRESH_TOKEN", parsers.parse_token, None)
    authorized_at = reader.read("SPOTIFY_AUTHORIZED_AT", parsers.parse_authorized_at(now), None)
    return None if token is None else SeedToken(token, authorized_at)


def _public_url(reader: _Reader) -> str | None:
    """What the owner set, else what the host says about itself."""
    return (
        reader.read("PUBLIC_URL", parsers.parse_url, None)
        or reader.read("RENDER_EXTERNAL_URL", parsers.parse_url, None)
        or reader.read("RAILWAY_PUBLIC_DOMAIN", parsers.url_from_domain, None)
        or reader.read("FLY_APP_NAME", parsers.url_from_fly_app, None)
    )
