"""The dominant color of an artwork: the same at every size; no image does any harm."""

import io
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from widget.artwork.dominant_color import MAX_IMAGE_SIDE, count_pixels, dominant_color, extract_colors
from widget.artwork.oklch import Oklch, Rgb, parse_hex, to_hex
from widget.samples.artwork import FOLDER

NAMES = sorted({file.stem.rpartition("-")[0] for file in FOLDER.glob("*.jpg")})


def encoded(image: Image.Image, file_format: str = "PNG", **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, file_format, **how)
    return stream.getvalue()


def of(body: bytes) -> str | None:
    pixels = count_pixels(body)
    return None if pixels is None else to_hex(dominant_color(pixels))


def striped(*stripes: tuple[str, int], side: int = 300) -> Image.Image:
    """Stripes of the given colors, each so many hundredths of the picture."""
    image = Image.new("RGB", (side, side))
    draw, top = ImageDraw.Draw(image), 0.0
    for color, hundredths in stripes:
        bottom = top + side * hundredths / 100
        draw.rectangle((0, round(top), side, round(bottom)), fill=color)
        top = bottom
    return image


def degrees_apart(one: str, other: str) -> float:
    apart = abs(Oklch.from_rgb(parse_hex(one)).hue - Oklch.from_rgb(parse_hex(other)).hue) * 180 / 3.14159265
    return min(apart, 360 - apart)


@pytest.mark.parametrize(
    ("stripes", "expected"),
    [
        ((("#d43a2f", 60), ("#2f6bd4", 40)), "#d43a2f"),
        ((("#d43a2f", 40), ("#2f6bd4", 60)), "#2f6bd4"),
        ((("#0a0a0c", 70), ("#ff5a00", 30)), "#ff5a00"),
        ((("#0b0b1e", 80), ("#ff5a00", 20)), "#ff5a00"),
        ((("#fdfaf3", 85), ("#427263", 15)), "#427263"),
        ((("#8a8a86", 90), ("#e2ff00", 10)), "#e2ff00"),
    ],
)
def test_it_is_of_the_hue_that_colors_most_and_black_white_and_gray_do_not_count(
    stripes: tuple[tuple[str, int], ...], expected: str
) -> None:
    found = of(encoded(striped(*stripes)))
    assert found is not None
    assert degrees_apart(found, expected) < 12
    assert found in [color for color, _ in stripes]


def test_shades_of_one_hue_count_together() -> None:
    found = of(encoded(striped(("#b02020", 30), ("#b83018", 30), ("#2030b0", 40))))
    assert found is not None
    assert degrees_apart(found, "#b02020") < 12


@pytest.mark.parametrize("color", ["#808080", "#000000", "#ffffff", "#333333"])
def test_a_gray_picture_a_black_and_a_white_one_too_gives_a_grey(color: str) -> None:
    assert of(encoded(Image.new("RGB", (64, 64), color))) == color


@pytest.mark.parametrize(
    ("stripes", "accent"),
    [
        ((("#0a0a0c", 98), ("#ff2020", 2)), "#ff2020"),
        ((("#f6f4ef", 97), ("#c8102e", 3)), "#c8102e"),
        ((("#ff2020", 2), ("#777777", 96), ("#2040ff", 2)), None),  # Two hues.
        ((("#777777", 100),), None),
        ((("#777777", 60), ("#ff2020", 40)), None),  # Not gray.
    ],
)
def test_a_gray_picture_with_one_vivid_hue_gives_it_to_the_accent(
    stripes: tuple[tuple[str, int], ...], accent: str | None
) -> None:
    found = extract_colors(encoded(striped(*stripes)))
    assert found is not None
    if accent is None:
        assert found.accent is None
    else:
        assert found.accent is not None
        assert degrees_apart(found.accent, accent) < 12
        assert Oklch.from_rgb(parse_hex(found.main)).chroma < 0.001


def test_a_speck_of_color_leaves_a_gray_picture_grey() -> None:
    found = of(encoded(striped(("#777777", 50), ("#202020", 49), ("#ff0000", 1))))
    assert found is not None
    assert len({found[1:3], found[3:5], found[5:7]}) == 1


@given(st.integers(0, 0xFFFFFF))
def test_one_color_alone_gives_itself_or_a_grey(color: int) -> None:
    given_rgb: Rgb = (color >> 16, color >> 8 & 255, color & 255)
    found = dominant_color({given_rgb: 7})
    assert found == given_rgb or len(set(found)) == 1


@given(st.dictionaries(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 50), min_size=1, max_size=60))
def test_it_stands_in_the_picture_or_is_gray_and_does_not_depend_on_any_order(pixels: dict[Rgb, int]) -> None:
    found = dominant_color(pixels)
    assert found in pixels or len(set(found)) == 1
    assert dominant_color(dict(reversed(pixels.items()))) == found
    assert dominant_color({color: 3 * count for color, count in pixels.items()}) == found


