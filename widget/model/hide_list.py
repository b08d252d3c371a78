"""HIDE and HIDE_EXPLICIT: hidden items count as nothing playing."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from widget.model.playback import Item, Playback, PlayedItem

URI_KINDS = ("track", "episode", "album", "artist", "show", "playlist")
NAME_KINDS = ("artist", "album", "track")

_KIND = "|".join(URI_KINDS)
_URI = re.compile(rf"spotify:(?:user:[^:]+:)?({_KIND}):([A-Za-z0-9]+)")
_PATH = re.compile(rf"/(?:intl-[A-Za-z-]+/)?(?:embed/)?(?:user/[^/]+/)?({_KIND})/([A-Za-z0-9]+)/?")


@dataclass(frozen=True, slots=True)
class HideList:
    """``keys`` are canonical Spotify URIs, or folded names such as ``artist:nova``."""

    explicit: bool = False
    keys: frozenset[str] = frozenset()

    def hides(self, item: Item | None) -> bool:
        """Return whether the item, its album, artist, show or playlist is hidden."""
        if item is None:
            return False
        return (self.explicit and item.explicit) or bool(self.keys & item.hide_keys)

    def filter_playback(self, playback: Playback) -> Playback:
        """Return ``playback``, or an idle one if its item is hidden."""
        if not self.hides(playback.item):
            return playback
        return Playback("idle", playback.observed_at, source_label=playback.source_label)

    def filter_history(self, history: Iterable[PlayedItem]) -> tuple[PlayedItem, ...]:
        """Return the plays that may be shown."""
        return tuple(played for played in history if not self.hides(played.item))


EMPTY_HIDE_LIST = HideList()


def parse_uri_entry(text: str) -> str | None:
    """Return ``spotify:KIND:ID`` for a Spotify URI or link, None for anything else.

    The user in an old playlist URI (``spotify:user:NAME:playlist:ID``) is dropped.
    """
    if match := _URI.fullmatch(text):
        return f"spotify:{match[1]}:{match[2]}"
    try:
        link = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return None
    if link.hostname not in ("open.spotify.com", "play.spotify.com") or link.scheme not in ("http", "https"):
        return None
    match = _PATH.fullmatch(link.path)
    return None if match is None else f"spotify:{match[1]}:{match[2]}"


def parse_name_entry(entry: str) -> str | None:
    """Return the key of an entry such as ``artist:NAME``, None for anything else.

    A comma within a name is written ``%2C``.
    """
    kind, separator, name = entry.partition(":")
    if not separator or kind not in NAME_KINDS or not name.strip():
        return None
    # Only the comma is escaped: names contain percent signs.
    return _name_key(kind, name.replace("%2C", ",").replace("%2c", ","))


def name_keys(title: str, artists: Iterable[str], album: str | None) -> frozenset[str]:
    """Return the keys of a track: its title, each of its artists, and its album."""
    keys = [_name_key("artist", artist) for artist in artists if artist.strip()]
    keys += [_name_key("track", title)] if title.strip() else []
    keys += [_name_key("album", album)] if album and album.strip() else []
    return frozenset(keys)


def _name_key(kind: str, name: str) -> str:
    """Return the same key for names that look the same to people (UAX #15, NFKC; case folding)."""
    # Case folding can undo the normalization, so it is done again (UAX #15, section 9).
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return f"{kind}:{' '.join(folded.split())}"
