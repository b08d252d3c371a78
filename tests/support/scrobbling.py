"""Simulated Last.fm and ListenBrainz on a port of their own, for the real commands."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from tests.support.commands import ROOT
from tests.support.live_server import live_server
from widget.sources.simulators.lastfm import LastfmSimulator
from widget.sources.simulators.listenbrainz import ListenbrainzSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

LONG = SimulatedTrack(50_000.0, "Harbour Lights", ("Elin Sandvik",))
_OURS = (
    "SPOTIFY_",
    "DATABASE_",
    "LASTFM_",
    "LISTENBRAINZ_",
    "INLET_",
    "SUBSONIC_",
    "MPD_",
    "SOURCE",
    "PUBLIC_URL",
    "PORT",
    "HOST",
)


class Scrobbling:
    """Both services, served at ``url``, where one track plays."""

    def __init__(self, url: str, lastfm: LastfmSimulator, listenbrainz: ListenbrainzSimulator) -> None:
        self.url = url
        self.lastfm = lastfm
        self.listenbrainz = listenbrainz

    def environ(self, source: str, **more: str) -> dict[str, str]:
        """Return the variables that lead a command to ``source`` here, without the machine's own."""
        known = {
            "lastfm": {
                "LASTFM_USER": self.lastfm.user,
                "LASTFM_API_KEY": self.lastfm.key,
                "LASTFM_API_URL": f"{self.url}/2.0/",
            },
            "listenbrainz": {"LISTENBRAINZ_USER": self.listenbrainz.user, "LISTENBRAINZ_URL": self.url},
        }
        return {**bare(), **known.get(source, {}), **more}


def bare() -> dict[str, str]:
    """Return the machine's variables without the program's own."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_OURS)},
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def scrobbling(track: SimulatedTrack = LONG) -> Iterator[Scrobbling]:
    """Run both services while the context lasts."""
    lastfm = LastfmSimulator(time.time, playlist=Playlist((track,)))
    listenbrainz = ListenbrainzSimulator(time.time, playlist=Playlist((track,)))
    with live_server(Starlette(routes=[*lastfm.app.routes, *listenbrainz.app.routes])) as url:
        yield Scrobbling(url, lastfm, listenbrainz)
