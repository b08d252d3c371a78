"""Listens submitted in ListenBrainz's JSON. Pure; no input makes it crash.

See https://listenbrainz.readthedocs.io/en/latest/users/api/core.html#post--1-submit-listens
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from widget.model.playback import Item, PlayedItem
from widget.model.serialization import MAX_TIMESTAMP
from widget.sources.json_values import MAX_TEXT_LENGTH, as_object, as_text
from widget.sources.listenbrainz.payloads import read_item

# ListenBrainz itself accepts as much.
MAX_FUTURE_SECONDS = 3600.0
"""A player's clock may be ahead by this; such a play counts as begun now."""

MAX_SINGLE_LISTENS = 50
MAX_IMPORT_LISTENS = 1000
MAX_LISTEN_BYTES = 10 * 1024
MAX_ARTIST_NAMES = 20
MAX_KEPT_LISTENS = 100
"""The newest listens of an import are kept; the others are only checked."""

ListenType = Literal["playing_now", "single", "import"]
Steps = Generator[None, None, "Submission"]

_METADATA = ("track_name", "artist_name", "release_name")
_INFO = (
    "artist_names",
    "duration",
    "duration_ms",
    "origin_url",
    "recording_mbid",
    "release_group_mbid",
    "release_mbid",
    "submission_client",
)
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


class InvalidSubmission(ValueError):  # noqa: N818
    """Not a submission; ``str()`` is the reason, for the player's own log."""


@dataclass(frozen=True, slots=True)
class Submission:
    """``now_playing`` is the item that ``client`` announced; ``listens`` are earlier plays."""

    listen_type: ListenType
    now_playing: Item | None = None
    listens: tuple[PlayedItem, ...] = ()
    client: str | None = None


def read_submission(body: bytes, now: float) -> Submission:
    """Return the submission in ``body``, received at ``now`` (s since the epoch).

    Raises :class:`InvalidSubmission`.
    """
    steps = submission_steps(body, now)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            submission: Submission = done.value
            return submission


def submission_steps(body: bytes, now: float) -> Steps:
    """Read ``body`` as :func:`read_submission` does, pausing after each listen for other work.

    A body may have 10 MiB, and the JSON decoder holds the interpreter while it works: so it decodes one listen at a
    time, of at most 10 KiB.
    """
    reader = _Reader(body)
    listen_type: Any = None
    listens: list[Any] | None = None
    for name in reader.members():
        if name != "payload":
            value = reader.value()
            # It may come after the payload, so the counts are checked once more at the end.
            listen_type = value if name == "listen_type" else listen_type
            continue
        listens = []
        for _ in reader.elements():
            # Only the used fields are kept: a thousand listens of 10 KiB are not.
            listens.append(_checked(reader.value()))
            _check_count(listen_type, len(listens))
            yield
    if not listens:
        raise InvalidSubmission("payload must be a list with at least one listen.")
    _check_count(listen_type, len(listens))
    if listen_type == "playing_now":
        return _read_playing_now(listens)
    if listen_type not in ("single", "import"):
        raise InvalidSubmission("listen_type must be single, playing_now or import.")
    timed = [(read_listened_at(listen.get("listened_at"), now), listen) for listen in listens]
    # Clients send imports in any order.
    timed.sort(key=lambda pair: pair[0], reverse=True)
    played = []
    for played_at, listen in timed[:MAX_KEPT_LISTENS]:
        played.append(PlayedItem(_item(listen, played=True), played_at))
        yield
    return Submission(listen_type, listens=tuple(played))


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in ``body``, of some KiB. Raises :class:`InvalidSubmission`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidSubmission("The body must be a JSON object.")
    return value


def read_listened_at(value: Any, now: float) -> float:
    """Return when a play began (s since the epoch), as leniently as ListenBrainz's ``int()``."""
    try:
        # A bool is an int in Python, not in JSON. Supysonic sends fractions, some clients text.
        listened_at = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        listened_at = None
    if listened_at is None or not 0 < listened_at <= MAX_TIMESTAMP:
        raise InvalidSubmission("listened_at must be the seconds since the epoch.")
    if listened_at > now + MAX_FUTURE_SECONDS:
        raise InvalidSubmission("listened_at lies in the future.")
    return min(float(listened_at), now)


def require_short(value: Any, name: str) -> None:
    """Raise :class:`InvalidSubmission` if ``value`` is a text or list that is too long."""
    if isinstance(value, str) and len(value) > MAX_TEXT_LENGTH:
        raise InvalidSubmission(f"{name} must have at most {MAX_TEXT_LENGTH} characters.")
    if isinstance(value, list):
        if len(value) > MAX_ARTIST_NAMES:
            raise InvalidSubmission(f"{name} must have at most {MAX_ARTIST_NAMES} entries.")
        for entry in value:
            require_short(entry, name)


