"""The playlist of the simulated Spotify: invented music in the JSON of the real Web API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from widget.samples import music
from widget.samples.artwork import WIDTHS

Kind = Literal["track", "episode", "ad", "nothing", "unknown"]

IMAGES = "https://i.scdn.co/image"
_OPEN = "https://open.spotify.com"


@dataclass(frozen=True, slots=True)
class SimulatedPlayback:
    """An item that plays for ``seconds``, from ``start`` (s) of its ``length`` (s) on.

    ``artwork`` names a drawing in ``widget/samples/drawings/``; ``id`` has 22 characters, as Spotify's.
    """

    kind: Kind
    seconds: float
    id: str = ""
    title: str = ""
    artists: tuple[str, ...] = ()
    album: str = ""
    artwork: str | None = None
    length: float = 200.0
    start: float = 0.0
    paused: bool = False
    explicit: bool = False
    local: bool = False


def track(id: str, title: str, artists: Sequence[str], album: str, artwork: str, **more: Any) -> SimulatedPlayback:  # noqa: A002
    """Return a track; by default its last 24 seconds play."""
    scene = SimulatedPlayback("track", 24.0, id, title, tuple(artists), album, artwork)
    scene = replace(scene, **more)
    return scene if "start" in more else replace(scene, start=scene.length - scene.seconds)


def _scene(id: str, catalogued: music.Track, **changes: Any) -> SimulatedPlayback:  # noqa: A002
    return track(
        id,
        catalogued.title,
        catalogued.artists,
        catalogued.album,
        catalogued.drawing,
        length=catalogued.seconds,
        explicit=catalogued.explicit,
        **changes,
    )


_TIDES = _scene("5tIdesOfGlass0000000aB", music.TIDES_SOLO)
_NOON = _scene("2nOonOverTheViaduct0cD", music.NOON)
_RAIN = _scene("7rAinLantern0000000xYz", music.LANTERNS_IN_JAPANESE)
_GATE = _scene("3gAteOfJasmine00000hJk", music.JASMINE)
_ORBIT = _scene("6oRbitSong000000000pQr", music.ORBIT_WITH_EMOJI)
_EPISODE = _scene("1ePisodeSlowMaps0000mN", music.SLOW_MAPS, kind="episode", start=1_312.0)
_LOCAL = SimulatedPlayback(
    "track",
    22.0,
    title=music.KITCHEN_DEMO.title,
    artists=music.KITCHEN_DEMO.artists,
    length=music.KITCHEN_DEMO.seconds,
    start=121.0,
    local=True,
)

SCENES: tuple[SimulatedPlayback, ...] = (
    _TIDES,
    replace(_NOON, seconds=16.0, start=200.0),
    replace(_NOON, seconds=12.0, start=216.0, paused=True),
    SimulatedPlayback("ad", 14.0),
    _EPISODE,
    _RAIN,
    _LOCAL,
    _GATE,
    SimulatedPlayback("nothing", 16.0),
    _ORBIT,
)


@dataclass(slots=True)
class SpotifyPlaylist:
    """Scenes one after the other, repeated, since ``begun_at`` (s since the epoch)."""

    scenes: Sequence[SimulatedPlayback] = field(default=SCENES)
    begun_at: float = 0.0

    def at(self, now: float) -> tuple[SimulatedPlayback, float]:
        """Return the scene at ``now`` (s since the epoch), and for how long it has played (s)."""
        passed = (now - self.begun_at) % sum(scene.seconds for scene in self.scenes)
        for scene in self.scenes:
            if passed < scene.seconds:
                return scene, passed
            passed -= scene.seconds
        return self.scenes[-1], self.scenes[-1].seconds

    def currently_playing(self, now: float, *, episodes: bool) -> dict[str, Any] | None:
        """Return the body of ``GET /me/player/currently-playing``; None for an empty response.

        Without ``episodes`` an episode has no item, as without ``additional_types`` at Spotify.
        """
        scene, passed = self.at(now)
        if scene.kind == "nothing":
            return None
        is_hidden = scene.kind in ("ad", "unknown") or (scene.kind == "episode" and not episodes)
        progress = scene.start + (0.0 if scene.paused else passed)
        return {
            # The last change, not the time of the response, as at Spotify.
            "timestamp": round((now - passed) * 1000),
            "context": None,
            "progress_ms": round(min(progress, scene.length) * 1000),
            # An ad has no item, although it claims to play.
            "item": None if is_hidden else _item(scene),
            "currently_playing_type": scene.kind,
            "actions": {"disallows": {"resuming": True}},
            "is_playing": not scene.paused,
        }

    def recently_played(self, now: float, limit: int) -> dict[str, Any]:
        """Return the body of ``GET /me/player/recently-played``: tracks only, newest first."""
        tracks = [scene for scene in self.scenes if scene.kind == "track" and not scene.local]
        items = [
            {"track": _item(scene), "played_at": _rfc3339(now - 600.0 * (position + 1)), "context": None}
            for position, scene in enumerate(reversed(tracks))
        ][:limit]
        return {"items": items, "next": None, "cursors": None, "limit": limit, "href": ""}


def _item(scene: SimulatedPlayback) -> dict[str, Any]:
    if scene.local:
        return _local(scene)
    images = _images(scene)
    common = {
        "id": scene.id,
        "name": scene.title,
        "duration_ms": round(scene.length * 1000),
        "explicit": scene.explicit,
        "uri": f"spotify:{scene.kind}:{scene.id}",
        "href": f"https://api.spotify.com/v1/{scene.kind}s/{scene.id}",
        "external_urls": {"spotify": f"{_OPEN}/{scene.kind}/{scene.id}"},
        "type": scene.kind,
    }
    if scene.kind == "episode":
        show = {"name": scene.album, **_named("show", scene.album), "images": images, "type": "show"}
        return {**common, "images": images, "show": show, "release_date": "2026-03-01", "description": ""}
    artists = [{"name": name, "type": "artist", **_named("artist", name)} for name in scene.artists]
    album = {
        "name": scene.album,
        "album_type": "album",
        "images": images,
        "artists": artists,
        "type": "album",
        **_named("album", scene.album),
    }
    return {**common, "is_local": False, "artists": artists, "album": album, "track_number": 1, "disc_number": 1}


def _local(scene: SimulatedPlayback) -> dict[str, Any]:
    artist = scene.artists[0] if scene.artists else ""
    return {
        "id": None,
        "href": None,
        "name": scene.title,
        "uri": f"spotify:local:{artist}::{scene.title}:{scene.length:.0f}".replace(" ", "+"),
        "external_urls": {},
        "duration_ms": round(scene.length * 1000),
        "explicit": False,
        "is_local": True,
        "type": "track",
        "artists": [
            {"name": name, "id": None, "href": None, "uri": None, "external_urls": {}} for name in scene.artists
        ],
        "album": {"name": "", "id": None, "href": None, "uri": None, "external_urls": {}, "images": [], "artists": []},
    }


def _named(kind: str, name: str) -> dict[str, Any]:
    # The same name always has the same id, of the length and the characters of Spotify's.
    id = "".join(c for c in name.encode().hex() if c.isalnum())[:22].ljust(22, "0")  # noqa: A001
    return {"id": id, "uri": f"spotify:{kind}:{id}", "external_urls": {"spotify": f"{_OPEN}/{kind}/{id}"}}


def _images(scene: SimulatedPlayback) -> list[dict[str, Any]]:
    if scene.artwork is None:
        return []
    return [{"url": f"{IMAGES}/{scene.artwork}-{width}", "width": width, "height": width} for width in WIDTHS]


def _rfc3339(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
