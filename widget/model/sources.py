"""Who is asked what plays: what each source is called, what it can tell, and how it is asked. Faces, settings and the
player ask this table, never for a name. A source is one row here and one wing under ``sources``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from widget.model.errors import ErrorCode
from widget.model.source_variables import INLET_VARIABLES, LASTFM_VARIABLES, LISTENBRAINZ_VARIABLES, Variable

SourceName = Literal["spotify", "lastfm", "listenbrainz", "inlet"]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often it is asked while somebody watches, in s between two questions.

    ``idle_long`` holds once nothing has played for ``idle_patience`` s. ``doubt`` is after an answer that may be a
    slip: nothing, while something plays.
    """

    playing: float
    idle: float
    idle_long: float
    doubt: float
    idle_patience: float = 300.0


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long what is announced as playing is believed, where nobody tells when it ends.

    ``longest`` (s) is counted from the last sign of life: another track, or a play that ended since. With
    ``by_duration`` an item is believed for its own duration and ``slack`` (s) instead, where that is known.
    """

    longest: float
    by_duration: bool = False
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Credit:
    """What must stand beside the label, and where it leads."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where artwork may be fetched from: ``hosts``, and whatever ends in one of ``domains``.

    ``roams``: redirects lead from one of them to another; else to none but the same host. ``seconds`` is how long a
    fetch may take in all, ``missing_seconds`` for how long an image that is not there is not looked for again.
    """

    hosts: tuple[str, ...]
    domains: tuple[str, ...]
    roams: bool = False
    seconds: float = 5.0
    missing_seconds: float = 60.0


COVER_ART_ARCHIVE = Pictures(
    ("coverartarchive.org", "archive.org"), (".archive.org",), roams=True, seconds=15.0, missing_seconds=86_400.0
)


@dataclass(frozen=True, slots=True)
class Source:
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
    variables: tuple[Variable, ...] = ()
    icon: str | None = None
    credit: Credit | None = None
    needs_authorization: bool = False
    tells_progress: bool = False
    tells_pauses: bool = False
    tells_explicit: bool = False
    hides_uris: bool = False
    tells_list: bool = False
    is_pushed: bool = False
    calls_per_day: int = 9000
    pictures: Pictures = COVER_ART_ARCHIVE
    unreachable: ErrorCode = "source_unreachable"
    rhythm: Rhythm | None = None
    endurance: Endurance | None = None


_POLLED = Rhythm(playing=10.0, idle=20.0, idle_long=60.0, doubt=10.0)

SPOTIFY = Source(
    "spotify",
    "Spotify",
    "https://open.spotify.com/",
    prefix="SPOTIFY_",
    icon="spotify",
    needs_authorization=True,
    tells_progress=True,
    tells_pauses=True,
    tells_explicit=True,
    hides_uris=True,
    calls_per_day=3000,
    unreachable="spotify_unreachable",
    pictures=Pictures(("i.scdn.co",), (".scdn.co", ".spotifycdn.com")),
)
LASTFM = Source(
    "lastfm",
    "Last.fm",
    "https://www.last.fm/",
    prefix="LASTFM_",
    variables=LASTFM_VARIABLES,
    credit=Credit("powered by AudioScrobbler", "https://www.last.fm/"),
    tells_list=True,
    rhythm=_POLLED,
    endurance=Endurance(longest=720.0),
)
LISTENBRAINZ = Source(
    "listenbrainz",
    "ListenBrainz",
    "https://listenbrainz.org/",
    prefix="LISTENBRAINZ_",
    variables=LISTENBRAINZ_VARIABLES,
    rhythm=_POLLED,
    endurance=Endurance(longest=600.0, by_duration=True, slack=_POLLED.playing),
)
INLET = Source(
    "inlet",
    "Listening",
    None,
    prefix="INLET_",
    variables=INLET_VARIABLES,
    tells_list=True,
    is_pushed=True,
    rhythm=Rhythm(playing=1.0, idle=1.0, idle_long=1.0, doubt=1.0),
    endurance=Endurance(longest=600.0, by_duration=True),
)
SOURCES: Mapping[SourceName, Source] = {source.name: source for source in (SPOTIFY, LASTFM, LISTENBRAINZ, INLET)}


def source_name(text: str) -> SourceName:
    """``text`` as the name of a source; ValueError with all names where it is none."""
    for name in SOURCES:
        if text == name:
            return name
    *most, last = SOURCES
    raise ValueError(f"use {', '.join(most)} or {last}")
