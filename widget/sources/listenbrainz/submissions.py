"""What players submit in ListenBrainz's JSON. Pure; no shape that anybody sends makes it crash.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html#post--1-submit-listens
"""

from dataclasses import dataclass
from typing import Any, Literal

from widget.model.playback import Item, PlayedItem
from widget.sources.json_values import MAX_TIMESTAMP, as_object, parse_json
from widget.sources.listenbrainz.payloads import read_item

MAX_FUTURE_SECONDS = 600.0
"""A player's clock may be ahead by this; such a play counts as begun now."""

Kind = Literal["playing_now", "single", "import"]


class InvalidSubmission(ValueError):  # noqa: N818
    """Not a submission; ``str()`` says why, for the player's own log."""


@dataclass(frozen=True, slots=True)
class Submission:
    """``item`` is what plays now; ``played`` what was played."""

    kind: Kind
    now_playing: Item | None = None
    listens: tuple[PlayedItem, ...] = ()


def read_submission(body: bytes, now: float) -> Submission:
    """The submission in ``body``, received at ``now`` (s since the epoch). Raises :class:`Unreadable`."""
    value = read_object(body)
    kind, payload = value.get("listen_type"), value.get("payload")
    if not isinstance(payload, list) or not payload:
        raise InvalidSubmission("payload must be a list with a listen in it.")
    if kind == "import":
        return Submission("import")
    if kind == "playing_now":
        if len(payload) != 1:
            raise InvalidSubmission("playing_now takes exactly one listen.")
        if "listened_at" in as_object(payload[0]):
            raise InvalidSubmission("playing_now takes no listened_at.")
        return Submission("playing_now", now_playing=_item(payload[0], played=False))
    if kind == "single":
        return Submission("single", listens=tuple(_played(listen, now) for listen in payload))
    raise InvalidSubmission("listen_type must be single, playing_now or import.")


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. Raises :class:`Unreadable`."""
    try:
        value = parse_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidSubmission("The body must be a JSON object.")
    return value


def _played(listen: Any, now: float) -> PlayedItem:
    listened_at = as_object(listen).get("listened_at")
    if isinstance(listened_at, bool) or not isinstance(listened_at, int) or not 0 < listened_at <= MAX_TIMESTAMP:
        raise InvalidSubmission("single needs listened_at, in whole seconds since the epoch.")
    if listened_at > now + MAX_FUTURE_SECONDS:
        raise InvalidSubmission("listened_at lies in the future.")
    return PlayedItem(_item(listen, played=True), min(float(listened_at), now))


def _item(listen: Any, *, played: bool) -> Item:
    item = read_item(listen, played=played)
    names = [] if item is None else [item.title, *(artist.name for artist in item.artists)]
    if item is None or not item.artists or not all(name.strip() for name in names):
        raise InvalidSubmission("artist_name and track_name must not be empty.")
    return item
