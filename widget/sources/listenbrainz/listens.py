"""A listen in ListenBrainz's JSON, as an item. Pure; no shape that anybody sends makes it crash.

See https://listenbrainz.readthedocs.io/en/latest/users/json.html
"""

from typing import Any
from urllib.parse import urlsplit

from widget.model.cover_art import front_cover
from widget.model.hide_list import name_keys
from widget.model.playback import Entity, Item
from widget.sources.json_values import as_mbid, as_milliseconds, as_object, as_text, as_url, iter_objects

MAX_DURATION_MS = 24 * 86_400_000
_OTHER_HOSTS = ("spotify.com", "spotify.link", "spotify.app.link", "spoti.fi", "scdn.co", "spotifycdn.com")


def read_item(listen: Any, *, played: bool) -> Item | None:
    """The track of a listen, one that was ``played`` or one that plays now; None where it has no name.

    What stands in ``additional_info`` is what some player sent, unchecked.
    """
    metadata = as_object(as_object(listen).get("track_metadata"))
    title, credit = as_text(metadata.get("track_name")), as_text(metadata.get("artist_name"))
    if title is None:
        return None
    info, mapping = as_object(metadata.get("additional_info")), as_object(metadata.get("mbid_mapping"))
    album = as_text(metadata.get("release_name"))
    recording = as_mbid(info.get("recording_mbid")) or as_mbid(mapping.get("recording_mbid"))
    release = as_mbid(info.get("release_mbid"))
    release = (as_mbid(mapping.get("caa_release_mbid")) or release) if played else release
    names = _told_apart(mapping) or (() if credit is None else (credit,))
    return Item(
        type="track",
        id=recording,
        uri=None,
        url=_page(recording, info),
        title=title,
        artists=tuple(Entity(name) for name in names),
        album=None if album is None else Entity(album),
        artwork=front_cover(release),
        duration_ms=_duration(info),
        hide_keys=name_keys(title, _every_name(credit, names, info), album),
    )


def _told_apart(mapping: dict[str, Any]) -> tuple[str, ...]:
    """The artists one by one, where each has a name."""
    names = [as_text(artist.get("artist_credit_name")) for artist in iter_objects(mapping.get("artists"))]
    known = tuple(name for name in names if name is not None)
    return known if len(known) == len(names) else ()


def _every_name(credit: str | None, names: tuple[str, ...], info: dict[str, Any]) -> list[str]:
    """All that the artists are called: together, so that what plays and what played are alike, and one by one."""
    sent = info.get("artist_names")
    told = [name for name in (sent if isinstance(sent, list) else []) if isinstance(name, str)]
    return [*names, *told] if credit is None else [credit, *names, *told]


def _page(recording: str | None, info: dict[str, Any]) -> str | None:
    if recording is not None:
        return f"https://listenbrainz.org/track/{recording}/"
    origin = as_url(info.get("origin_url"))
    return None if origin is None or _is_of_another_service(origin) else origin


def _is_of_another_service(url: str) -> bool:
    """Links to Spotify would stand beside content that is not Spotify's, which its policy forbids."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return any(host == other or host.endswith(f".{other}") for other in _OTHER_HOSTS)


def _duration(info: dict[str, Any]) -> int | None:
    told = as_milliseconds(info.get("duration_ms"), MAX_DURATION_MS)
    if told:
        return told
    seconds = as_milliseconds(info.get("duration"), MAX_DURATION_MS // 1000)
    if not seconds:
        return None
    return int(float(info["duration"]) * 1000)
