"""Who is asked what plays: what a source is called, and what it can tell. Faces, settings and the player ask this
table, never for a name."""

from dataclasses import dataclass
from typing import Literal

SourceName = Literal["spotify", "lastfm", "listenbrainz", "inlet"]


@dataclass(frozen=True, slots=True)
class Source:
    """One source. ``label`` is its name for people; ``url`` its page, or the listener's page there, None without one.

    ``icon`` names the mark that stands with every view; where it is None the label stands there instead.
    """

    name: SourceName
    label: str
    url: str | None
    icon: str | None = None
    needs_authorization: bool = False
    tells_progress: bool = False
    tells_pauses: bool = False
    tells_explicit: bool = False


SPOTIFY = Source(
    "spotify",
    "Spotify",
    "https://open.spotify.com/",
    icon="spotify",
    needs_authorization=True,
    tells_progress=True,
    tells_pauses=True,
    tells_explicit=True,
)
