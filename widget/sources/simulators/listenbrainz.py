"""A simulated ListenBrainz as one ASGI app.

It shares no code with the client, else it would agree with its mistakes.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from widget.sources.simulators import record
from widget.sources.simulators.cover_art_archive import CoverArtSimulator
from widget.sources.simulators.playlist import Playlist, SimulatedTrack


@dataclass(slots=True)
class ListenbrainzSimulator:
    """The service and its switches.

    Change the public attributes while it runs; ``requests`` are the paths requested.

    A token in a request must be ``token``. ``status`` is an error instead of any response, ``answer`` replaces that
    too. ``details``: players submit durations and identifiers.
    """

    now: Callable[[], float]
    user: str = "elin_listens"
    token: str = field(default="4f8a2d1c-90b7-4e35-a6c1-2b7e5d3f9a10", repr=False)
    playlist: Playlist = field(default_factory=Playlist)
    details: bool = True
    status: int | None = None
    answer: Callable[[], Response] | None = None
    requests: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list, repr=False)

    @property
    def app(self) -> Starlette:
        """The ASGI application, mounted on ListenBrainz's own host or served by itself."""
        return Starlette(
            routes=[
                Route("/1/user/{user}/playing-now", self._playing_now, methods=["GET"]),
                Route("/1/user/{user}/listens", self._listens, methods=["GET"]),
            ]
        )

    async def _playing_now(self, request: Request) -> Response:
        return self._refusal(request) or JSONResponse({"payload": self._playing_payload()})

    async def _listens(self, request: Request) -> Response:
        count = int(request.query_params.get("count", "25"))
        return self._refusal(request) or JSONResponse({"payload": self._listens_payload(count)})

    def _refusal(self, request: Request) -> Response | None:
        token = request.headers.get("authorization")
        record(self.requests, request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        record(self.tokens, token)
        if self.answer is not None:
            return self.answer()
        # With ListenBrainz's own headers, as it sends no Retry-After.
        if self.status == 429:
            limits = {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-In": "7"}
            return _error(429, "You have exceeded your rate limit.", limits)
        if self.status is not None:
            return _error(self.status, "Something went wrong.")
        if token is not None and token != f"Token {self.token}":
            return _error(401, "Invalid authorization token.")
        user = request.path_params["user"]
        return None if user.lower() == self.user.lower() else _error(404, f"Cannot find user: {user}")

    def _playing_payload(self) -> dict[str, Any]:
        piece, _ = self.playlist.at(self.now())
        listens = [{"playing_now": True, "track_metadata": self._metadata(piece), "user_name": self.user}]
        listens = listens if piece.title else []
        return {"count": len(listens), "listens": listens, "playing_now": True, "user_id": self.user}

    def _listens_payload(self, count: int) -> dict[str, Any]:
        listens = [
            {
                # Later than listened_at, which the client must not mix up.
                "inserted_at": int(began + 30),
                "listened_at": int(began),
                "recording_msid": "3c9a1f40-7a2b-4c5d-8e6f-112233445566",
                "user_name": self.user,
                "track_metadata": {**self._metadata(piece), **_mapped(piece)},
            }
            for piece, began in self.playlist.played(self.now(), count)
        ]
        return {"count": len(listens), "listens": listens, "user_id": self.user}

    def _metadata(self, piece: SimulatedTrack) -> dict[str, Any]:
        info: dict[str, Any] = {"submission_client": "a player", "submission_client_version": "1.0"}
        if self.details:
            info["duration_ms"] = round(piece.length * 1000)
            if piece.release:
                info |= {"release_mbid": piece.release, "recording_mbid": piece.recording}
        return {
            "artist_name": piece.credit,
            "track_name": piece.title,
            "release_name": piece.album,
            "additional_info": info,
        }


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """Return ListenBrainz and the Cover Art Archive for a demo, and their variables."""
    simulator = ListenbrainzSimulator(now, playlist=Playlist(begun_at=now()))
    values = {"LISTENBRAINZ_USER": simulator.user}
    return Starlette(routes=[*simulator.app.routes, *CoverArtSimulator().app.routes]), values


def _mapped(piece: SimulatedTrack) -> dict[str, Any]:
    """Return the mapping that ListenBrainz adds to a listen later."""
    if not piece.release:
        return {}
    joints = [" feat. "] * (len(piece.artists) - 1) + [""]
    artists = [
        {"artist_mbid": "", "artist_credit_name": name, "join_phrase": joint}
        for name, joint in zip(piece.artists, joints, strict=True)
    ]
    return {
        "mbid_mapping": {
            "recording_mbid": piece.recording,
            "recording_name": piece.title,
            "release_mbid": piece.release,
            "artists": artists,
            "caa_id": 31_900_000_001,
            "caa_release_mbid": piece.release,
        }
    }


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": status, "error": message}, status, headers)
