"""``python -m tests.looks.covers``: thirty covers as cards, dark, light and vivid, to be looked at.

Each is drawn here, of a kind that made an earlier palette fail: skin, sepia, neon, a red dot on black.
"""

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.looks.contact_sheet import picture
from tests.support.browser import chromium
from tests.support.live_server import live_server
from tests.support.web_harness import WebHarness, item, playing
from widget.artwork.dominant_color import extract_colors
from widget.clock import SystemClock
from widget.model.playback import Artwork

SIDE = 300
Cover = Callable[[], Image.Image]


def gradient(*colors: str) -> Image.Image:
    """Draw colors from top to bottom, at equal distances."""
    strip = Image.new("RGB", (1, len(colors)))
    for row, color in enumerate(colors):
        strip.paste(color, (0, row, 1, row + 1))
    return strip.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def dots(ground: str, *parts: tuple[str, tuple[float, float, float]]) -> Image.Image:
    """Draw discs of a color, each at (x, y, radius) in parts of the side, on a ground."""
    image = Image.new("RGB", (SIDE, SIDE), ground)
    draw = ImageDraw.Draw(image)
    for color, (x, y, radius) in parts:
        draw.ellipse([(part * SIDE) for part in (x - radius, y - radius, x + radius, y + radius)], fill=color)
    return image


def bands(*parts: tuple[str, float]) -> Image.Image:
    """Draw bands from top to bottom, each of a share of the height."""
    image = Image.new("RGB", (SIDE, SIDE))
    draw, top = ImageDraw.Draw(image), 0.0
    for color, share in parts:
        draw.rectangle((0, top, SIDE, top + share * SIDE), fill=color)
        top += share * SIDE
    return image


def portrait(skin: str, hair: str, ground: str) -> Image.Image:
    """Draw a face before a background, blurred like a photograph."""
    parts = ((hair, (0.5, 0.42, 0.27)), (skin, (0.5, 0.5, 0.23)), (skin, (0.5, 1.0, 0.3)))
    return dots(ground, *parts).filter(ImageFilter.GaussianBlur(9))


def grainy(image: Image.Image) -> Image.Image:
    """Add the noise of a photograph."""
    noise = Image.effect_noise((SIDE, SIDE), 24).convert("RGB")
    return ImageChops.add(image, ImageChops.subtract(noise, Image.new("RGB", (SIDE, SIDE), "#707070")))


COVERS: Mapping[str, Cover] = {
    "sunset": lambda: gradient("#1d2b53", "#7e3f6b", "#e8683f", "#f9c86b"),
    "forest": lambda: grainy(gradient("#b9c7a4", "#3f5d35", "#22361f", "#142414")),
    "sea": lambda: gradient("#9fd3e6", "#3d86ac", "#114a73", "#0a2740"),
    "skin, light": lambda: portrait("#eac4a8", "#8a5a3a", "#d9d2c8"),
    "skin, brown": lambda: portrait("#a9714b", "#2a1a14", "#5b6a70"),
    "skin, dark": lambda: portrait("#5b3a29", "#120c0a", "#201915"),
    "neon": lambda: dots("#0b0714", ("#ff2bd6", (0.35, 0.45, 0.22)), ("#1de9ff", (0.66, 0.58, 0.18))),
    "pastel": lambda: gradient("#f7d6e0", "#f2e2f0", "#d4e6f7"),
    "red": lambda: gradient("#e01b24", "#c4161c"),
    "pink": lambda: gradient("#ff4fa3", "#ff7ac0"),
    "cyan": lambda: gradient("#00c8e8", "#19e3f0"),
    "lime": lambda: gradient("#b6ff00", "#98e600"),
    "yellow": lambda: gradient("#ffd500", "#ffe14d"),
    "orange": lambda: gradient("#ff7a00", "#ff9a2e"),
    "sepia": lambda: grainy(gradient("#d8c3a0", "#a58558", "#5f4729")),
    "black and white": lambda: grainy(gradient("#d8d8d8", "#8a8a8a", "#303030")),
    "red dot on black": lambda: dots("#0a0a0a", ("#e6121f", (0.5, 0.5, 0.085))),
    "black": lambda: gradient("#060606", "#060606"),
    "white": lambda: gradient("#fdfdfd", "#fdfdfd"),
    "cream with red": lambda: dots("#f4efe2", ("#c8102e", (0.72, 0.3, 0.1))),
    "night": lambda: dots("#0b1026", ("#f2e9c9", (0.7, 0.26, 0.08)), ("#18224a", (0.3, 1.0, 0.45))),
    "teal and orange": lambda: bands(("#0f6b6f", 0.55), ("#f08a24", 0.45)),
    "rainbow": lambda: bands(
        *((color, 1 / 6) for color in ("#e40303", "#ff8c00", "#ffed00", "#008026", "#004dff", "#750787"))
    ),
    "gold on black": lambda: dots("#0c0a07", ("#c9a227", (0.5, 0.5, 0.3)), ("#0c0a07", (0.5, 0.5, 0.24))),
    "mint": lambda: gradient("#bff0d8", "#8fdcc0"),
    "lavender": lambda: gradient("#d9ccf5", "#b7a3e6"),
    "warm gray": lambda: gradient("#b8b0a8", "#8f8780"),
    "olive": lambda: gradient("#7a7a2a", "#55551c"),
    "purple": lambda: gradient("#6a1fb0", "#3d0f73"),
    "navy with orange": lambda: dots("#12254a", ("#ff8a1f", (0.68, 0.62, 0.16))),
}


@lru_cache(maxsize=len(COVERS))
def encoded(name: str) -> bytes:
    """Return the cover of that name as a JPEG."""
    stream = BytesIO()
    COVERS[name]().save(stream, "JPEG", quality=92)
    return stream.getvalue()


def harness_of(name: str, clock: SystemClock) -> WebHarness:
    """Return an application that shows one cover, with its colors."""
    network = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(encoded(name))))
    track = item(
        name.capitalize(), ("Parallel Weather", "Ines Okafor"), artwork=(Artwork("https://i.scdn.co/image/1"),)
    )
    harness = WebHarness(clock, network=network).show(playing(clock.now(), replace(track, explicit=True), 92_000))
    harness.artwork.set_colors(harness.artwork.key(track) or "", extract_colors(encoded(name)))
    return harness


def make(folder: Path, scale: float) -> None:
    """Make a sheet for each theme and background, and one on a black and a white page for glass."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    looks = (("dark", "art"), ("light", "art"), ("dark", "vivid"), ("dark", "card"), ("light", "card"))
    with ExitStack() as stack, chromium(scale=scale) as browser:
        addresses = {name: stack.enter_context(live_server(harness_of(name, clock).app)) for name in COVERS}
        for theme, background in looks:
            frames = "".join(
                f'<iframe src="{url}/widget?theme={theme}&amp;background={background}&amp;lang=en" width="420" '
                f'height="140" style="border:0;color-scheme:{theme}"></iframe>'
                for url in addresses.values()
            )
            ground = {"dark": "#0d1117", "light": "#ffffff"}[theme]
            body = f'<body style="margin:16px;background:{ground};display:flex;flex-wrap:wrap;gap:14px">{frames}</body>'
            picture(browser, body, folder / f"covers-{theme}-{background}.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.looks.covers", description="Thirty covers, to be looked at.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("screenshots"), help="git ignores the default")
    parser.add_argument("scale", nargs="?", type=float, default=1.0, help="2 is as sharp as a telephone")
    given = parser.parse_args()
    make(given.folder, given.scale)
