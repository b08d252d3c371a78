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
MIN_TOKEN_LENGTH = 16
MAX_RECENT = 10
SHA256_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class SourceVariable:
    """One variable of a source. ``parse`` gives the value or raises ValueError with a sentence that says what to write.

    ``question`` is how the owner is asked for it, None where it can be done without; ``secret`` ones are never shown.
    Secrets that were stored with one value of a variable that ``binds_secrets`` are not used with another.
    """

    name: str
    parse: Callable[[str], str]
    default: str | None = None
    prompt: str | None = None
    secret: bool = False
    scopes_secrets: bool = False


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


def parse_inlet_label(value: str) -> str:
    """What the inlet is called in front of visitors."""
    if not value.isprintable() or not 1 <= len(value) <= MAX_LABEL_LENGTH:
        raise ValueError(f"use 1 to {MAX_LABEL_LENGTH} characters on one line")
    return value


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
    SourceVariable("INLET_LABEL", parse_inlet_label, "Listening"),
)


SourceName = Literal["spotify", "lastfm", "listenbrainz", "inlet"]


@dataclass(frozen=True, slots=True)
class PollIntervals:
    """How often it is asked while somebody watches, in s between two questions.

    ``idle_long`` holds once nothing has played for ``idle_patience`` s. ``doubt`` is after an answer that may be a
    slip: nothing, while something plays.
    """

    playing: float
    idle: float
    idle_after_patience: float
    confirm: float
    idle_patience: float = 300.0


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
    comes with each answer. ``is_pushed``: it tells by itself, and is never asked. ``calls_per_day`` is what is afforded
    unless the owner says otherwise; ``rhythm`` is None where the schedule follows the progress; ``unreachable`` is the
    code of its outages.
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
    calls_per_day: int = 9000
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
    returns_history=True,
    is_pushed=True,
    poll_intervals=PollIntervals(playing=1.0, idle=1.0, idle_after_patience=1.0, confirm=1.0),
    expiry=ExpiryRule(max_age=600.0, by_duration=True),
)
SOURCES: Mapping[SourceName, SourceInfo] = {source.name: source for source in (SPOTIFY, LASTFM, LISTENBRAINZ, INLET)}


def parse_source_name(text: str) -> SourceName:
    """``text`` as the name of a source; ValueError with all names where it is none."""
    for name in SOURCES:
        if text == name:
            return name
    *most, last = SOURCES
    raise ValueError(f"use {', '.join(most)} or {last}")
