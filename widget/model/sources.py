"""The registry of sources: their names, capabilities, variables and policies.

A source is one row here and one folder under ``sources``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from widget.model import parsers
from widget.model.errors import ErrorCode
from widget.model.playback import Artwork
from widget.model.source_values import (
    parse_base_url,
    parse_inlet_token,
    parse_label,
    parse_listenbrainz_url,
    parse_mpd_host,
    parse_mpd_port,
    parse_password,
    parse_server_url,
    parse_user_name,
)

SourceName = Literal["spotify", "lastfm", "listenbrainz", "inlet", "subsonic", "mpd"]

_COVER_ART_URL = "https://coverartarchive.org/{entity}/{mbid}/front-500"


# Named tuples, for a dataclass takes seven times as long to make: 0.2 ms of each start.
class SourceVariable(NamedTuple):
    """One variable of a source.

    ``parse`` returns the value or raises ValueError as in :mod:`widget.model.parsers`.

    ``prompt`` is the question at the terminal, None for an optional variable, and ``hint`` says where the value comes
    from; ``secret`` ones are never shown. Stored secrets are not used with another value of a variable that
    ``scopes_secrets``. A value set ``instead_of`` another makes that one unnecessary. ``typed_openly``: the value may
    contain a secret, so it is visible while typed and never again.
    """

    name: str
    parse: Callable[[str], str]
    default: str | None = None
    prompt: str | None = None
    hint: str | None = None
    secret: bool = False
    scopes_secrets: bool = False
    instead_of: str | None = None
    typed_openly: bool = False


class PollIntervals(NamedTuple):
    """Seconds between two polls while there are viewers.

    ``idle_after_patience`` holds once nothing has played for ``idle_patience`` seconds; ``confirm`` follows a response
    that may be a glitch (nothing, while something plays). ``at_end`` adds polls around the end of the item.
    """

    playing: float
    idle: float
    idle_after_patience: float
    confirm: float
    idle_patience: float = 300.0
    at_end: bool = False


class ExpiryRule(NamedTuple):
    """How long a now-playing report is believed if the source never reports the end.

    ``max_age`` (s) counts from the last sign of life: another track, or a play that has ended since. With
    ``by_duration`` an item is believed for its own duration and ``grace`` (s) instead, if that is known.
    """

    max_age: float
    by_duration: bool = False
    grace: float = 0.0


class Attribution(NamedTuple):
    """The text and link that the service requires next to the label."""

    text: str
    url: str


class ArtworkPolicy(NamedTuple):
    """The hosts to fetch artwork from: ``hosts``, and names that end with one of ``domains``.

    ``follow_redirects``: from one of them to another, else to the same host only. ``seconds`` limits a fetch;
    a missing image is not requested again for ``missing_seconds``.
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
PRIVATE_ARTWORK = ArtworkPolicy((), (), seconds=10.0)
"""The adapter loads the images itself."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source. ``url`` is its page, or the listener's page there; None if there is none.

    ``icon`` names the mark in every view; without one the label is shown, with ``credit`` if the service requires it.
    ``prefix`` begins the names of its ``variables``. ``hide_by_uri``: ``HIDE`` takes URIs, else names.
    ``returns_history``: the history comes with each response. ``is_pushed``: it is never polled. ``holds_connection``:
    it announces changes, so it is listened to even without viewers. ``records_history``: the service keeps no history,
    so the plays that were seen are the history. ``calls_per_day`` is the default limit, None if calls are free.
    ``poll_intervals`` is None if the schedule follows the progress; ``expiry`` replaces the end if there is none.
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
    has_ads: bool = False
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

    @property
    def known_as(self) -> str:
        """The name in messages to the owner: the label, or ``name`` if that is empty."""
        return self.label or self.name.capitalize()

    def is_replaced(self, variable: SourceVariable, values: Mapping[str, str]) -> bool:
        """Return whether another value makes ``variable`` unnecessary."""
        return any(values.get(other.name) for other in self.variables if other.instead_of == variable.name)

    @property
    def setup_command(self) -> str:
        """The command that sets this source up."""
        return "python -m bootstrap" if self.needs_authorization else f"python -m bootstrap --source {self.name}"


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
    has_ads=True,
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
    variables=(
        SourceVariable("LASTFM_USER", parse_user_name, prompt="Your Last.fm user name"),
        SourceVariable(
            "LASTFM_API_KEY",
            parsers.parse_token,
            prompt="API key (hidden)",
            hint="create a free API key at https://www.last.fm/api/account/create",
            secret=True,
        ),
        SourceVariable("LASTFM_API_URL", parse_base_url, "https://ws.audioscrobbler.com/2.0/"),
    ),
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
    variables=(
        SourceVariable("LISTENBRAINZ_USER", parse_user_name, prompt="Your ListenBrainz user name"),
        SourceVariable("LISTENBRAINZ_URL", parse_listenbrainz_url, "https://api.listenbrainz.org", scopes_secrets=True),
        SourceVariable("LISTENBRAINZ_TOKEN", parsers.parse_token, secret=True),
    ),
    poll_intervals=_POLLED,
    expiry=ExpiryRule(max_age=600.0, by_duration=True, grace=_POLLED.playing),
)
INLET = SourceInfo(
    "inlet",
    "Inlet",
    None,
    prefix="INLET_",
    variables=(
        SourceVariable("INLET_TOKEN", parse_inlet_token, secret=True),
        SourceVariable("INLET_LABEL", parse_label),
    ),
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
    variables=(
        SourceVariable("SUBSONIC_URL", parse_server_url, prompt="Address of the music server", scopes_secrets=True),
        SourceVariable("SUBSONIC_USER", parse_user_name, prompt="Your user name there"),
        SourceVariable("SUBSONIC_PASSWORD", parse_password, prompt="Password (hidden)", secret=True),
        SourceVariable("SUBSONIC_API_KEY", parsers.parse_token, secret=True, instead_of="SUBSONIC_PASSWORD"),
        SourceVariable("SUBSONIC_LABEL", parse_label),
    ),
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
    variables=(
        SourceVariable(
            "MPD_HOST", parse_mpd_host, prompt="MPD's host, or password@host", secret=True, typed_openly=True
        ),
        SourceVariable("MPD_PORT", parse_mpd_port, "6600"),
        SourceVariable("MPD_LABEL", parse_label, "MPD"),
    ),
    has_progress=True,
    has_pauses=True,
    holds_connection=True,
    records_history=True,
    calls_per_day=None,
    artwork_policy=PRIVATE_ARTWORK,
    poll_intervals=PollIntervals(playing=30.0, idle=30.0, idle_after_patience=30.0, confirm=30.0),
)
SOURCES: Mapping[SourceName, SourceInfo] = {
    info.name: info for info in (SPOTIFY, LASTFM, LISTENBRAINZ, INLET, SUBSONIC, MPD)
}


def parse_source_name(text: str) -> SourceName:
    """Return ``text`` as the name of a source. Raises ValueError with all names otherwise."""
    for name in SOURCES:
        if text == name:
            return name
    *most, last = SOURCES
    raise ValueError(f"must be {', '.join(most)} or {last}")


def front_cover(release_mbid: str | None, release_group_mbid: str | None = None) -> tuple[Artwork, ...]:
    """Return the front cover of a MusicBrainz release, else of its release group.

    The archive may have none.

    See https://musicbrainz.org/doc/Cover_Art_Archive/API
    """
    if release_mbid is not None:
        return (Artwork(_COVER_ART_URL.format(entity="release", mbid=release_mbid)),)
    if release_group_mbid is not None:
        return (Artwork(_COVER_ART_URL.format(entity="release-group", mbid=release_group_mbid)),)
    return ()
