"""Who is asked what plays: what each source is called, what it can tell, and how it is asked. Faces, settings and the
player ask this table, never for a name. A source is one row here and one wing under ``sources``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from widget.model import parsers
from widget.model.errors import ErrorCode

MAX_USER_LENGTH = 64
MAX_LABEL_LENGTH = 30
MAX_PASSWORD_LENGTH = 1000
MIN_TOKEN_LENGTH = 16
MAX_RECENT = 10
SHA256_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class SourceVariable:
    """One variable of a source. ``parse`` gives the value or raises ValueError with a sentence that says what to write.

    ``question`` is how the owner is asked for it, None where it can be done without; ``secret`` ones are never shown.
    Secrets that were stored with one value of a variable that ``binds_secrets`` are not used with another. One
    that is set ``instead_of`` another makes that other unnecessary. ``typed_openly``: a secret may be part of it, and
    need not be, so it is seen while it is typed, and never again.
    """

    name: str
    parse: Callable[[str], str]
    default: str | None = None
    prompt: str | None = None
    secret: bool = False
    scopes_secrets: bool = False
    instead_of: str | None = None
    typed_openly: bool = False


def parse_user_name(value: str) -> str:
    """The name of a user."""
    if not value.isprintable() or "/" in value or len(value) > MAX_USER_LENGTH:
        raise ValueError(f"use a name of {MAX_USER_LENGTH} characters at most, without / and line breaks")
    return value


def parse_base_url(value: str) -> str:
    """An http or https address, with the slash at its end where there is one."""
    return parsers.parse_url(value) + "/" * value.endswith("/")


def parse_inlet_token(value: str) -> str:
    """The token that players send, or the SHA-256 of it."""
    if value.lower().startswith(SHA256_PREFIX):
        if not re.fullmatch(r"[0-9a-f]{64}", value[len(SHA256_PREFIX) :].lower()):
            raise ValueError(
                f"after {SHA256_PREFIX} use the 64 hexadecimal digits that python -m bootstrap export prints"
            )
        return value.lower()
    if not value.isascii():
        raise ValueError("use ASCII letters, digits and signs: most players cannot send others")
    if len(parsers.parse_token(value)) < MIN_TOKEN_LENGTH:
        raise ValueError(
            f"use at least {MIN_TOKEN_LENGTH} characters, such as python -m bootstrap --source inlet makes"
        )
    return value


def parse_label(value: str) -> str:
    """What the source is called in front of visitors."""
    if not value.isprintable() or not 1 <= len(value) <= MAX_LABEL_LENGTH:
        raise ValueError(f"use 1 to {MAX_LABEL_LENGTH} characters on one line")
    return value


def parse_server_url(value: str) -> str:
    """The address of a Subsonic server, with or without the path of its API."""
    return parsers.parse_url(value).removesuffix("/rest")


def parse_password(value: str) -> str:
    """A password, which may hold spaces."""
    if not value.isprintable() or len(value) > MAX_PASSWORD_LENGTH:
        raise ValueError("it holds a line break, or is too long; paste the value alone")
    return value


def parse_mpd_host(value: str) -> str:
    """A host, ``password@host``, a socket's path, or ``@`` and the name of an abstract socket."""
    _, host = split_mpd_password(value)
    if not value.isprintable() or len(value) > MAX_PASSWORD_LENGTH or not host or (" " in host and "/" not in host):
        raise ValueError("use a host, password@host, or the path of a socket")
    return value


def split_mpd_password(value: str) -> tuple[str | None, str]:
    """The password, None if there is none, and the host; what begins with ``@`` is an abstract socket."""
    password, separator, host = value.partition("@")
    return (password, host) if separator and password and not value.startswith("/") else (None, value)


def parse_port(value: str) -> str:
    """A TCP port."""
    if not value.isascii() or not value.isdigit() or len(value) > 5 or not 1 <= int(value) <= 65_535:
        raise ValueError("use a number from 1 to 65535")
    return str(int(value))


def parse_recent(value: str) -> int:
    """How many earlier plays are published."""
    if not value.isascii() or not value.isdigit() or len(value) > 2 or int(value) > MAX_RECENT:
        raise ValueError(f"use a number from 0 (none) to {MAX_RECENT}")
    return int(value)


