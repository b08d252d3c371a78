"""Names that the owner would rather not show, as they are written in ``HIDE`` and as they are compared."""

import unicodedata
from collections.abc import Iterable

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
