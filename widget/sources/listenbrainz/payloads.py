"""From ListenBrainz's answers to values. Pure; no shape that anybody sends makes it crash.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html
"""

from typing import Any

from widget.http_client import retry_after_seconds
from widget.model.errors import InvalidCredentials, RateLimited, SourceUnreachable, UnknownUser
from widget.model.playback import Playback, PlayedItem
from widget.sources.json_values import as_object, as_timestamp, iter_objects, parse_json
from widget.sources.listenbrainz.listens import read_item

RETRY_HINT = "python -m bootstrap --source listenbrainz again"
MAX_FUTURE_SECONDS = 86_400.0
"""A play that began later than this after now comes from a player whose clock is wrong."""


def read_playing_now(body: bytes, observed_at: float) -> Playback:
    """What plays, by the body of a 2xx answer that was true at ``observed_at`` (s since the epoch).

    Nothing playing is uncertain: the presence of a track ends a moment before that of the next begins.
    Raises :class:`SourceUnreachable` where the body is none of ListenBrainz's.
    """
    listens = iter_objects(_payload(body).get("listens"))
    item = next((item for listen in listens if (item := read_item(listen, played=False))), None)
    if item is None:
        return Playback("idle", observed_at, is_authoritative=False)
    return Playback("playing", observed_at, item)


def read_listens(body: bytes, now: float) -> tuple[PlayedItem, ...]:
    """What was played, newest first; raises as :func:`read_playing_now`."""
    played = []
    for listen in iter_objects(_payload(body).get("listens")):
        played_at, item = as_timestamp(listen.get("listened_at")), read_item(listen, played=True)
        if item is not None and played_at is not None and played_at <= now + MAX_FUTURE_SECONDS:
            played.append(PlayedItem(item, played_at))
    return tuple(sorted(played, key=lambda last: last.played_at, reverse=True))


def raise_for_status(status: int, reset_in: str | None, now: float) -> None:
    """Raises what a status other than 2xx means; ``reset_in`` is the header ``X-RateLimit-Reset-In`` (s)."""
    if 200 <= status < 300:
        return
    if status == 429:
        raise RateLimited("ListenBrainz asks us to wait.", retry_after=retry_after_seconds(reset_in, now))
    if status == 404:
        raise UnknownUser(f"ListenBrainz knows no user of that name: mend LISTENBRAINZ_USER, or run {RETRY_HINT}.")
    if status in (401, 403):
        raise InvalidCredentials(
            f"ListenBrainz refuses the token: mend or remove LISTENBRAINZ_TOKEN, or run {RETRY_HINT}."
        )
    raise SourceUnreachable(f"ListenBrainz answered {status}.")


def _payload(body: bytes) -> dict[str, Any]:
    try:
        payload = as_object(parse_json(body)).get("payload")
    except ValueError as error:
        raise SourceUnreachable("ListenBrainz's answer cannot be read.") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("listens"), list):
        raise SourceUnreachable("ListenBrainz's answer cannot be read.")
    return payload
