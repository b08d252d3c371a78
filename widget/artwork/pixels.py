"""Which colours an image has, by Pillow, which is imported when the first image comes.

Images come from outside. One that is too large is refused by what its header says, before anything is decoded; one
that takes too long to decode is given up.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from types import ModuleType
from typing import TYPE_CHECKING, cast

from widget.artwork.oklch import Rgb

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    _Counts = list[tuple[int, tuple[int, ...]]]

MAX_IMAGE_BYTES = 2 * 1024 * 1024
MAX_IMAGE_SIDE = 4000
DECODE_TIMEOUT_SECONDS = 0.2
SAMPLE_SIDE = 32
"""An image is looked at in 32 by 32 pixels, so that all its sizes look alike: the smallest that we take has 64."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_BLOCK_BYTES = 4096
"""Between two blocks the time is looked at."""

_OPAQUE = 128

logger = logging.getLogger(__name__)


def count_pixels(body: bytes, worked: Callable[[], float] = time.thread_time) -> Counter[Rgb] | None:
    """How many pixels of each colour the image in ``body`` has; None where it is no image within our limits.

    ``worked`` tells the seconds that this thread has worked. Never raises, whatever the bytes are.
    """
    pillow = _pillow()
    if pillow is None or len(body) > MAX_IMAGE_BYTES:
        return None
    try:
        with pillow.open(_Limited(body, worked), formats=_FORMATS) as image:
            if max(image.size) > MAX_IMAGE_SIDE:
                return None
            return _counted(image)
    except Exception as error:  # Broken images raise whatever their decoder comes upon.
        logger.debug("an artwork cannot be read: %s", type(error).__name__)
        return None


def _counted(image: ImageFile) -> Counter[Rgb] | None:
    from PIL.Image import Resampling

    image.draft("RGB", (SAMPLE_SIDE, SAMPLE_SIDE))  # A JPEG is then decoded at an eighth of its size.
    image.decodermaxblock = _BLOCK_BYTES
    mode = "RGBA" if image.has_transparency_data else "RGB"
    small = (image if image.mode == mode else image.convert(mode)).resize((SAMPLE_SIDE, SAMPLE_SIDE), Resampling.BOX)
    found: Counter[Rgb] = Counter()
    for count, (red, green, blue, *alpha) in cast("_Counts", small.getcolors(SAMPLE_SIDE * SAMPLE_SIDE)):
        if not alpha or alpha[0] >= _OPAQUE:
            found[red, green, blue] += count
    return found or None


class _Limited(BytesIO):
    """The bytes of an image, until its decoder has worked for longer than we allow."""

    def __init__(self, body: bytes, worked: Callable[[], float]) -> None:
        super().__init__(body)
        self._worked = worked
        self._until = worked() + DECODE_TIMEOUT_SECONDS

    def read(self, size: int | None = -1) -> bytes:
        if self._worked() > self._until:
            raise TimeoutError
        return super().read(size)


@lru_cache(maxsize=1)
def _pillow() -> ModuleType | None:
    """``PIL.Image``; None, said once, on a platform for which there is no Pillow."""
    try:
        from PIL import Image, WebPImagePlugin  # noqa: F401  Without it Pillow loads all of its eighty formats.
    except ImportError:
        logger.warning("Pillow is not installed here: the widget keeps its neutral colours")
        return None
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = MAX_IMAGE_SIDE**2
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    return Image
