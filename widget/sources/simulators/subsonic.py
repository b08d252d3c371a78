"""A simulated OpenSubsonic server.

It shares no code with the client, else it would agree with its mistakes.

See https://opensubsonic.netlify.app/docs/endpoints/getnowplaying/
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from widget.samples.artwork import load_image
from widget.sources.simulators import record
from widget.sources.simulators.playlist import Playlist, SimulatedTrack

PAUSE_BEFORE_SECONDS, PAUSE_SECONDS = 10.0, 4.0
"""Each track is paused once: after the first, for the second number of seconds."""

_MESSAGES = {
    10: "Required parameter is missing.",
    40: "Wrong username or password.",
    41: "Token authentication not supported for LDAP users.",
    44: "Invalid API key.",
    50: "User is not authorized for the given operation.",
    70: "The requested data was not found.",
}


@dataclass(slots=True)
class SubsonicSimulator:
    """The server and its switches.

    Change the public attributes while it runs; ``requests`` are (endpoint, query).

    ``entries`` replaces what plays, ``error`` is the code of an error that is answered instead, ``answer`` is given
    instead of anything else. Without ``has_reports`` it lists the classic fields alone. ``token_error`` answers a token
    if the server needs the password itself.
    """

    now: Callable[[], float]
    user: str = "elin"
    password: str = field(default="correct horse battery", repr=False)
    api_key: str | None = field(default=None, repr=False)
    name: str | None = "harbour"
    has_reports: bool = True
    token_error: int | None = None
    playlist: Playlist = field(default_factory=Playlist)
    entries: list[dict[str, Any]] | None = None
    error: int | None = None
    answer: Callable[[Request], Response | None] | None = None
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list, repr=False)

    @property
    def app(self) -> Starlette:
        """The ASGI application of a server at its address."""
        return Starlette(routes=[Route("/rest/{endpoint}", self._handle, methods=["GET"])])

    async def _handle(self, request: Request) -> Response:
        endpoint, query = str(request.path_params["endpoint"]).removesuffix(".view"), dict(request.query_params)
        record(self.requests, (endpoint, query))
        if self.answer is not None and (given := self.answer(request)) is not None:
            return given
        if endpoint == "getOpenSubsonicExtensions":
            if not self.has_reports:
                # One of the ways in which servers without this endpoint answer.
                return self._failed(70, 404)
            return self._ok(openSubsonicExtensions=[{"name": "playbackReport", "versions": [1]}])
        code = self._login_fault(query) if self.error is None else self.error
        if code is not None:
            return self._failed(code)
        if endpoint == "getCoverArt":
            image = load_image(f"{query.get('id', '').removeprefix('al-')}-640")
            return self._failed(70) if image is None else Response(image, media_type="image/jpeg")
        if endpoint != "getNowPlaying":
            return self._failed(70)
        return self._ok(nowPlaying={"entry": self._entries() if self.entries is None else self.entries})

    def _login_fault(self, query: Mapping[str, str]) -> int | None:
        if not query.get("c") or not query.get("v"):
            return 10
        if "apiKey" in query:
            return None if query["apiKey"] == self.api_key and "u" not in query else 44
        given = query.get("p", "")
        if "p" not in query:
            if self.token_error is not None or "t" not in query:
                # Supysonic responds 10 to a token and a salt, which it does not support.
                return self.token_error or 10
            expected = hashlib.md5(f"{self.password}{query.get('s')}".encode(), usedforsecurity=False).hexdigest()
            return None if (query.get("u"), query["t"]) == (self.user, expected) else 40
        if given.startswith("enc:"):
            given = bytes.fromhex(given.removeprefix("enc:")).decode()
        return None if (query.get("u"), given) == (self.user, self.password) else 40

    def _entries(self) -> list[dict[str, Any]]:
        track, began = self.playlist.at(self.now())
        if not track.title:
            return []
        entry = _child(track) | {"username": self.user, "minutesAgo": int((self.now() - began) // 60), "playerId": 1}
        if self.has_reports:
            passed = self.now() - began
            paused = min(max(0.0, passed - PAUSE_BEFORE_SECONDS), PAUSE_SECONDS)
            entry["state"] = "paused" if 0 < paused < PAUSE_SECONDS else "playing"
            entry |= {"positionMs": round((passed - paused) * 1000), "playbackRate": 1.0, "playerName": "A player"}
        return [entry]

    def _ok(self, **content: Any) -> Response:
        return JSONResponse({"subsonic-response": {"status": "ok", **self._head(), **content}})

    def _failed(self, code: int, status: int = 200) -> Response:
        error = {"code": code, "message": _MESSAGES.get(code, "A generic error.")}
        return JSONResponse({"subsonic-response": {"status": "failed", **self._head(), "error": error}}, status)

    def _head(self) -> dict[str, Any]:
        head: dict[str, Any] = {"version": "1.16.1"}
        if self.name is not None:
            head |= {"type": self.name, "serverVersion": "1.0", "openSubsonic": True}
        return head


def demo_service(now: Callable[[], float]) -> tuple[Starlette, dict[str, str]]:
    """Return the server for a demo, whose playlist begins now, and its variables."""
    simulator = SubsonicSimulator(now, playlist=Playlist(begun_at=now()))
    values = {
        "SUBSONIC_URL": "https://music.example.org",
        "SUBSONIC_USER": simulator.user,
        "SUBSONIC_PASSWORD": simulator.password,
        "SUBSONIC_LABEL": "Subsonic",
    }
    return simulator.app, values


def _child(track: SimulatedTrack) -> dict[str, Any]:
    child: dict[str, Any] = {
        "id": f"tr-{hashlib.sha256(track.title.encode()).hexdigest()[:12]}",
        "isDir": False,
        "isVideo": False,
        "type": "music",
        "mediaType": "song",
        "title": track.title,
        "album": track.album,
        "artist": track.credit,
        "artists": [{"id": f"ar-{number}", "name": name} for number, name in enumerate(track.artists)],
        "duration": int(track.length),
        "contentType": "audio/flac",
        "suffix": "flac",
    }
    if track.recording:
        child["musicBrainzId"] = track.recording
    if track.drawing:
        child["coverArt"] = f"al-{track.drawing}"
    return child
