"""Drawn artwork of the invented music of demo and samples; never anybody's real cover."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "drawings"
WIDTHS = (640, 300, 64)
SCHEME = "sample:"
"""Scheme of the address of a drawing; it is never fetched over the network."""


COLORS: Mapping[str, str] = {
    "tides": "#214565",
    "viaduct": "#f6d76d",
    "lantern": "#1b2143",
    "jasmine": "#477767",
    "orbit": "#2a1651",
    "maps": "#d0d9c6",
}
"""Main color of each drawing, as found in any artwork; written down, so that a sample needs no search."""


def sample_url(name: str, width: int) -> str:
    """Return the address of the drawing ``name``, ``width`` pixels wide."""
    return f"{SCHEME}{name}-{width}"


def sample_color(url: str) -> str | None:
    """Return the main color of the drawing at ``url``; None for any other address."""
    name = url.removeprefix(SCHEME).rpartition("-")[0]
    return COLORS.get(name) if url.startswith(SCHEME) else None


@lru_cache(maxsize=32)
def load_image(file_name: str) -> bytes | None:
    """Return the JPEG called ``file_name`` (without its ending); None if there is none."""
    files = {path.stem: path for path in FOLDER.iterdir() if path.suffix == ".jpg"}
    return files[file_name].read_bytes() if file_name in files else None
