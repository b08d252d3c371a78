"""Requests with positions and pauses: the inlet's, Web Scrobbler's, multi-scrobbler's. Pure.

See https://github.com/web-scrobbler/web-scrobbler/wiki/Webhook-API
and https://foxxmd.github.io/multi-scrobbler/configuration/clients/blackbox/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from widget.model.hide_list import name_keys
from widget.model.parsers import is_listed_url
from widget.model.playback import Artwork, Entity, Item, PlayedItem
from widget.model.sources import front_cover
from widget.sources.json_values import as_mbid, as_object, as_text, as_url, is_number, iter_objects
from widget.sources.listenbrainz.payloads import MAX_DURATION_MS, foreign_url, recording_url
from widget.sources.listenbrainz.submissions import (
    MAX_SINGLE_LISTENS,
    InvalidSubmission,
    Submission,
    read_listened_at,
    read_object,
    require_short,
)

JUST_BEGUN_SECONDS = 5.0
"""Web Scrobbler announces a song this soon; looking it up at Last.fm takes most of it."""

_NUMBER = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,20})?")

PlayerState = Literal["playing", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class PlayerUpdate:
    """The state of a player: ``item`` is set unless it stopped, ``progress_ms`` if known."""

    state: PlayerState
    item: Item | None = None
    progress_ms: int | None = None
    client: str | None = None


Message = PlayerUpdate | Submission | None
"""None changes nothing."""


def read_own(body: bytes, artwork_hosts: Collection[str]) -> PlayerUpdate:
    """Return the update in the body of ``/inlet``; artwork counts from ``artwork_hosts`` alone.

    Raises :class:`InvalidSubmission`, which names the field.
    """
    value = read_object(body)
    state = value.get("state")
    if state not in ("playing", "paused", "stopped"):
        raise InvalidSubmission("state must be playing, paused or stopped.")
    title, artists = _own_text(value, "title"), _own_artists(value)
    if title is None or not artists:
        # Templates for a stop often have no track to name.
        if state == "stopped":
            return PlayerUpdate("stopped")
        raise InvalidSubmission("title must not be empty." if title is None else "artists must not be empty.")
    mbid = value.get("mbid") or None
    if mbid is not None and as_mbid(mbid) is None:
        raise InvalidSubmission("mbid must be a MusicBrainz recording ID.")
    url, artwork_url = _own_url(value, "url"), _own_url(value, "artwork_url")
    # Otherwise a holder of the token could make the server fetch from anywhere.
    is_ours = artwork_url is not None and is_listed_url(artwork_url, artwork_hosts)
    item = _item(
        title,
        artists,
        _own_text(value, "album"),
        duration_ms=_own_milliseconds(value, "duration_ms") or None,
        mbid=as_mbid(mbid),
        url=None if url is None else foreign_url(url),
        artwork=(Artwork(artwork_url),) if is_ours and artwork_url is not None else (),
    )
    return PlayerUpdate(state, item, _own_milliseconds(value, "progress_ms"))


def read_web_scrobbler(body: bytes, now: float) -> Message:
    """Return the message of an event of Web Scrobbler; None for an event that changes nothing."""
    value = read_object(body)
    data, event = as_object(value.get("data")), value.get("eventName")
    if event == "scrobble":
        songs = list(iter_objects(data.get("songs"))) or [as_object(data.get("song"))]
        listens = tuple(_web_scrobbler_listen(song, now) for song in songs[:MAX_SINGLE_LISTENS])
        # False for a scrobble from the extension's cache.
        return Submission("import" if data.get("currentlyPlaying") is False else "single", listens=listens)
    if event not in ("nowplaying", "resumedplaying", "paused"):
        return None
    song = as_object(data.get("song"))
    progress_ms = _from_seconds(as_object(song.get("parsed")).get("currentTime"))
    if progress_ms is None and event == "nowplaying" and _has_just_begun(song, value.get("time")):
        progress_ms = 0
    return PlayerUpdate(
        "paused" if event == "paused" else "playing", _web_scrobbler_item(song), progress_ms, "Web Scrobbler"
    )


def read_multi_scrobbler(body: bytes, now: float) -> Message:
    """Return the message of a payload of multi-scrobbler's Blackbox; None if it changes nothing."""
    value = read_object(body)
    kind, player = value.get("type"), as_object(value.get("play"))
    play = as_object(player.get("play")) or player
    if kind == "scrobble":
        listened_at = _from_iso(as_object(play.get("data")).get("playDate"), now)
        return Submission("single", listens=(PlayedItem(_multi_scrobbler_item(play), listened_at),))
    if kind != "nowPlaying":
        return None
    status = as_object(player.get("status"))
    calculated = status.get("calculated")
    # multi-scrobbler has lost its player, so the play ends by its own time.
    if status.get("stale") is True or status.get("orphaned") is True or calculated in ("stale", "orphaned"):
        return None
    state: PlayerState = calculated if calculated in ("paused", "stopped") else "playing"
    item = None if state == "stopped" and not play.get("data") else _multi_scrobbler_item(play)
    position = player.get("position", as_object(play.get("meta")).get("trackProgressPosition"))
    return PlayerUpdate(state, item, _from_seconds(position), "multi-scrobbler")


