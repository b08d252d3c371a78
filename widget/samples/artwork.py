"""The drawn artwork of our invented music: what the demo and the samples show, never anybody's real cover."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "drawings"
WIDTHS = (640, 300, 64)
SCHEME = "sample:"
"""Begins the address of a drawing that we hold ourselves; it is never asked for over the network."""


COLOURS: Mapping[str, str] = {
    "tides": "#214565",
    "viaduct": "#f6d76d",
    "lantern": "#1b2143",
    "jasmine": "#477767",
    "orbit": "#2a1651",
    "maps": "#d0d9c6",
}
"""The main colour of each drawing, as it is found in any artwork; written down, so that a sample needs no search."""


def sample_url(name: str, width: int) -> str:
    """The address of the drawing ``name``, ``width`` pixels wide."""
    return f"{SCHEME}{name}-{width}"


def sample_color(url: str) -> str | None:
    """The main colour of the drawing at ``url``; None for any other address."""
    name = url.removeprefix(SCHEME).rpartition("-")[0]
    return COLOURS.get(name) if url.startswith(SCHEME) else None


@lru_cache(maxsize=32)
def load_image(file_name: str) -> bytes | None:
    """The JPEG that is called ``file_name`` (without its ending); None where there is none."""
    files = {path.stem: path for path in FOLDER.iterdir() if path.suffix == ".jpg"}
    return files[file_name].read_bytes() if file_name in files else None
