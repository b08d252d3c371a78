"""Settings from the environment and ``.env``; all invalid values are reported at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from widget.clock import SystemClock
from widget.config.env_file import read_env_file
from widget.model import parsers
from widget.model.errors import ConfigurationError
from widget.model.source_values import parse_recent
from widget.model.sources import SOURCES, SourceName, parse_source_name
from widget.model.tokens import Credentials, SeedToken

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8888/callback"
DEFAULT_DATABASE_URL = "sqlite:///now-playing.db"

_EPHEMERAL_DISK_PREFIXES = ("DYNO", "RENDER", "K_SERVICE", "KOYEB_")
"""Variables that Heroku, Render, Cloud Run and Koyeb set in every process."""

_SOURCE_PREFIXES = tuple(info.prefix for info in SOURCES.values())

Value = TypeVar("Value")


@dataclass(frozen=True)
class Settings:
    """The owner's settings; secrets are left out of ``repr``.

    ``source_values`` are set for the variables in the registry of sources, ``stored_source_values`` come from the last
    bootstrap. ``source_variables_set`` are the names of all source variables in the environment, ``source_faults`` the
    invalid ones by source, which matter only if that source runs. ``has_ephemeral_disk``: a restart begins with an
    empty disk, except for mounts. ``demo_artwork_base_url`` replaces the artwork's host in a demo.
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
    source_faults: Mapping[SourceName, tuple[str, ...]] = field(default_factory=dict)
    recent: int = 0
    source_variables_set: tuple[str, ...] = ()
    has_ephemeral_disk: bool = False
    demo: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], now: float | None = None) -> "Settings":
        """Return the settings in ``environ`` at ``now`` (s since the epoch); empty means unset.

        Raises :class:`ConfigurationError` with one line per invalid value. Without ``SOURCE`` the variables of sources
        are judged by :meth:`for_source`.
        """
        reader = _Reader(environ)
        source = reader.read("SOURCE", parse_source_name, None)
        # A leftover of another source must not stop the program.
        if source is not None:
            reader.ignore(_prefixes_of_others(source))
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
            hide=reader.read("HIDE", _hide_parser(source), frozenset()),
            max_streams=reader.read("MAX_STREAMS", parsers.parse_positive_int, cls.max_streams),
            artwork_hosts=reader.read("ARTWORK_HOSTS", parsers.parse_hosts, ()),
            log_level=reader.read("LOG_LEVEL", parsers.parse_log_level, cls.log_level),
            setup_key=reader.read("SETUP_KEY", parsers.parse_setup_key, None),
            notify_urls=reader.read("NOTIFY_URLS", parsers.parse_notify_urls, ()),
            source=source,
            source_values=_source_values(reader),
            recent=reader.read("RECENT", parse_recent, 0),
            source_variables_set=tuple(sorted(filter(_is_source_variable, _non_empty(environ)))),
            has_ephemeral_disk=any(name.startswith(_EPHEMERAL_DISK_PREFIXES) for name in _non_empty(environ)),
        )
        settings = replace(settings, source_faults=reader.source_faults())
        faults = [*reader.faults(), *([] if source is None else settings._faults_with(source))]
        if faults:
            raise ConfigurationError(*faults)
        return settings

    def for_source(self, source: SourceName, stored: Mapping[str, str] | None = None) -> "Settings":
        """Return these settings for ``source``, with the values ``stored`` for it.

        Raises :class:`ConfigurationError` for invalid values of this source, and for settings that it cannot honor.
        """
        if faults := self._faults_with(source):
            raise ConfigurationError(*faults)
        return replace(self, source=source, stored_source_values=stored or {})

    @property
    def unused_variables(self) -> tuple[str, ...]:
        """The names of variables that are set for other sources."""
        prefixes = _prefixes_of_others(self.source or "spotify")
        return tuple(name for name in self.source_variables_set if name.startswith(prefixes))

    @property
    def daily_call_limit(self) -> int | None:
        """The calls allowed in any 24 hours, None if calls are free."""
        default = SOURCES[self.source or "spotify"].calls_per_day
        return None if default is None else self.calls_per_day or default

    @property
    def credentials(self) -> Credentials | None:
        """The client ID and secret that are set, None without an ID."""
        return None if self.client_id is None else Credentials(self.client_id, self.client_secret)

    @property
    def reauthorization_hint(self) -> str:
        """The sentence that says how to authorize again."""
        if self.setup_key is None:
            return "Run python -m bootstrap on your own computer, and export the settings again if the host needs them."
        return f"Open {self.public_url or ''}/setup{'' if self.public_url else ' on this server'} to authorize again."

    def _faults_with(self, source: SourceName) -> list[str]:
        info, faults = SOURCES[source], list(self.source_faults.get(source, ()))
        if self.hide_explicit and not info.has_explicit_flag:
            faults.append(f"HIDE_EXPLICIT cannot be used: {info.label} does not report explicit content")
        names = sorted(entry for entry in self.hide if not entry.startswith("spotify:"))
        uris = sorted(self.hide.difference(names))
        if info.hide_by_uri and names:
            faults.append(f"HIDE contains {parsers.quote_for_error(names[0])}, which is not a {info.label} URI or link")
        if not info.hide_by_uri and uris:
            faults.append(
                f"HIDE must be artist:NAME, album:NAME or track:NAME with {info.label}, "
                f"not {parsers.quote_for_error(uris[0])}"
            )
        return faults