def _own_text(value: dict[str, Any], name: str) -> str | None:
    sent = value.get(name)
    if sent is not None and not isinstance(sent, str):
        raise InvalidSubmission(f"{name} must be text.")
    require_short(sent, name)
    text = as_text(sent)
    return text if text is not None and text.strip() else None


def _own_artists(value: dict[str, Any]) -> list[str]:
    names = value.get("artists")
    if names is None:
        artist = _own_text(value, "artist")
        return [] if artist is None else [artist]
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise InvalidSubmission("artists must be a list of names.")
    require_short(names, "artists")
    return names


def _own_milliseconds(value: dict[str, Any], name: str) -> int | None:
    number = value.get(name)
    # Templates of other programs write every value as text, and leave out those that they do not know.
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        number = float(number)
    if number is None or number == "":
        return None
    if not is_number(number) or not 0 <= number <= MAX_DURATION_MS:
        raise InvalidSubmission(f"{name} must be a number of milliseconds within a day.")
    return int(number)


def _own_url(value: dict[str, Any], name: str) -> str | None:
    url = value.get(name)
    if url is None or url == "":
        return None
    if (known := as_url(url)) is None:
        raise InvalidSubmission(f"{name} must be an http or https address.")
    return known


def _web_scrobbler_listen(song: dict[str, Any], now: float) -> PlayedItem:
    started_at = as_object(song.get("metadata")).get("startTimestamp")
    return PlayedItem(_web_scrobbler_item(song), read_listened_at(now if started_at is None else started_at, now))


def _has_just_begun(song: dict[str, Any], time_ms: Any) -> bool:
    """Return whether a song without a position is at its beginning."""
    # Web Scrobbler sends 0:00 as null, and no position again before a pause. Web radio has no duration.
    began_at = as_object(song.get("metadata")).get("startTimestamp")
    if (
        not is_number(time_ms)
        or not is_number(began_at)
        or not _from_seconds(as_object(song.get("parsed")).get("duration"))
    ):
        return False
    return abs(time_ms / 1000 - began_at) < JUST_BEGUN_SECONDS


def _web_scrobbler_item(song: dict[str, Any]) -> Item:
    parsed = as_object(song.get("parsed"))
    processed = as_object(song.get("processed"))
    # Values that Web Scrobbler could not process are empty.
    known = {**parsed, **{key: value for key, value in processed.items() if value not in (None, "")}}
    url = as_url(parsed.get("originUrl"))
    return _sent_item(
        known.get("track"),
        [known.get("artist")],
        known.get("album"),
        duration_ms=_from_seconds(processed.get("duration")) or _from_seconds(parsed.get("duration")) or None,
        url=None if url is None else foreign_url(url),
    )


def _multi_scrobbler_item(play: dict[str, Any]) -> Item:
    data = as_object(play.get("data"))
    brainz = as_object(as_object(data.get("meta")).get("brainz"))
    urls = as_object(as_object(play.get("meta")).get("url"))
    artists = data.get("artists")
    names = [artist.get("name") if isinstance(artist, dict) else artist for artist in _list(artists)]
    url = as_url(urls.get("origin")) or as_url(urls.get("web"))
    mbid = as_mbid(brainz.get("recording"))
    return _sent_item(
        data.get("track"),
        names,
        data.get("album"),
        duration_ms=_from_seconds(data.get("duration")) or None,
        mbid=mbid,
        url=recording_url(mbid) if mbid is not None else None if url is None else foreign_url(url),
        artwork=front_cover(as_mbid(brainz.get("album"))),
    )


def _sent_item(title: Any, artists: Iterable[Any], album: Any, **more: Any) -> Item:
    """Return an item of unchecked values. Raises :class:`InvalidSubmission`."""
    names = [name for name in artists if isinstance(name, str) and name.strip()]
    if not isinstance(title, str) or not title.strip() or not names:
        raise InvalidSubmission("The track and its artist must not be empty.")
    for value, field in ((title, "track"), (names, "artists"), (album, "album")):
        require_short(value, field)
    return _item(as_text(title) or title, names, as_text(album), **more)


def _item(
    title: str,
    names: list[str],
    album: str | None,
    *,
    duration_ms: int | None = None,
    mbid: str | None = None,
    url: str | None = None,
    artwork: tuple[Artwork, ...] = (),
) -> Item:
    if url is None and mbid is not None:
        url = recording_url(mbid)
    artists = [text for name in names if (text := as_text(name)) is not None]
    return Item(
        type="track",
        id=mbid,
        uri=None,
        url=url,
        title=title,
        artists=tuple(Entity(name) for name in artists),
        album=None if album is None or album.casefold() == "unknown" else Entity(album),
        artwork=artwork,
        duration_ms=duration_ms,
        hide_keys=name_keys(title, [*artists, ", ".join(artists)], album),
    )


def _from_seconds(value: Any) -> int | None:
    if not is_number(value) or not 0 <= value <= MAX_DURATION_MS / 1000:
        return None
    return round(value * 1000)


def _from_iso(value: Any, now: float) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidSubmission("playDate must be a date and a time (ISO 8601).") from None
    if moment.tzinfo is None:
        # Without an offset it would be read in the server's own time zone.
        moment = moment.replace(tzinfo=UTC)
    return read_listened_at(moment.timestamp(), now)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