def _check_count(listen_type: Any, count: int) -> None:
    if listen_type == "playing_now" and count > 1:
        raise InvalidSubmission("playing_now takes exactly one listen.")
    if listen_type == "single" and count > MAX_SINGLE_LISTENS:
        raise InvalidSubmission(f"single takes at most {MAX_SINGLE_LISTENS} listens.")
    if count > MAX_IMPORT_LISTENS:
        raise InvalidSubmission(f"import takes at most {MAX_IMPORT_LISTENS} listens.")


def _read_playing_now(listens: list[Any]) -> Submission:
    info = as_object(as_object(listens[0].get("track_metadata")).get("additional_info"))
    return Submission(
        "playing_now", now_playing=_item(listens[0], played=False), client=as_text(info.get("submission_client"))
    )


def _checked(listen: Any) -> dict[str, Any]:
    """Return the fields of ``listen`` that are used. Raises :class:`InvalidSubmission`."""
    metadata = as_object(as_object(listen).get("track_metadata"))
    info = as_object(metadata.get("additional_info"))
    if any(not isinstance(name := metadata.get(key), str) or not name.strip() for key in ("track_name", "artist_name")):
        raise InvalidSubmission("artist_name and track_name must not be empty.")
    for fields, keys in ((metadata, _METADATA), (info, _INFO)):
        for key in keys:
            require_short(fields.get(key), key)
    kept: dict[str, Any] = {key: value for key in _INFO if isinstance(value := info.get(key), str | int | float)}
    artists = info.get("artist_names")
    kept["artist_names"] = [name for name in (artists if isinstance(artists, list) else ()) if isinstance(name, str)]
    return {
        "listened_at": as_object(listen).get("listened_at"),
        "track_metadata": {**{key: metadata.get(key) for key in _METADATA}, "additional_info": kept},
    }


def _item(listen: Any, *, played: bool) -> Item:
    item = read_item(listen, played=played)
    names = [] if item is None else [item.title, *(artist.name for artist in item.artists)]
    if item is None or not item.artists or not all(name.strip() for name in names):
        raise InvalidSubmission("artist_name and track_name must not be empty.")
    return item


class _Reader:
    """Reads one JSON object from ``body`` in pieces that are small enough to be decoded at once."""

    def __init__(self, body: bytes) -> None:
        try:
            # A byte order mark may come first; JSON has none (RFC 8259, section 8.1).
            self._text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _no_object() from error
        self._at = 0

    def members(self) -> Generator[str, None, None]:
        """Yield the name of each member of the object; the caller reads its value before the next."""
        for _ in self._entries("{", "}"):
            name = self.value()
            self._expect(":")
            if not isinstance(name, str):
                raise _no_object()
            yield name
        if self._next():
            raise _no_object()

    def elements(self) -> Generator[None, None, None]:
        """Yield before each element of a list, which the caller reads.

        Anything but a list is skipped.
        """
        if self._next() == "[":
            yield from self._entries("[", "]")
        else:
            self.value()

    def value(self) -> Any:
        """Return the value that comes next, of at most 10 KiB."""
        self._next()
        # A window that cuts a value off cannot be decoded, so no value is longer than the window.
        window = self._text[self._at : self._at + MAX_LISTEN_BYTES + 1]
        try:
            value, end = _DECODER.raw_decode(window)
        except (ValueError, RecursionError):
            if len(window) <= MAX_LISTEN_BYTES:
                raise _no_object() from None
            end = len(window)
        # The window counts characters, the limit bytes.
        if end > MAX_LISTEN_BYTES or len(window[:end].encode("utf-8", "surrogatepass")) > MAX_LISTEN_BYTES:
            raise InvalidSubmission(f"A listen must have at most {MAX_LISTEN_BYTES // 1024} KiB.")
        self._at += end
        return value

    def _entries(self, opening: str, closing: str) -> Generator[None, None, None]:
        self._expect(opening)
        if self._next() == closing:
            self._at += 1
            return
        while True:
            yield
            if self._next() == closing:
                self._at += 1
                return
            self._expect(",")

    def _next(self) -> str:
        """Return the next character that is not a space, "" at the end."""
        if (space := _SPACE.match(self._text, self._at)) is not None:
            self._at = space.end()
        return self._text[self._at : self._at + 1]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise _no_object()
        self._at += 1


def _no_object() -> InvalidSubmission:
    return InvalidSubmission("The body must be a JSON object.")
