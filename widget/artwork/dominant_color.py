"""The one colour that an artwork is remembered by: of the hue that colours most of it."""

from __future__ import annotations

import logging
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import cos, pi, sin
from types import ModuleType
from typing import TYPE_CHECKING, cast

from widget.artwork.oklch import Oklch, Rgb, grey

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
    pillow = load_pillow()
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
def load_pillow() -> ModuleType | None:
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


MIN_COLORED_SHARE = 0.04
"""A share of the picture: with less colour than this a picture is grey."""

# From none to all of a pixel's weight: near-grey and near-black say nothing of a hue, and pale is near-white.
_CHROMA = (0.015, 0.05)
_DARKNESS = (0.17, 0.25)
_PALE_LIGHTNESS = 0.92
_PALE_CHROMA = (0.03, 0.07)

_BINS = 120
_REACH = 7
"""Hues within 21 degrees are one."""


@dataclass(frozen=True, slots=True)
class _Patch:
    """Pixels of one colour; ``weight`` is how many, less where their hue is hardly seen."""

    rgb: Rgb
    colour: Oklch
    weight: float

    @property
    def bin(self) -> int:
        return int(self.colour.hue / (2 * pi) * _BINS) % _BINS


def dominant_color(pixels: Mapping[Rgb, int]) -> Rgb:
    """The colour of a picture that has so many ``pixels`` (at least one) of each colour.

    It is one that stands in the picture, but for a grey picture, a black and a white one too, which gives a grey.
    """
    seen = {rgb: Oklch.from_rgb(rgb) for rgb in sorted(pixels)}
    patches = [
        _Patch(rgb, colour, count * _vividness(colour)) for rgb, colour in seen.items() if (count := pixels[rgb])
    ]
    coloured = [patch for patch in patches if patch.weight]
    if sum(patch.weight for patch in coloured) < MIN_COLORED_SHARE * sum(pixels.values()):
        return grey(_median([(seen[rgb].lightness, float(count)) for rgb, count in pixels.items()]))
    middle = _strongest_hue(coloured)
    alike = [patch for patch in coloured if _distance(patch.bin, middle) <= _REACH]
    return _most_typical(alike).rgb


def _vividness(colour: Oklch) -> float:
    if colour.lightness > _PALE_LIGHTNESS:
        return _ramp(colour.chroma, *_PALE_CHROMA)
    return _ramp(colour.chroma, *_CHROMA) * _ramp(colour.lightness, *_DARKNESS)


def _strongest_hue(patches: Sequence[_Patch]) -> int:
    """The bin around which most of the colour lies."""
    weights = [0.0] * _BINS
    for patch in patches:
        weights[patch.bin] += patch.weight

    def around(middle: int) -> float:
        steps = range(-_REACH, _REACH + 1)
        return sum(weights[(middle + step) % _BINS] * (_REACH + 1 - abs(step)) for step in steps)

    return max(range(_BINS), key=around)


def _most_typical(patches: Sequence[_Patch]) -> _Patch:
    """The one nearest to the middle of them all."""
    middle = [_median_of(patches, part) for part in (_lightness, _green_to_red, _blue_to_yellow)]

    def distance(patch: _Patch) -> float:
        parts = (_lightness(patch), _green_to_red(patch), _blue_to_yellow(patch))
        return sum((part - typical) ** 2 for part, typical in zip(parts, middle, strict=True))

    return min(patches, key=distance)


def _median_of(patches: Sequence[_Patch], part: Callable[[_Patch], float]) -> float:
    return _median([(part(patch), patch.weight) for patch in patches])


def _median(weighted: Sequence[tuple[float, float]]) -> float:
    """The value of which half the weight is smaller."""
    ordered = sorted(weighted)
    left = sum(weight for _, weight in ordered) / 2
    for value, weight in ordered:
        left -= weight
        if left <= 0:
            return value
    return ordered[-1][0]


def _lightness(patch: _Patch) -> float:
    return patch.colour.lightness


def _green_to_red(patch: _Patch) -> float:
    return patch.colour.chroma * cos(patch.colour.hue)


def _blue_to_yellow(patch: _Patch) -> float:
    return patch.colour.chroma * sin(patch.colour.hue)


def _distance(one: int, other: int) -> int:
    apart = abs(one - other)
    return min(apart, _BINS - apart)


def _ramp(value: float, none: float, whole: float) -> float:
    return min(1.0, max(0.0, (value - none) / (whole - none)))
