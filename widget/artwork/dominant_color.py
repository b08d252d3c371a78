"""The dominant color of an artwork, and the accent of a gray one."""

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
from typing import TYPE_CHECKING, NamedTuple, cast

from widget.artwork.oklch import Oklch, Rgb, gray, to_hex

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    _Counts = list[tuple[int, tuple[int, ...]]]

MAX_IMAGE_BYTES = 2 * 1024 * 1024
MAX_IMAGE_SIDE = 2000
"""Pixels; one of 4,000 would take 245 MiB for a moment."""

# CPU time: under load the clock on the wall would refuse good images.
DECODE_TIMEOUT_SECONDS = 0.2
SAMPLE_SIDE = 32
"""Each image is scaled to this many pixels a side, so that all its sizes give the same color."""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_BLOCK_BYTES = 4096
"""The time limit is checked between two blocks."""

_OPAQUE = 128

logger = logging.getLogger(__name__)


class ArtworkColors(NamedTuple):
    """Colors as ``#rrggbb``; ``accent`` is the one vivid hue of a gray artwork."""

    main: str
    accent: str | None = None


def extract_colors(body: bytes, cpu_time: Callable[[], float] = time.thread_time) -> ArtworkColors | None:
    """Return the colors of the image in ``body``; None if it cannot be read within the limits.

    Takes milliseconds.
    """
    pixels = count_pixels(body, cpu_time)
    if pixels is None:
        return None
    accent = accent_color(pixels)
    return ArtworkColors(to_hex(dominant_color(pixels)), None if accent is None else to_hex(accent))


def count_pixels(body: bytes, cpu_time: Callable[[], float] = time.thread_time) -> Counter[Rgb] | None:
    """Count the pixels of each color in the image in ``body``.

    None if it cannot be read within the limits.

    ``cpu_time`` gives the seconds that this thread has worked. Never raises, whatever the bytes are.
    """
    pillow = load_pillow()
    if pillow is None or len(body) > MAX_IMAGE_BYTES:
        return None
    try:
        with pillow.open(_TimeLimitedBytes(body, cpu_time), formats=_FORMATS) as image:
            # Pillow's own limit counts pixels alone, and admits very long ones.
            if max(image.size) > MAX_IMAGE_SIDE:
                return None
            return _count(image)
    except Exception as error:  # Decoders of broken images raise anything.
        logger.debug("an artwork cannot be read: %s", type(error).__name__)
        return None


def _count(image: ImageFile) -> Counter[Rgb] | None:
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


class _TimeLimitedBytes(BytesIO):
    """Bytes of an image; reading raises TimeoutError once the decoder has used its CPU time."""

    def __init__(self, body: bytes, cpu_time: Callable[[], float]) -> None:
        super().__init__(body)
        self._cpu_time = cpu_time
        self._deadline = cpu_time() + DECODE_TIMEOUT_SECONDS

    def read(self, size: int | None = -1) -> bytes:
        if self._cpu_time() > self._deadline:
            raise TimeoutError
        return super().read(size)


@lru_cache(maxsize=1)
def load_pillow() -> ModuleType | None:
    """Return ``PIL.Image``; None, logged once, on a platform without Pillow."""
    try:
        from PIL import Image, WebPImagePlugin  # noqa: F401  Without it Pillow loads all of its eighty formats.
    except ImportError:
        logger.warning("Pillow is not installed here: the widget keeps its neutral colors")
        return None
    Image.preinit()
    # Checked from the head, before memory for the pixels is reserved.
    Image.MAX_IMAGE_PIXELS = MAX_IMAGE_SIDE**2
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    return Image


MIN_COLORED_SHARE = 0.04
"""With less color than this share of its pixels a picture is gray."""

MIN_ACCENT_SHARE = 0.01
MIN_ACCENT_CHROMA = 0.08
_ACCENT_LIGHTNESS = (0.25, 0.97)
_ONE_HUE_SHARE = 0.8
"""Of all vivid pixels; with less in one hue there is no accent."""

# From none to all of a pixel's weight: near-gray and near-black show no hue, and pale is near-white.
_CHROMA = (0.015, 0.05)
_DARKNESS = (0.17, 0.25)
_PALE_LIGHTNESS = 0.92
_PALE_CHROMA = (0.03, 0.07)

_BINS = 120
_REACH = 7
"""Hues within 21 degrees count as one."""


@dataclass(frozen=True, slots=True)
class _Patch:
    """Pixels of one color; ``weight`` is their count, less if their hue is hardly visible."""

    rgb: Rgb
    color: Oklch
    weight: float

    @property
    def bin(self) -> int:
        return int(self.color.hue / (2 * pi) * _BINS) % _BINS


