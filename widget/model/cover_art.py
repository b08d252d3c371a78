"""Artwork by a MusicBrainz release: the Cover Art Archive (https://musicbrainz.org/doc/Cover_Art_Archive/API)."""

from widget.model.playback import Artwork

ADDRESS = "https://coverartarchive.org/release/{release}/front-500"


def front_cover(release_mbid: str | None) -> tuple[Artwork, ...]:
    """The front cover of the release, where one is told; whether it has one shows when it is fetched."""
    return () if release_mbid is None else (Artwork(ADDRESS.format(release=release_mbid)),)