LASTFM_VARIABLES = (
    SourceVariable("LASTFM_USER", parse_user_name, prompt="The user at Last.fm"),
    SourceVariable("LASTFM_API_KEY", parsers.parse_token, prompt="The API key (hidden)", secret=True),
    SourceVariable("LASTFM_API_URL", parse_base_url, "https://ws.audioscrobbler.com/2.0/"),
)
LISTENBRAINZ_VARIABLES = (
    SourceVariable("LISTENBRAINZ_USER", parse_user_name, prompt="The user at ListenBrainz"),
    SourceVariable("LISTENBRAINZ_URL", parsers.parse_url, "https://api.listenbrainz.org", scopes_secrets=True),
    SourceVariable("LISTENBRAINZ_TOKEN", parsers.parse_token, secret=True),
)
INLET_VARIABLES = (
    SourceVariable("INLET_TOKEN", parse_inlet_token, secret=True),
    SourceVariable("INLET_LABEL", parse_label, "Listening"),
)
SUBSONIC_VARIABLES = (
    SourceVariable("SUBSONIC_URL", parse_server_url, prompt="The address of the music server", scopes_secrets=True),
    SourceVariable("SUBSONIC_USER", parse_user_name, prompt="The user there"),
    SourceVariable("SUBSONIC_PASSWORD", parse_password, prompt="The password (hidden)", secret=True),
    SourceVariable("SUBSONIC_API_KEY", parsers.parse_token, secret=True, instead_of="SUBSONIC_PASSWORD"),
    SourceVariable("SUBSONIC_LABEL", parse_label),
)
MPD_VARIABLES = (
    SourceVariable(
        "MPD_HOST", parse_mpd_host, prompt="The host of MPD, or password@host", secret=True, typed_openly=True
    ),
    SourceVariable("MPD_PORT", parse_port, "6600"),
    SourceVariable("MPD_LABEL", parse_label, "MPD"),
)

SourceName = Literal["spotify", "lastfm", "listenbrainz", "inlet", "subsonic", "mpd"]


@dataclass(frozen=True, slots=True)
class PollIntervals:
    """How often it is asked while somebody watches, in s between two questions.

    ``idle_long`` holds once nothing has played for ``idle_patience`` s. ``doubt`` is after an answer that may be a
    slip: nothing, while something plays. ``at_end`` adds polls around the end of what plays.
    """

    playing: float
    idle: float
    idle_after_patience: float
    confirm: float
    idle_patience: float = 300.0
    at_end: bool = False


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """How long what is announced as playing is believed, where nobody tells when it ends.

    ``longest`` (s) is counted from the last sign of life: another track, or a play that ended since. With
    ``by_duration`` an item is believed for its own duration and ``slack`` (s) instead, where that is known.
    """

    max_age: float
    by_duration: bool = False
    grace: float = 0.0


@dataclass(frozen=True, slots=True)
class Attribution:
    """What must stand beside the label, and where it leads."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class ArtworkPolicy:
    """Where artwork may be fetched from: ``hosts``, and whatever ends in one of ``domains``.

    ``roams``: redirects lead from one of them to another; else to none but the same host. ``seconds`` is how long a
    fetch may take in all, ``missing_seconds`` for how long an image that is not there is not looked for again.
    """

    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    follow_redirects: bool = False
    seconds: float = 5.0
    missing_seconds: float = 60.0


PRIVATE_ARTWORK = ArtworkPolicy((), (), seconds=10.0)
"""The adapter brings the images itself."""

COVER_ART_ARCHIVE = ArtworkPolicy(
    ("coverartarchive.org", "archive.org"),
    (".archive.org",),
    follow_redirects=True,
    seconds=15.0,
    missing_seconds=86_400.0,
)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source. ``label`` is its name for people; ``url`` its page, or the listener's page there, None without one.

    ``icon`` names the mark that stands with every view; where it is None the label stands there instead, with
    ``credit`` where one is due. ``prefix`` begins the names of its ``variables``. ``endurance`` stands in for the end
    where no progress is told. ``hides_uris``: ``HIDE`` takes its URIs, else names. ``tells_list``: what was played
    comes with each answer. ``is_pushed``: it tells by itself, and is never asked. ``holds_connection``: it announces
    changes, so it is listened to though nobody watches. ``records_history``: nobody else keeps what was played, so what
    was seen is the list. ``calls_per_day`` is what is afforded unless the owner says otherwise, None if calls are free;
    ``rhythm`` is None where the schedule follows the progress; ``unreachable`` is the code of its outages.
    """

    name: SourceName
    label: str
    url: str | None
    prefix: str = ""
    variables: tuple[SourceVariable, ...] = ()
    icon: str | None = None
    credit: Attribution | None = None
    needs_authorization: bool = False
    has_progress: bool = False
    has_pauses: bool = False
    has_explicit_flag: bool = False
    hide_by_uri: bool = False
    returns_history: bool = False
    is_pushed: bool = False
    holds_connection: bool = False
    records_history: bool = False
    calls_per_day: int | None = 9000
    artwork_policy: ArtworkPolicy = COVER_ART_ARCHIVE
    outage_code: ErrorCode = "source_unreachable"
    poll_intervals: PollIntervals | None = None
    expiry: ExpiryRule | None = None


