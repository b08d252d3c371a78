"""MPD replies to model values. Pure; tolerant of any reply.

See https://mpd.readthedocs.io/en/latest/protocol.html ("Querying MPD's status" and "Tags").
"""

from collections.abc import Mapping
from math import isfinite
from posixpath import basename, splitext
from typing import Any
from urllib.parse import unquote, urlsplit

from widget.model.hide_list import name_keys
from widget.model.playback import PRIVATE_ARTWORK_SCHEME, Artwork, Entity, Item, Playback
from widget.sources.json_values import MAX_TEXT_LENGTH, as_mbid, as_milliseconds

Reply = Mapping[str, Any]
"""One reply as python-mpd2 returns it: a text for each lowercase key, a list of texts if the key is repeated."""


def read_playback(status: Reply, song: Reply, observed_at: float) -> Playback:
    """Return the playback in the replies of ``observed_at`` (s since the epoch)."""
    state = _first(status, "state")
    duration_ms = None if _is_radio(song) else _duration_ms(status, song)
    item = _item(song, duration_ms)
    if item is None or state not in ("play", "pause"):
        return Playback("idle", observed_at)
    # A radio stream counts its own time, which is not a position in the current title.
    progress_ms = None if duration_ms is None else _elapsed_ms(status)
    return Playback("playing" if state == "play" else "paused", observed_at, item, progress_ms)


def _is_radio(song: Reply) -> bool:
    """Return whether ``song`` is a radio station, whose duration means nothing."""
    return "://" in (_first(song, "file") or "") and _first(song, "name") is not None


def _item(song: Reply, duration_ms: int | None) -> Item | None:
    file = _first(song, "file")
    if file is None:
        return None
    title, album = _first(song, "title"), _first(song, "album")
    if duration_ms is None:
        # A stream without an end: its Name tag is the station.
        album = album or _first(song, "name")
        if title is None:
            title, album = album, None
    title = title or _name_of(file)
    # Albumartist may be "Various Artists", so it is the second choice.
    artists = _all(song, "artist") or _all(song, "albumartist")
    return Item(
        type="track",
        id=as_mbid(_first(song, "musicbrainz_trackid")),
        uri=None,
        url=None,
        title=title,
        artists=tuple(Entity(artist) for artist in artists),
        album=None if album is None else Entity(album),
        artwork=() if duration_ms is None else (Artwork(_artwork_url(song, file)),),
        duration_ms=duration_ms,
        hide_keys=name_keys(title, artists, album),
    )


def _artwork_url(song: Reply, file: str) -> str:
    """Return the private address of the picture; a file that has changed gets another one."""
    return f"{PRIVATE_ARTWORK_SCHEME}{_first(song, 'last-modified') or ''}/{file}"


def file_of(artwork_url: str) -> str:
    """Return the file to which the picture at ``artwork_url`` belongs."""
    return artwork_url.removeprefix(PRIVATE_ARTWORK_SCHEME).partition("/")[2]


def _name_of(file: str) -> str:
    """Return the file's name without its extension; for a stream without a path, its host."""
    if "://" in file:
        try:
            parts = urlsplit(file)
        except ValueError:
            return file.partition("://")[0]
        file = unquote(parts.path).rstrip("/")
        if not file:
            return parts.hostname or parts.scheme
    name = basename(file)
    return splitext(name)[0] or name or file


def _duration_ms(status: Reply, song: Reply) -> int | None:
    """Return the duration; None for an endless stream.

    Older servers have it in ``time`` alone.
    """
    for text in (_first(status, "duration"), _first(song, "duration"), _first(song, "time"), _time(status, 1)):
        if (duration_ms := _milliseconds(text)) is not None and duration_ms > 0:
            return duration_ms
    return None


def _elapsed_ms(status: Reply) -> int | None:
    elapsed_ms = _milliseconds(_first(status, "elapsed"))
    return _milliseconds(_time(status, 0)) if elapsed_ms is None else elapsed_ms


def _time(status: Reply, part: int) -> str | None:
    """Return a part of ``time``, which is ``elapsed:duration`` in whole seconds."""
    parts = (_first(status, "time") or "").split(":")
    return parts[part] if len(parts) == 2 else None


def _milliseconds(text: str | None) -> int | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    # float() also reads "nan" and "inf".
    return as_milliseconds(seconds * 1000) if isfinite(seconds) else None


def _first(reply: Reply, key: str) -> str | None:
    texts = _all(reply, key)
    return texts[0] if texts else None


def _all(reply: Reply, key: str) -> tuple[str, ...]:
    value = reply.get(key)
    values = value if isinstance(value, list) else [value]
    return tuple(text[:MAX_TEXT_LENGTH] for text in values if isinstance(text, str) and text)
