"""A simulated Last.fm as one ASGI app.

It shares no code with the client, else it would agree with its mistakes.

See https://www.last.fm/api/show/user.getRecentTracks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from widget.sources.simulators import record
from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

MOST_ROWS = 200
_STATUS = {6: 404, 8: 500, 10: 403, 11: 503, 16: 503, 17: 403, 26: 403, 29: 429}
_MESSAGES = {
    3: "Invalid Method - No method with that name in this package",
    6: "User not found",
    8: "Operation failed - Most likely the backend service failed. Please try again.",
    10: "Invalid API key - You must be granted a valid key by last.fm",
    16: "The service is temporarily unavailable, please try again.",
    17: "Login: User required to be logged in",
    26: "API Key Suspended - Please contact Last.fm",
    29: "Rate Limit Exceeded - This application has made too many requests in a short period",
}


@dataclass(slots=True)
class LastfmSimulator:
    """The service and its switches.

    Change the public attributes while it runs; ``requests`` are the queries.

    ``error`` is the number of an error instead of a response, ``quiet`` a status for errors other than their own
    (Last.fm also sends 200). ``answer`` replaces any response.
    """

    now: Callable[[], float]
    user: str = "elin.listens"
    key: str = field(default="0123456789abcdef0123456789abcdef", repr=False)
    playlist: Playlist = field(default_factory=Playlist)
    error: int | None = None
    quiet: int | None = None
    answer: Callable[[], Response] | None = None
    requests: list[dict[str, str]] = field(default_factory=list, repr=False)

    @property
    def app(self) -> Starlette:
        """The ASGI application, mounted on Last.fm's own host or served by itself."""
        return Starlette(routes=[Route("/2.0/", self._respond, methods=["GET"])])

    async def _respond(self, request: Request) -> Response:
        query = dict(request.query_params)
        record(self.requests, query)
        if self.answer is not None:
            return self.answer()
        number = self.error or self._error_number(query)
        if number is not None:
            body = {"message": _MESSAGES.get(number, "Something went wrong"), "error": number}
            return JSONResponse(body, self.quiet or _STATUS.get(number, 400))
        return JSONResponse(self._recent_tracks(min(MOST_ROWS, int(query.get("limit", "50")))))

    def _error_number(self, query: Mapping[str, str]) -> int | None:
        if query.get("method", "").lower() != "user.getrecenttracks" or query.get("format") != "json":
            return 3
        if query.get("api_key") != self.key:
            return 10
        return None if query.get("user", "").lower() == self.user.lower() else 6

    def _recent_tracks(self, limit: int) -> dict[str, Any]:
        now = self.now()
        piece, _ = self.playlist.at(now)
        rows = [{"@attr": {"nowplaying": "true"}, **_row(piece)}] if piece.title else []
        for played, began in self.playlist.played(now, limit):
            day = datetime.fromtimestamp(began, UTC)
            rows.append({**_row(played), "date": {"uts": str(int(began)), "#text": f"{day:%d %b %Y, %H:%M}"}})
        attributes = {"user": self.user, "totalPages": "1", "page": "1", "perPage": str(limit), "total": "4182"}
        # One row is a bare object, as in all JSON that Last.fm makes of its XML.
        return {"recenttracks": {"track": rows[0] if len(rows) == 1 else rows, "@attr": attributes}}


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """Return Last.fm and the Cover Art Archive for a demo, and their variables."""
    simulator = LastfmSimulator(now, playlist=Playlist(begun_at=now()))
    values = {"LASTFM_USER": simulator.user, "LASTFM_API_KEY": simulator.key}
    return Starlette(routes=[*simulator.app.routes, *CoverArtSimulator().app.routes]), values


def _row(piece: SimulatedTrack) -> dict[str, Any]:
    artist = piece.artists[0]
    page = f"https://www.last.fm/music/{quote_plus(artist)}/_/{quote_plus(piece.title)}"
    # Last.fm's placeholder; the client must not use any of its images.
    star = "https://lastfm.freetls.fastly.net/i/u/{}/2a96cbd8b46e442fc41c2b86b821562f.png"
    sizes = {"small": "34s", "medium": "64s", "large": "174s", "extralarge": "300x300"}
    return {
        # Any MBID may be empty in the real rows.
        "artist": {"mbid": "", "#text": artist},
        "streamable": "0",
        "image": [{"size": name, "#text": star.format(folder)} for name, folder in sizes.items()],
        "mbid": "",
        "album": {"mbid": piece.release, "#text": piece.album},
        "name": piece.title,
        "url": page,
    }