_POLLED = PollIntervals(playing=10.0, idle=20.0, idle_after_patience=60.0, confirm=10.0)

SPOTIFY = SourceInfo(
    "spotify",
    "Spotify",
    "https://open.spotify.com/",
    prefix="SPOTIFY_",
    icon="spotify",
    needs_authorization=True,
    has_progress=True,
    has_pauses=True,
    has_explicit_flag=True,
    hide_by_uri=True,
    calls_per_day=3000,
    outage_code="spotify_unreachable",
    artwork_policy=ArtworkPolicy(("i.scdn.co",), (".scdn.co", ".spotifycdn.com")),
)
LASTFM = SourceInfo(
    "lastfm",
    "Last.fm",
    "https://www.last.fm/",
    prefix="LASTFM_",
    variables=LASTFM_VARIABLES,
    credit=Attribution("powered by AudioScrobbler", "https://www.last.fm/"),
    returns_history=True,
    poll_intervals=_POLLED,
    expiry=ExpiryRule(max_age=720.0),
)
LISTENBRAINZ = SourceInfo(
    "listenbrainz",
    "ListenBrainz",
    "https://listenbrainz.org/",
    prefix="LISTENBRAINZ_",
    variables=LISTENBRAINZ_VARIABLES,
    poll_intervals=_POLLED,
    expiry=ExpiryRule(max_age=600.0, by_duration=True, grace=_POLLED.playing),
)
INLET = SourceInfo(
    "inlet",
    "Listening",
    None,
    prefix="INLET_",
    variables=INLET_VARIABLES,
    has_progress=True,
    has_pauses=True,
    returns_history=True,
    is_pushed=True,
    poll_intervals=PollIntervals(playing=1.0, idle=1.0, idle_after_patience=1.0, confirm=1.0),
    expiry=ExpiryRule(max_age=600.0, by_duration=True),
)
SUBSONIC = SourceInfo(
    "subsonic",
    "Subsonic",
    None,
    prefix="SUBSONIC_",
    variables=SUBSONIC_VARIABLES,
    has_progress=True,
    has_pauses=True,
    records_history=True,
    calls_per_day=None,
    artwork_policy=PRIVATE_ARTWORK,
    poll_intervals=PollIntervals(playing=5.0, idle=10.0, idle_after_patience=30.0, confirm=2.0, at_end=True),
)
MPD = SourceInfo(
    "mpd",
    "MPD",
    None,
    prefix="MPD_",
    variables=MPD_VARIABLES,
    has_progress=True,
    has_pauses=True,
    holds_connection=True,
    records_history=True,
    calls_per_day=None,
    artwork_policy=PRIVATE_ARTWORK,
    poll_intervals=PollIntervals(playing=30.0, idle=30.0, idle_after_patience=30.0, confirm=30.0),
)
SOURCES: Mapping[SourceName, SourceInfo] = {
    source.name: source for source in (SPOTIFY, LASTFM, LISTENBRAINZ, INLET, SUBSONIC, MPD)
}


def parse_source_name(text: str) -> SourceName:
    """``text`` as the name of a source; ValueError with all names where it is none."""
    for name in SOURCES:
        if text == name:
            return name
    *most, last = SOURCES
    raise ValueError(f"use {', '.join(most)} or {last}")
