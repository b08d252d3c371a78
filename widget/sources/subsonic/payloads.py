"""OpenSubsonic JSON to model values. Pure; tolerant of any shape.

See https://opensubsonic.netlify.app/docs/responses/nowplayingentry/ and
https://opensubsonic.netlify.app/docs/responses/error/
"""

from dataclasses import dataclass
from typing import Any, Literal, cast

from widget.http_client import retry_after_seconds
from widget.model.errors import Forbidden, InvalidCredentials, RateLimited, SourceError, SourceUnreachable
from widget.model.hide_list import name_keys
from widget.model.playback import PRIVATE_ARTWORK_SCHEME, Artwork, Entity, Item
from widget.model.source_values import MAX_LABEL_LENGTH
from widget.sources.json_values import (
    as_mbid,
    as_milliseconds,
    as_object,
    as_text,
    is_number,
    iter_objects,
    parse_json,
)

GENERIC, PARAMETER_MISSING, SERVER_TOO_OLD, NO_TOKEN_AUTHENTICATION, NOT_PERMITTED, NOT_FOUND = 0, 10, 30, 41, 50, 70
CREDENTIALS_CODES = frozenset({40, 42, 43, 44})
UNKNOWN_ENDPOINT_CODES = frozenset({GENERIC, SERVER_TOO_OLD, NOT_FOUND})
MAX_NUMBER = 1e12
_PLACEHOLDERS = frozenset({"[unknown]", "[non-album tracks]", "[unknown artist]", "[unknown album]"})
"""The texts of servers for a tag that a file does not have."""

ReportedState = Literal["starting", "playing", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One player of the user.

    ``state`` and ``position_ms`` are None unless the server supports ``playbackReport``.

    ``minutes_ago`` counts from the beginning of the play, ``is_whole_minutes`` if the server rounds it down.
    """

    player: str
    song_id: str
    item: Item
    minutes_ago: float
    is_whole_minutes: bool
    state: ReportedState | None = None
    position_ms: int | None = None
    rate: float = 1.0


class SubsonicError(Exception):
    """An error of the API; ``code`` is its number."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self.code = code


def read_response(status: int, body: bytes, retry_after: str | None, now: float) -> dict[str, Any]:
    """Return the content of ``subsonic-response``, which comes with any HTTP status.

    Raises SubsonicError for the API's own errors, SourceError for others.
    """
    if status == 429:
        raise RateLimited(
            "The music server asks for fewer requests.", retry_after=retry_after_seconds(retry_after, now)
        )
    try:
        response = as_object(as_object(parse_json(body)).get("subsonic-response"))
    except ValueError:
        response = {}
    if response.get("status") == "failed":
        raise SubsonicError(_code(as_object(response.get("error")).get("code")))
    # Servers without an endpoint answer with their own 404 page.
    if status == 404:
        raise SubsonicError(NOT_FOUND)
    if not 200 <= status < 300:
        raise SourceUnreachable(f"The music server responded with status {status}.")
    if response.get("status") != "ok":
        raise SourceUnreachable("The music server's response cannot be read: check SUBSONIC_URL.")
    return response


def read_cover(status: int, body: bytes, content_type: str, now: float) -> bytes | None:
    """Return the image of ``getCoverArt``; None if there is none.

    Errors come in place of an image, in any format.
    """
    if not content_type.startswith(("text/", "application/json", "application/xml")):
        return body if status == 200 else None
    try:
        read_response(status, body, None, now)
    except SourceUnreachable:
        return None
    except SubsonicError as error:
        if error.code == NOT_FOUND:
            return None
        raise
    return None


def error_for_code(code: int) -> SourceError:
    """Return the error that the API's ``code`` means for the owner."""
    if code in CREDENTIALS_CODES:
        return InvalidCredentials(
            "The music server rejects the user name, password or API key: run python -m bootstrap --source subsonic "
            "again."
        )
    if code == NOT_PERMITTED:
        return Forbidden("The music server does not let this user see what plays.")
    return SourceUnreachable(f"The music server has a problem (error {code}).")


def read_extensions(response: dict[str, Any]) -> frozenset[str]:
    """Return the names of the extensions that the server supports."""
    names = (as_text(extension.get("name")) for extension in iter_objects(response.get("openSubsonicExtensions")))
    return frozenset(name for name in names if name is not None)


def read_entries(response: dict[str, Any], user: str) -> tuple[Entry, ...]:
    """Return the players of ``user``, in the server's order."""
    value = as_object(response.get("nowPlaying")).get("entry")
    entries = (_entry(one) for one in iter_objects([value] if isinstance(value, dict) else value) if _is_of(one, user))
    return tuple(entry for entry in entries if entry is not None)


def server_label(response: dict[str, Any]) -> str | None:
    """Return the server's name for people; None if it has none."""
    name = as_text(response.get("type"))
    if name is None or not name.isprintable() or len(name) > MAX_LABEL_LENGTH:
        return None
    return name[0].upper() + name[1:]


def _is_of(entry: dict[str, Any], user: str) -> bool:
    name = as_text(entry.get("username"))
    return name is not None and name.casefold() == user.casefold()


def _entry(value: dict[str, Any]) -> Entry | None:
    item = _item(value)
    if item is None:
        return None
    minutes, state, rate = value.get("minutesAgo"), value.get("state"), _number(value.get("playbackRate")) or 1.0
    return Entry(
        player=f"{value.get('playerId')}/{value.get('playerName')}",
        song_id=_text(value.get("id")) or item.title,
        item=item,
        minutes_ago=max(0.0, _number(minutes) or 0.0),
        is_whole_minutes=not isinstance(minutes, float),
        state=cast("ReportedState", state) if state in ("starting", "playing", "paused", "stopped") else None,
        position_ms=as_milliseconds(value.get("positionMs")),
        rate=rate if 0 < rate < 100 else 1.0,
    )


def _item(value: dict[str, Any]) -> Item | None:
    title = _text(value.get("title"))
    if title is None:
        return None
    artists = tuple(name for one in iter_objects(value.get("artists")) if (name := _name(one.get("name"))) is not None)
    if not artists and (artist := _name(value.get("artist"))) is not None:
        artists = (artist,)
    album, cover, seconds = _name(value.get("album")), _text(value.get("coverArt")), _number(value.get("duration"))
    duration_ms = as_milliseconds(seconds * 1000) if seconds is not None and seconds > 0 else None
    return Item(
        type="track",
        # The server's own ID would be of no use to a visitor.
        id=as_mbid(value.get("musicBrainzId")),
        uri=None,
        url=None,
        title=title,
        artists=tuple(Entity(name) for name in artists),
        album=None if album is None else Entity(album),
        artwork=() if cover is None else (Artwork(PRIVATE_ARTWORK_SCHEME + cover),),
        duration_ms=duration_ms,
        hide_keys=name_keys(title, artists, album),
    )


def _number(value: Any) -> float | None:
    """Return a number of a size that can be reckoned with."""
    return float(value) if isinstance(value, int | float) and is_number(value) and abs(value) < MAX_NUMBER else None


def _text(value: Any) -> str | None:
    """Return text, or a number as text: some servers count their identifiers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 2**63 else None
    return as_text(value)


def _name(value: Any) -> str | None:
    name = _text(value)
    return None if name is None or name.casefold() in _PLACEHOLDERS else name


def _code(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else GENERIC
