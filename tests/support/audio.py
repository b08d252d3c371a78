"""Small audio files with tags and covers: music for real servers and players."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutagen.flac import FLAC, Picture

from widget.samples.artwork import load_image


@dataclass(frozen=True, slots=True)
class Song:
    """A file ``name`` that lasts ``seconds``; without a title it has no tags at all. ``cover`` names a sample image.

    ``number`` is its place in the album, 0 if it has none.
    """

    name: str
    seconds: float
    title: str = ""
    artists: tuple[str, ...] = ("Elin Sandvik",)
    album: str = "The Ferry Timetable"
    cover: str = ""
    number: int = 0


def make_library(folder: Path, songs: Sequence[Song]) -> None:
    """Write ``songs`` as FLAC files into ``folder``."""
    for number, song in enumerate(songs):
        file = folder / song.name
        file.parent.mkdir(parents=True, exist_ok=True)
        tone = f"sine=frequency={220 + 20 * number}:sample_rate=8000:duration={song.seconds}"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", tone, "-c:a", "flac", str(file)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        _tag(file, song)


def image(name: str) -> bytes:
    """Return the sample image ``name``, a JPEG of 300 pixels."""
    body = load_image(f"{name}-300")
    if body is None:
        raise LookupError(name)
    return body


def _tag(file: Path, song: Song) -> None:
    audio = FLAC(file)  # type: ignore[no-untyped-call]
    if song.title:
        audio["title"], audio["artist"], audio["album"] = song.title, list(song.artists), song.album
    if song.number:
        audio["tracknumber"] = str(song.number)
    if song.cover:
        picture = Picture()  # type: ignore[no-untyped-call]
        picture.type, picture.mime, picture.data = 3, "image/jpeg", image(song.cover)
        audio.add_picture(picture)  # type: ignore[no-untyped-call]
    audio.save()
