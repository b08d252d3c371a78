"""Who is asked what plays: what each source is called, what it can tell, and how it is asked. Faces, settings and the
player ask this table, never for a name. A source is one row here and one wing under ``sources``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from widget.model.errors import ErrorCode
from widget.model.source_variables import INLET_VARIABLES, LASTFM_VARIABLES, LISTENBRAINZ_VARIABLES, SourceVariable

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
