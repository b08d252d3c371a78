"""The drawn artwork of our invented music: what the demo and the samples show, never anybody's real cover."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "drawings"
WIDTHS = (640, 300, 64)
SCHEME = "sample:"
"""Begins the address of a drawing that we hold ourselves; it is never asked for over the network."""


def address(name: str, width: int) -> str:
    """The address of the drawing ``name``, ``width`` pixels wide."""
    return f"{SCHEME}{name}-{width}"


@lru_cache(maxsize=32)
def drawing(file_name: str) -> bytes | None:
    """The JPEG that is called ``file_name`` (without its ending); None where there is none."""
    files = {path.stem: path for path in FOLDER.iterdir() if path.suffix == ".jpg"}
    return files[file_name].read_bytes() if file_name in files else None
