"""ListenBrainz's JSON as values of the model. Pure; no JSON makes it crash.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from typing import Any
from urllib.parse import urlsplit

from widget.http_client import retry_after_seconds
from widget.model.error_info import error_message
from widget.model.errors import InvalidCredentials, RateLimited, SourceUnreachable, UnknownUser, UnsupportedServer
from widget.model.hide_list import name_keys
from widget.model.playback import Entity, Item, Playback, PlayedItem
from widget.model.sources import LISTENBRAINZ, front_cover
from widget.sources.base import plausible_plays
from widget.sources.json_values import (
    as_mbid,
    as_object,
    as_text,
    as_timestamp,
    as_url,
    is_number,
    iter_objects,
    parse_json,
)

MAX_DURATION_MS = 86_400_000
MIN_DURATION_MS, MIN_DURATION_IN_SECONDS = 5_000, 5
"""A ``duration_ms`` below this is in seconds, unless that would be shorter than a track."""

MAX_DURATION_SECONDS = 21_600
"""A ``duration`` above this is in milliseconds."""

_OTHER_HOSTS = ("spotify.com", "spotify.link", "spotify.app.link", "spoti.fi", "scdn.co", "spotifycdn.com")


def read_item(listen: Any, *, played: bool) -> Item | None:
    """Return the track of a listen that was ``played`` or plays now; None if it has no title.

    ``additional_info`` comes from a player, unchecked.
    """
    metadata = as_object(as_object(listen).get("track_metadata"))
    title, credit = as_text(metadata.get("track_name")), as_text(metadata.get("artist_name"))
    if title is None:
        return None
    info, mapping = as_object(metadata.get("additional_info")), as_object(metadata.get("mbid_mapping"))
    album = as_text(metadata.get("release_name"))
    album = None if album is not None and album.casefold() == "unknown" else album  # Rhythmbox, without an album.
    recording = as_mbid(info.get("recording_mbid")) or as_mbid(mapping.get("recording_mbid"))
    release = as_mbid(info.get("release_mbid"))
    # The mapped release is known to have a cover; the current track is not mapped yet.
    release = (as_mbid(mapping.get("caa_release_mbid")) or release) if played else release
    release_group = as_mbid(mapping.get("release_group_mbid")) or as_mbid(info.get("release_group_mbid"))
    names = _mapped_artists(mapping) or (() if credit is None else (credit,))
    return Item(
        type="track",
        id=recording,
        uri=None,
        url=_page(recording, info),
        title=title,
        artists=tuple(Entity(name) for name in names),
        album=None if album is None else Entity(album),
        artwork=front_cover(release, release_group),
        duration_ms=_duration(info),
        hide_keys=name_keys(title, _all_names(credit, names, info), album),
    )


def _mapped_artists(mapping: dict[str, Any]) -> tuple[str, ...]:
    """Return the artists one by one, if each has a name."""
    names = [as_text(artist.get("artist_credit_name")) for artist in iter_objects(mapping.get("artists"))]
    known = tuple(name for name in names if name is not None)
    # One nameless artist would make the list look complete.
    return known if len(known) == len(names) else ()


def _all_names(credit: str | None, names: tuple[str, ...], info: dict[str, Any]) -> list[str]:
    """Return the artists' names as one credit and one by one.

    So the current track and its listen, which may be credited in different ways, have a key in common.
    """
    sent = info.get("artist_names")
    submitted = [name for name in (sent if isinstance(sent, list) else []) if isinstance(name, str)]
    return [*names, *submitted] if credit is None else [credit, *names, *submitted]


def recording_url(recording: str) -> str:
    """Return the page of a recording by its MBID."""
    return f"https://listenbrainz.org/track/{recording}/"


def foreign_url(url: str) -> str | None:
    """Return ``url``, as :func:`as_url` made it, or None if it leads to Spotify.

    Spotify's policy forbids such a link next to content that is not from Spotify.
    """
    # A trailing dot names the same host.
    host = (urlsplit(url).hostname or "").rstrip(".")
    return None if any(host == other or host.endswith(f".{other}") for other in _OTHER_HOSTS) else url


def _page(recording: str | None, info: dict[str, Any]) -> str | None:
    if recording is not None:
        return recording_url(recording)
    origin = as_url(info.get("origin_url"))
    return None if origin is None else foreign_url(origin)


def _duration(info: dict[str, Any]) -> int | None:
    """Return the duration in ms; some clients send seconds as ``duration_ms``, or the reverse."""
    sent = info.get("duration_ms")
    if is_number(sent) and sent >= MIN_DURATION_IN_SECONDS:
        milliseconds = sent if sent >= MIN_DURATION_MS else sent * 1000
        # An absurd value falls through to the other field.
        if milliseconds <= MAX_DURATION_MS:
            return int(milliseconds)
    sent = info.get("duration")
    if not is_number(sent) or not sent > 0:
        return None
    milliseconds = sent if sent > MAX_DURATION_SECONDS else sent * 1000
    return int(milliseconds) or None if milliseconds <= MAX_DURATION_MS else None


UNSUPPORTED_SERVER = (
    "LISTENBRAINZ_URL: this server does not tell what plays. Use ListenBrainz, or a server that supports playing-now."
)


def read_playing_now(body: bytes, observed_at: float) -> Playback:
    """Return the playback in the body of a 2xx response of ``observed_at`` (s since the epoch).

    Nothing playing is uncertain: a track is removed a moment before the next one is there.
    Raises :class:`SourceUnreachable` for other bodies than ListenBrainz's.
    """
    listens = iter_objects(_payload(body).get("listens"))
    item = next((item for listen in listens if (item := read_item(listen, played=False))), None)
    if item is None:
        return Playback("idle", observed_at, is_authoritative=False)
    return Playback("playing", observed_at, item)


def read_listens(body: bytes, now: float) -> tuple[PlayedItem, ...]:
    """Return the plays, newest first; raises as :func:`read_playing_now`."""
    listens = iter_objects(_payload(body).get("listens"))
    return plausible_plays(
        ((read_item(one, played=True), as_timestamp(one.get("listened_at"))) for one in listens), now
    )


def raise_for_status(status: int, body: bytes, reset_in: str | None, now: float, *, has_token: bool) -> None:
    """Raise the error of a status other than 2xx.

    404, 401 and 403 count only with ListenBrainz's own JSON, and the latter two only if a token was sent: a proxy in
    front of the server responds with them too. ``reset_in`` is the header ``X-RateLimit-Reset-In`` (s).
    """
    if 200 <= status < 300:
        return
    if status == 429:
        raise RateLimited(error_message("rate_limited", LISTENBRAINZ), retry_after=retry_after_seconds(reset_in, now))
    is_own = _is_own_error(status, body)
    if status == 404 and is_own:
        raise UnknownUser(error_message("unknown_user", LISTENBRAINZ))
    if status in (401, 403) and is_own and has_token:
        raise InvalidCredentials(error_message("bad_credentials", LISTENBRAINZ))
    if 300 <= status < 400 or status == 404:
        raise SourceUnreachable(
            f"LISTENBRAINZ_URL: the server responded with status {status}, but not as ListenBrainz does. "
            "If this lasts, check the address."
        )
    raise SourceUnreachable(f"ListenBrainz responded with status {status}.")


def _is_own_error(status: int, body: bytes) -> bool:
    try:
        code = as_object(parse_json(body)).get("code")
    except ValueError:
        return False
    return is_number(code) and code == status


def _payload(body: bytes) -> dict[str, Any]:
    try:
        value = parse_json(body)
    except ValueError as error:
        raise SourceUnreachable("ListenBrainz's response cannot be read.") from error
    if isinstance(value, dict) and "payload" not in value:
        raise UnsupportedServer(UNSUPPORTED_SERVER)
    payload = as_object(value).get("payload")
    if not isinstance(payload, dict) or not isinstance(payload.get("listens"), list):
        raise SourceUnreachable("ListenBrainz's response cannot be read.")
    return payload
