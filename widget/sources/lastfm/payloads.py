"""Last.fm's JSON as values of the model. Pure; no JSON makes it crash.

See https://www.last.fm/api/show/user.getRecentTracks and https://www.last.fm/api/errorcodes
"""

from typing import Any

from widget.http_client import retry_after_seconds
from widget.model.error_info import error_message
from widget.model.errors import (
    Forbidden,
    InvalidCredentials,
    ProfilePrivate,
    RateLimited,
    SourceError,
    SourceUnreachable,
    UnknownUser,
)
from widget.model.hide_list import name_keys
from widget.model.playback import Entity, Item, Playback
from widget.model.sources import LASTFM, front_cover
from widget.sources.base import FetchResult, plausible_plays
from widget.sources.json_values import as_mbid, as_object, as_text, as_timestamp, as_url, iter_objects, parse_json

USER_NOT_FOUND, RATE_LIMIT, SUSPENDED, LOGIN_REQUIRED = 6, 29, 26, 17
CREDENTIALS = frozenset({4, 9, 10, 13})


def read_recent_tracks(status: int, body: bytes, retry_after: str | None, user: str, observed_at: float) -> FetchResult:
    """Return the playback and the plays in a response of ``observed_at`` (s since the epoch).

    Errors come with any status, even 200, so the body is read first. Rarely Last.fm returns the rows of another user
    than ``user``, which is an outage. Nothing playing is uncertain, as it is also reported around a scrobble.
    Raises :class:`SourceError`.
    """
    response = _object(status, body)
    if "error" in response:
        raise error_for_code(_number(response["error"]), str(response.get("message", "")), retry_after, observed_at)
    if status == 429:
        raise error_for_code(RATE_LIMIT, "", retry_after, observed_at)
    if not 200 <= status < 300:
        raise SourceUnreachable(f"Last.fm responded with status {status}.")
    recent = response.get("recenttracks")
    if not isinstance(recent, dict):
        raise SourceUnreachable("Last.fm's response cannot be read.")
    _check_user(recent, user)
    rows = _rows(recent.get("track"))
    plays = plausible_plays(((_item(row), _played_at(row)) for row in rows), observed_at)
    return FetchResult(_playing(rows, observed_at), plays)


def error_for_code(number: int, message: str, retry_after: str | None, now: float) -> SourceError:
    """Return the error for Last.fm's error ``number``."""
    # Last.fm uses 6 for any invalid parameter.
    if number == USER_NOT_FOUND and "user not found" in message.lower():
        return UnknownUser(error_message("unknown_user", LASTFM))
    if number in CREDENTIALS:
        return InvalidCredentials(error_message("bad_credentials", LASTFM))
    if number == LOGIN_REQUIRED:
        return ProfilePrivate(
            'The user hides their listening at Last.fm. Switch off "Hide recent listening information" there '
            "(Settings, Privacy)."
        )
    if number == SUSPENDED:
        return Forbidden(error_message("forbidden", LASTFM))
    if number == RATE_LIMIT:
        return RateLimited(error_message("rate_limited", LASTFM), retry_after=retry_after_seconds(retry_after, now))
    return SourceUnreachable(f"Last.fm has a problem (error {number}).")


def _object(status: int, body: bytes) -> dict[str, Any]:
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    # A proxy's page in between is judged by its status.
    if status == 429 or not 200 <= status < 300:
        return {}
    raise SourceUnreachable("Last.fm's response cannot be read.")


def _number(value: Any) -> int:
    """Return an error's number, which may come as text; 0 if it is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _check_user(recent: dict[str, Any], user: str) -> None:
    name = as_text(as_object(recent.get("@attr")).get("user"))
    if name is None or name.casefold() != user.casefold():
        raise SourceUnreachable("Last.fm responded with the plays of another user.")


def _rows(value: Any) -> list[dict[str, Any]]:
    """Return all rows.

    Last.fm sends a list, but a bare object for one row, and nothing or an empty list for none.
    """
    if isinstance(value, dict):
        return [value]
    if value and not isinstance(value, list):
        raise SourceUnreachable("Last.fm's response cannot be read.")
    return list(iter_objects(value))


def _playing(rows: list[dict[str, Any]], observed_at: float) -> Playback:
    item = _item(rows[0]) if rows and _is_now_playing(rows[0]) else None
    if item is None:
        return Playback("idle", observed_at, is_authoritative=False)
    return Playback("playing", observed_at, item)


def _is_now_playing(row: dict[str, Any]) -> bool:
    # A row with a date is a scrobble, whatever its attributes claim.
    return as_object(row.get("@attr")).get("nowplaying") in ("true", True) and "date" not in row


def _played_at(row: dict[str, Any]) -> float | None:
    return as_timestamp(as_object(row.get("date")).get("uts"))


def _item(row: dict[str, Any]) -> Item | None:
    """Return the track of a row; None if it has no title."""
    title = as_text(row.get("name"))
    if title is None:
        return None
    artist, album = _name(row.get("artist")), _name(row.get("album"))
    return Item(
        type="track",
        # MBIDs from Last.fm are stale at times, so none makes a link.
        id=None,
        uri=None,
        url=as_url(row.get("url")),
        title=title,
        artists=() if artist is None else (Entity(artist),),
        album=None if album is None else Entity(album),
        artwork=front_cover(as_mbid(as_object(row.get("album")).get("mbid"))),
        hide_keys=name_keys(title, () if artist is None else (artist,), album),
    )


def _name(value: Any) -> str | None:
    """Return the name of an artist or album: the text of an object, or sometimes bare text."""
    return as_text(value.get("#text")) if isinstance(value, dict) else as_text(value)
