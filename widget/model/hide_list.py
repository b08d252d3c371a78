"""Spotify URIs and open.spotify.com links, as owners paste them, in one canonical form."""

import re
from urllib.parse import urlsplit

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