def working_directory() -> Path:
    """Return the directory of ``.env`` and relative paths.

    Raises :class:`ConfigurationError` if it was deleted.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigurationError("the working directory is gone: start this program in one that exists") from error


def load_environ(environ: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return ``environ`` over the ``.env`` file in ``directory``, without empty values.

    Raises :class:`ConfigurationError` if there is a ``.env`` that cannot be read.
    """
    path = directory / ".env"
    from_file = read_env_file(path) if path.is_file() else {}
    return {name: value for name, value in {**from_file, **_non_empty(environ)}.items() if value}


def _non_empty(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if value.strip()}


class _Reader:
    """Reads one variable after the other and collects the faults."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = _non_empty(environ)
        self._faults: dict[str, str] = {}

    def ignore(self, prefixes: tuple[str, ...]) -> None:
        """Treat variables that begin with one of ``prefixes`` as unset."""
        self._environ = {name: value for name, value in self._environ.items() if not name.startswith(prefixes)}

    def read(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        text = self._environ.get(name)
        if text is None:
            return default
        try:
            # Line breaks stay: a parser must see a value that was pasted with them.
            return parse(text.strip(" \t"))
        except ValueError as error:
            self._faults[name] = f"{name} {error}"
            return default

    def faults(self) -> list[str]:
        """Return the faults of variables that belong to no source."""
        return [fault for name, fault in self._faults.items() if not _is_source_variable(name)]

    def source_faults(self) -> dict[SourceName, tuple[str, ...]]:
        """Return the faults of each source that has any."""
        faults = {
            name: tuple(fault for variable, fault in self._faults.items() if variable.startswith(info.prefix))
            for name, info in SOURCES.items()
        }
        return {name: found for name, found in faults.items() if found}


def _is_source_variable(name: str) -> bool:
    return name.startswith(_SOURCE_PREFIXES)


def _prefixes_of_others(source: SourceName) -> tuple[str, ...]:
    return tuple(info.prefix for name, info in SOURCES.items() if name != source)


def _source_values(reader: _Reader) -> dict[str, str]:
    read = {
        variable.name: reader.read(variable.name, variable.parse, None)
        for info in SOURCES.values()
        for variable in info.variables
    }
    return {name: value for name, value in read.items() if value is not None}


def _hide_parser(source: SourceName | None) -> Callable[[str], frozenset[str]]:
    if source is None:
        return parsers.parse_hide_any
    return parsers.parse_hide_uris if SOURCES[source].hide_by_uri else parsers.parse_hide_names


def _seed(reader: _Reader, now: float) -> SeedToken | None:
    token = reader.read("SPOTIFY_REFRESH_TOKEN", parsers.parse_token, None)
    authorized_at = reader.read("SPOTIFY_AUTHORIZED_AT", parsers.parse_authorized_at(now), None)
    return None if token is None else SeedToken(token, authorized_at)


def _public_url(reader: _Reader) -> str | None:
    """Return the owner's address, else the one that the host provides."""
    return (
        reader.read("PUBLIC_URL", parsers.parse_url, None)
        or reader.read("RENDER_EXTERNAL_URL", parsers.parse_url, None)
        or reader.read("RAILWAY_PUBLIC_DOMAIN", parsers.url_from_domain, None)
        or reader.read("FLY_APP_NAME", parsers.url_from_fly_app, None)
    )