@pytest.mark.parametrize("name", NAMES)
def test_every_size_of_one_artwork_gives_the_same_hue(name: str) -> None:
    found = [of((FOLDER / f"{name}-{width}.jpg").read_bytes()) for width in (640, 300, 64)]
    colors = [Oklch.from_rgb(parse_hex(color)) for color in found if color is not None]
    assert len(colors) == 3
    # A difference in hue counts as far as there is chroma to see it by.
    for color in colors:
        apart = abs(color.hue - colors[0].hue) * colors[0].chroma
        assert apart < 0.006
        assert abs(color.chroma - colors[0].chroma) < 0.01


@pytest.mark.parametrize("side", [64, 300, 640, 1500])
def test_a_picture_of_plain_colors_gives_the_very_same_at_every_size(side: int) -> None:
    assert of(encoded(striped(("#204060", 55), ("#e0a030", 45), side=side))) == "#204060"


@pytest.mark.parametrize(
    ("file_format", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "I;16", "RGBA")),
        *(("JPEG", mode) for mode in ("L", "CMYK")),
        *(("WEBP", mode) for mode in ("L", "RGBA")),
        *(("GIF", mode) for mode in ("1", "L", "P", "RGBA")),
    ],
)
def test_every_kind_of_image_is_read(file_format: str, mode: str) -> None:
    image = striped(("#d43a2f", 100), side=64)
    found = of(encoded((image.convert("L") if mode == "I;16" else image).convert(mode), file_format))
    assert found is not None
    assert mode not in ("P", "RGBA", "CMYK") or degrees_apart(found, "#d43a2f") < 12


def test_what_is_transparent_does_not_count() -> None:
    image = striped(("#d43a2f", 70), ("#2f6bd4", 30)).convert("RGBA")
    image.paste((255, 255, 0, 0), (0, 0, 300, 210))
    assert of(encoded(image)) == "#2f6bd4"
    assert of(encoded(Image.new("RGBA", (64, 64), (255, 0, 0, 0)))) is None


def bomb(width: int, height: int) -> bytes:
    """A PNG whose header promises more than anybody wants to decode."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("size", [(MAX_IMAGE_SIDE + 1, 1), (1, MAX_IMAGE_SIDE + 1), (10_000, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_unread(size: tuple[int, int]) -> None:
    looked: list[None] = []

    def worked() -> float:
        looked.append(None)
        return 0.0

    assert count_pixels(bomb(*size), worked) is None
    assert len(looked) < 20  # The header alone was read.


def test_the_largest_that_we_allow_is_read() -> None:
    assert of(encoded(Image.new("RGB", (MAX_IMAGE_SIDE, MAX_IMAGE_SIDE), "#204060"), "JPEG")) is not None


def test_an_image_that_takes_too_long_is_given_up() -> None:
    time = iter(range(1000))
    body = encoded(striped(("#d43a2f", 60), ("#2f6bd4", 40)))
    assert count_pixels(body, lambda: next(time) * 0.1) is None
    assert count_pixels(body, lambda: next(time) * 0.0001) is not None


PLAIN = striped(("#d43a2f", 100), side=64)
IMAGES = {kind: encoded(PLAIN, kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")}
JPEG = IMAGES["JPEG"]
NO_IMAGES = {
    "nothing": b"",
    "a beginning": JPEG[:3],
    "a header": JPEG[:200],
    "half": JPEG[: len(JPEG) // 2],
    "too many bytes": JPEG + bytes(2 * 1024 * 1024),
    "another format": IMAGES["BMP"],
    "yet another": IMAGES["TIFF"],
    "text": b"<svg/>",
}


@pytest.mark.parametrize("body", NO_IMAGES.values(), ids=NO_IMAGES)
def test_what_is_no_whole_image_of_our_formats_gives_none(body: bytes) -> None:
    assert count_pixels(body) is None


@given(st.sampled_from(sorted(IMAGES)), st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8))
def test_a_broken_image_never_raises(kind: str, changes: list[tuple[int, int]]) -> None:
    body = bytearray(IMAGES[kind])
    for place, value in changes:
        body[place % len(body)] = value
    count_pixels(bytes(body))


def test_without_pillow_there_are_no_colors_and_the_log_says_so_once() -> None:
    program = (
        "import sys, logging; logging.basicConfig(); sys.modules['PIL'] = None\n"
        "from widget.artwork.dominant_color import count_pixels\n"
        "print([count_pixels(b'x') for _ in range(3)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[None, None, None]"
    assert done.stderr.count("Pillow is not installed") == 1


def test_pillow_is_not_loaded_before_there_is_an_image() -> None:
    program = "import sys; import widget.app; print('PIL' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )
