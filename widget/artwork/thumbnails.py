"""Smaller copies of large artwork, since pictures in music files come in one size only."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from widget.artwork.dominant_color import MAX_IMAGE_SIDE, load_pillow

if TYPE_CHECKING:
    from PIL.Image import Image

THUMBNAIL_WIDTHS = (300, 640)
MIN_BYTES = 40 * 1024
"""Smaller images are handed out as they are: they fit into a picture of 60 KiB."""

JPEG_QUALITY = 82


def make_thumbnails(body: bytes) -> dict[int, bytes]:
    """Return smaller copies of ``body`` as JPEG, by their largest side in pixels.

    None are made of a small image, or of one that cannot be read.
    """
    pillow = load_pillow() if len(body) > MIN_BYTES else None
    if pillow is None:
        return {}
    try:
        return {
            width: small
            for width in THUMBNAIL_WIDTHS
            if (small := _thumbnail(pillow.open(BytesIO(body)), width)) is not None and len(small) < len(body)
        }
    except Exception:
        return {}  # A decoder can raise anything on bytes that are not an image after all.


def _thumbnail(image: Image, width: int) -> bytes | None:
    if not width < max(image.size) <= MAX_IMAGE_SIDE:
        return None
    image.draft("RGB", (width, width))  # A JPEG is then decoded at a fraction of its size.
    # JPEG has neither palette nor transparency.
    small = image.convert("RGB")
    small.thumbnail((width, width))
    saved = BytesIO()
    small.save(saved, "JPEG", quality=JPEG_QUALITY)
    return saved.getvalue()