def dominant_color(pixels: Mapping[Rgb, int]) -> Rgb:
    """Return the color of a picture with at least one pixel, ``pixels`` of each color.

    It is a color of the picture. A gray picture, black and white ones too, gives a gray.
    """
    patches = _weigh(pixels, _vividness)
    if _is_gray(patches, pixels):
        lightness = [(Oklch.from_rgb(rgb).lightness, float(count)) for rgb, count in pixels.items()]
        # Not the mean: that of black and white is in neither.
        return gray(_median(lightness))
    return _most_typical(_of_strongest_hue(patches)).rgb


def accent_color(pixels: Mapping[Rgb, int]) -> Rgb | None:
    """Return the only vivid hue on at least 1 % of a gray picture; None without exactly one."""
    if not _is_gray(_weigh(pixels, _vividness), pixels):
        return None
    vivid = _weigh(pixels, _is_vivid)
    alike = _of_strongest_hue(vivid) if vivid else []
    weight = sum(patch.weight for patch in alike)
    if weight < MIN_ACCENT_SHARE * sum(pixels.values()):
        return None
    return _most_typical(alike).rgb if weight >= _ONE_HUE_SHARE * sum(patch.weight for patch in vivid) else None


def _weigh(pixels: Mapping[Rgb, int], weight: Callable[[Oklch], float]) -> list[_Patch]:
    """Return the patches of a weight above zero, in the same order for every image size."""
    colors = {rgb: Oklch.from_rgb(rgb) for rgb in sorted(pixels)}
    patches = (_Patch(rgb, color, pixels[rgb] * weight(color)) for rgb, color in colors.items())
    return [patch for patch in patches if patch.weight]


def _is_gray(patches: Sequence[_Patch], pixels: Mapping[Rgb, int]) -> bool:
    return sum(patch.weight for patch in patches) < MIN_COLORED_SHARE * sum(pixels.values())


def _vividness(color: Oklch) -> float:
    if color.lightness > _PALE_LIGHTNESS:
        return _ramp(color.chroma, *_PALE_CHROMA)
    return _ramp(color.chroma, *_CHROMA) * _ramp(color.lightness, *_DARKNESS)


def _is_vivid(color: Oklch) -> float:
    darkest, lightest = _ACCENT_LIGHTNESS
    return float(color.chroma >= MIN_ACCENT_CHROMA and darkest <= color.lightness <= lightest)


def _of_strongest_hue(patches: Sequence[_Patch]) -> list[_Patch]:
    """Return the patches around the hue that most of the color lies around."""
    weights = [0.0] * _BINS
    for patch in patches:
        weights[patch.bin] += patch.weight

    def around(middle: int) -> float:
        steps = range(-_REACH, _REACH + 1)
        return sum(weights[(middle + step) % _BINS] * (_REACH + 1 - abs(step)) for step in steps)

    strongest = max(range(_BINS), key=around)
    return [patch for patch in patches if _distance(patch.bin, strongest) <= _REACH]


def _most_typical(patches: Sequence[_Patch]) -> _Patch:
    """Return the patch nearest to the median of all."""
    middle = [_median_of(patches, part) for part in (_lightness, _green_to_red, _blue_to_yellow)]

    def distance(patch: _Patch) -> float:
        parts = (_lightness(patch), _green_to_red(patch), _blue_to_yellow(patch))
        return sum((part - typical) ** 2 for part, typical in zip(parts, middle, strict=True))

    return min(patches, key=distance)


def _median_of(patches: Sequence[_Patch], part: Callable[[_Patch], float]) -> float:
    return _median([(part(patch), patch.weight) for patch in patches])


def _median(weighted: Sequence[tuple[float, float]]) -> float:
    """Return the value below which half the weight lies."""
    ordered = sorted(weighted)
    left = sum(weight for _, weight in ordered) / 2
    for value, weight in ordered:
        left -= weight
        if left <= 0:
            return value
    return ordered[-1][0]


def _lightness(patch: _Patch) -> float:
    return patch.color.lightness


def _green_to_red(patch: _Patch) -> float:
    return patch.color.chroma * cos(patch.color.hue)


def _blue_to_yellow(patch: _Patch) -> float:
    return patch.color.chroma * sin(patch.color.hue)


def _distance(one: int, other: int) -> int:
    apart = abs(one - other)
    # Hue is a circle.
    return min(apart, _BINS - apart)


def _ramp(value: float, none: float, whole: float) -> float:
    return min(1.0, max(0.0, (value - none) / (whole - none)))
