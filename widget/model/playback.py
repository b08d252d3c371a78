"""Playback as frozen values, independent of any service's field names and of any view."""

from dataclasses import dataclass, field
from typing import Literal

PRIVATE_ARTWORK_SCHEME = "source:"
"""Begins the address of artwork that the source's adapter loads itself; it is never published."""

END_GRACE_SECONDS = 3.0
"""An item is shown this long after its end, until the next one is known."""

PlaybackStatus = Literal["playing", "paused", "ad", "idle"]
ItemType = Literal["track", "episode"]


@dataclass(frozen=True, slots=True)
class Entity:
    """An artist, an album or a show. ``url`` is its page at the source, None if there is none."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Artwork:
    """One size of the artwork; ``width`` and ``height`` in pixels, None if unknown."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A track or an episode. Texts are the source's, untouched; ``artwork`` is widest first.

    ``hide_keys`` are the Spotify URIs (item, album, artists, show, playlist it plays from), or the folded names, that
    ``HIDE`` is matched against. They may name the listener's playlists: they are never shown and never compared.
    """

    type: ItemType
    id: str | None
    uri: str | None
    url: str | None
    title: str
    artists: tuple[Entity, ...] = ()
    album: Entity | None = None
    show: Entity | None = None
    artwork: tuple[Artwork, ...] = ()
    explicit: bool = False
    is_local: bool = False
    duration_ms: int | None = None
    hide_keys: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Playback:
    """One report of the source. ``progress_ms`` was true at ``observed_at`` (s since the epoch).

    ``item`` is set exactly for ``playing`` and ``paused``. ``is_authoritative`` is False for responses that a source
    also sends now and then while music plays (empty, or an unknown item): one of those proves nothing. ``expires_at``
    (s since the epoch) is the end if the source reports no progress. ``newest_played_at`` (s since the epoch) is the
    start of the newest play that has ended, if the response has it. ``source_label`` is the source's own name, if it
    sends one. ``is_restart``: the previous item plays from its beginning again, which is another play.
    """

    status: PlaybackStatus
    observed_at: float
    item: Item | None = None
    progress_ms: int | None = None
    is_authoritative: bool = True
    expires_at: float | None = None
    newest_played_at: float | None = None
    source_label: str | None = None
    is_restart: bool = False

    def progress_at(self, now: float) -> int | None:
        """Return the progress in ms at ``now`` (s since the epoch), None if unknown.

        Between 0 and the duration.
        """
        if self.progress_ms is None or self.item is None:
            return None
        # The clock may have been set back since.
        elapsed_ms = (now - self.observed_at) * 1000 if self.status == "playing" else 0
        progress_ms = max(0, round(self.progress_ms + elapsed_ms))
        duration_ms = self.item.duration_ms
        return progress_ms if duration_ms is None else min(progress_ms, duration_ms)

    @property
    def ends_at(self) -> float | None:
        """The time when the item must have ended (s since the epoch), None if unknown."""
        if self.item is None:
            return None
        if self.expires_at is not None:
            return self.expires_at
        if self.status != "playing" or self.progress_ms is None or self.item.duration_ms is None:
            return None
        return self.observed_at + (self.item.duration_ms - self.progress_ms) / 1000


@dataclass(frozen=True, slots=True)
class PlayedItem:
    """A play from the history; ``played_at`` is when it began (s since the epoch)."""

    item: Item
    played_at: float


def is_same_track(one: Item, other: Item) -> bool:
    """Return whether both are the same track, however much is known of each."""
    if one.uri is not None and other.uri is not None:
        return one.uri == other.uri
    if one.id is not None and other.id is not None:
        return one.id == other.id
    if one.title.casefold() != other.title.casefold():
        return False
    return one.artists == other.artists or bool(_artist_keys(one) & _artist_keys(other))


def _artist_keys(item: Item) -> set[str]:
    return {key for key in item.hide_keys if key.startswith("artist:")}
