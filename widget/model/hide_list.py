"""Spotify URIs and open.spotify.com links, as owners paste them, in one canonical form."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from widget.model.playback import Item, Playback, PlayedItem

KINDS = ("track", "episode", "album", "artist", "show", "playlist")

_KIND = "|".join(KINDS)
_URI = re.compile(rf"spotify:(?:user:[^:]+:)?({_KIND}):([A-Za-z0-9]+)")
_PATH = re.compile(rf"/(?:intl-[A-Za-z-]+/)?(?:embed/)?(?:user/[^/]+/)?({_KIND})/([A-Za-z0-9]+)/?")


def parse_uri_entry(text: str) -> str | None:
    """``spotify:KIND:ID`` for a Spotify URI or an open.spotify.com link; None for anything else.

    The user in an old playlist URI (``spotify:user:NAME:playlist:ID``) is left out.
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


NAME_KINDS = ("artist", "album", "track")


def parse_name_entry(entry: str) -> str | None:
    """``KIND:name`` in the form that is compared, for an entry such as ``artist:NAME``; None for anything else.

    A comma within a name is written ``%2C``.
    """
    kind, separator, name = entry.partition(":")
    if not separator or kind not in NAME_KINDS or not name.strip():
        return None
    return _named(kind, name.replace("%2C", ",").replace("%2c", ","))


def name_keys(title: str, artists: Iterable[str], album: str | None) -> frozenset[str]:
    """What ``HIDE`` is held against for a track: its title, each of ``artists``, and its album."""
    names = [_named("artist", artist) for artist in artists if artist.strip()]
    names += [_named("track", title)] if title.strip() else []
    names += [_named("album", album)] if album and album.strip() else []
    return frozenset(names)


def _named(kind: str, name: str) -> str:
    """Equal for names that people take for the same: by compatibility forms (UAX #15, NFKC) and case folding."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return f"{kind}:{' '.join(folded.split())}"


@dataclass(frozen=True, slots=True)
class HideList:
    """What ``HIDE_EXPLICIT`` and ``HIDE`` ask for; ``uris`` are canonical Spotify URIs, or folded names such as
    ``artist:nova``."""

    explicit: bool = False
    uris: frozenset[str] = frozenset()

    def hides(self, item: Item | None) -> bool:
        """Whether ``item`` is not to be shown: by itself, its album, artist, show, or the playlist it plays from."""
        if item is None:
            return False
        return (self.explicit and item.explicit) or bool(self.uris & item.hide_keys)

    def filter_playback(self, playback: Playback) -> Playback:
        """``playback``, or nothing playing where its item is hidden."""
        if not self.hides(playback.item):
            return playback
        return Playback("idle", playback.observed_at, source_label=playback.source_label)

    def filter_history(self, played: Iterable[PlayedItem]) -> tuple[PlayedItem, ...]:
        """Those of ``played`` that may be shown."""
        return tuple(last for last in played if not self.hides(last.item))


EMPTY_HIDE_LIST = HideList()
