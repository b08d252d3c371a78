"""Spotify's JSON as values of the model. Pure; no JSON makes it crash.

See https://developer.spotify.com/documentation/web-api/reference/get-the-users-currently-playing-track
"""

from datetime import datetime
from typing import Any

from widget.model.errors import SpotifyUnreachable
from widget.model.hide_list import parse_uri_entry
from widget.model.playback import Artwork, Entity, Item, Playback, PlayedItem
from widget.model.serialization import MAX_TIMESTAMP
from widget.model.tokens import Account
from widget.sources.json_values import (
    MAX_DURATION_MS,
    as_milliseconds,
    as_text,
    as_url,
    is_number,
    iter_objects,
    parse_json,
)


def read_currently_playing(body: bytes, observed_at: float) -> Playback:
    """Return the playback in the body of a 2xx response of ``observed_at`` (s since the epoch).

    An empty body and an unknown or missing item are ``idle`` and uncertain: Spotify also sends them while music plays.
    Raises :class:`SpotifyUnreachable` if the body is not a JSON object.
    """
    if not body.strip():
        return _uncertain(observed_at)
    response = _object(body)
    if response.get("currently_playing_type") == "ad":
        return Playback("ad", observed_at) if response.get("is_playing") is True else _uncertain(observed_at)
    item = _item(response.get("item"), _context_uris(response.get("context")))
    if item is None:
        return _uncertain(observed_at)
    return _item_playback(item, response.get("is_playing") is True, response.get("progress_ms"), observed_at)


def read_recently_played(body: bytes) -> tuple[PlayedItem, ...]:
    """Return the plays, newest first.

    Raises :class:`SpotifyUnreachable` if the body is not a JSON object.

    See https://developer.spotify.com/documentation/web-api/reference/get-recently-played
    """
    if not body.strip():
        return ()
    plays = []
    for entry in iter_objects(_object(body).get("items")):
        item = _item(entry.get("track"), _context_uris(entry.get("context")))
        played_at = _timestamp(entry.get("played_at"))
        if item is not None and played_at is not None:
            plays.append(PlayedItem(item, played_at))
    return tuple(sorted(plays, key=lambda play: play.played_at, reverse=True))


def read_account(body: bytes) -> Account:
    """Return the account of the token. Raises :class:`SpotifyUnreachable` if the body has none.

    See https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
    """
    response = _object(body)
    account_id = _storable(response.get("id")) or _storable(response.get("account_id"))
    if account_id is None:
        raise SpotifyUnreachable("Spotify's response names no account.")
    return Account(account_id, _storable(response.get("display_name")))


def _uncertain(observed_at: float) -> Playback:
    return Playback("idle", observed_at, is_authoritative=False)


def _item_playback(item: Item, is_playing: bool, progress: Any, observed_at: float) -> Playback:
    """Return the playback of ``item``. A progress past the end stays: it shows when that was."""
    progress_ms = as_milliseconds(progress)
    if progress_ms is None and item.duration_ms is not None and is_number(progress) and progress > MAX_DURATION_MS:
        # When a client vanishes, Spotify's progress runs on for hours.
        progress_ms = MAX_DURATION_MS
    return Playback("playing" if is_playing else "paused", observed_at, item, progress_ms)


def _item(value: Any, context_uris: frozenset[str]) -> Item | None:
    if not isinstance(value, dict) or value.get("type") not in ("track", "episode"):
        return None
    is_track, is_local = value["type"] == "track", value.get("is_local") is True
    album, show = value.get("album"), value.get("show")
    artists = tuple(iter_objects(value.get("artists"))) if is_track else ()
    return Item(
        type="track" if is_track else "episode",
        id=None if is_local else as_text(value.get("id")),
        uri=as_text(value.get("uri")),
        url=None if is_local else _page(value),
        title=as_text(value.get("name")) or "",
        artists=tuple(named for artist in artists if (named := _named(artist))),
        album=_named(album) if is_track else None,
        # Every episode has a show in our JSON, so that pages need no check.
        show=None if is_track else _named(show) or Entity(""),
        artwork=() if is_local else _artwork(value, album if is_track else show),
        explicit=value.get("explicit") is True,
        is_local=is_local,
        # A duration of zero would end the item at once.
        duration_ms=as_milliseconds(value.get("duration_ms")) or None,
        hide_keys=context_uris | _related_uris(value, album, show, *artists),
    )


def _related_uris(*values: Any) -> frozenset[str]:
    known = [value for value in values if isinstance(value, dict)]
    # Spotify may play another edition than the one that the owner hides.
    linked = [value["linked_from"] for value in known if isinstance(value.get("linked_from"), dict)]
    uris = (as_text(value.get("uri")) for value in (*known, *linked))
    return frozenset(canonical for uri in uris if uri and (canonical := parse_uri_entry(uri)))


def _context_uris(context: Any) -> frozenset[str]:
    return _related_uris(context)


def _named(value: Any) -> Entity | None:
    name = as_text(value.get("name")) if isinstance(value, dict) else None
    return None if name is None else Entity(name, _page(value))


def _page(value: dict[str, Any]) -> str | None:
    urls = value.get("external_urls")
    return as_url(urls.get("spotify")) if isinstance(urls, dict) else None


def _artwork(value: dict[str, Any], owner: Any) -> tuple[Artwork, ...]:
    # An episode may have its own pictures; a track has those of its album only.
    owners = (value, owner) if value.get("type") == "episode" else (owner,)
    images = [image for owner in owners if isinstance(owner, dict) if (image := owner.get("images"))]
    artwork = [
        Artwork(url, _pixels(image.get("width")), _pixels(image.get("height")))
        for image in iter_objects(images[0] if images else None)
        if (url := as_url(image.get("url")))
    ]
    # Widest first is the usual order, but not a promised one.
    return tuple(sorted(artwork, key=lambda size: size.width or 0, reverse=True))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = parse_json(body)
    except ValueError as error:
        raise SpotifyUnreachable("Spotify's response cannot be read.") from error
    if not isinstance(value, dict):
        raise SpotifyUnreachable("Spotify's response cannot be read.")
    return value


def _storable(value: Any) -> str | None:
    """Return text without lone surrogates and NUL, which no database takes."""
    text = as_text(value)
    return None if text is None else text.encode("utf-8", "replace").decode().replace("\x00", "") or None


def _pixels(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000 else None


def _timestamp(value: Any) -> float | None:
    """Return seconds since the epoch; None for anything but a date of the years 1970 to 3000."""
    if not isinstance(value, str):
        return None
    try:
        date = datetime.fromisoformat(value)
        # Without an offset it would be read in the server's own time zone.
        timestamp = date.timestamp() if date.tzinfo else -1.0
    except (ValueError, OverflowError):
        return None
    return timestamp if 0 <= timestamp <= MAX_TIMESTAMP else None
