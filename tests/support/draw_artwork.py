"""``python -m tests.support.draw_artwork``: draw the artwork of the invented music as JPEG files."""

import math

from tests.support.browser import chromium
from widget.samples.artwork import FOLDER, WIDTHS

SIDE = 640
QUALITY = {640: 72, 300: 78, 64: 80}


def _wave(height: float, swing: float, phase: float) -> str:
    points = [
        f"{x},{height + swing * math.sin(x / 95 + phase) + swing * 0.4 * math.sin(x / 41 + 2 * phase):.1f}"
        for x in range(0, SIDE + 1, 8)
    ]
    return f"0,{SIDE} {' '.join(points)} {SIDE},{SIDE}"


def _tides() -> str:
    colors = ("#2e6f95", "#27597f", "#1f4667", "#183651", "#10263b")
    waves = "".join(
        f'<polygon points="{_wave(300 + 68 * row, 26 - 3 * row, 1.3 * row)}" fill="{color}"/>'
        for row, color in enumerate(colors)
    )
    return f'<rect width="640" height="640" fill="#f3c9a5"/><circle cx="430" cy="210" r="96" fill="#e4694b"/>{waves}'


def _viaduct() -> str:
    arches = "".join(f'<path d="M{x} 640V400a52 52 0 0 1 104 0v240z" fill="#f5d76e"/>' for x in range(-20, 660, 132))
    sun = '<circle cx="320" cy="170" r="80" fill="#fff3c4"/>'
    return (
        f'<rect width="640" height="640" fill="#f5d76e"/>{sun}<rect y="300" width="640" height="340" fill="#7a2e3a"/>{arches}'
        '<rect y="286" width="640" height="22" fill="#51202a"/><path d="M0 640q320-70 640 0z" fill="#3f7a5a"/>'
    )


def _maps() -> str:
    lines = "".join(
        '<path d="'
        + "M"
        + " L".join(
            f"{320 + (40 + 34 * ring) * (1 + 0.22 * math.sin(3 * a + ring / 3)) * math.cos(a):.0f},"
            f"{330 + (34 + 29 * ring) * (1 + 0.18 * math.cos(2 * a - ring / 4)) * math.sin(a):.0f}"
            for a in (math.tau * step / 72 for step in range(72))
        )
        + f'Z" fill="none" stroke="#2c4a3e" stroke-width="{5 if ring % 3 == 0 else 2.5}"/>'
        for ring in range(12)
    )
    return f'<rect width="640" height="640" fill="#dfe8d5"/>{lines}<circle cx="330" cy="330" r="15" fill="#c8442e"/>'


def _lantern() -> str:
    drops = "".join(
        f'<path d="M{(x * 83) % 640} {(x * 131) % 640}l-14 44" stroke="#7d9bd6" stroke-width="4" stroke-linecap="round"/>'
        for x in range(46)
    )
    return (
        f'<rect width="640" height="640" fill="#1b2140"/>{drops}<circle cx="320" cy="330" r="190" fill="#ffb454" opacity=".18"/>'
        '<circle cx="320" cy="330" r="130" fill="#ffb454" opacity=".3"/>'
        '<rect x="300" y="60" width="40" height="140" fill="#0e1226"/>'
        '<rect x="236" y="200" width="168" height="250" rx="70" fill="#ffca7a"/>'
        '<path d="M236 270h168M236 325h168M236 380h168" stroke="#c97a26" stroke-width="7"/>'
        '<rect x="268" y="186" width="104" height="26" rx="6" fill="#0e1226"/><rect x="268" y="440" width="104" height="26" rx="6" fill="#0e1226"/>'
    )


def _jasmine() -> str:
    flowers = "".join(
        f'<g transform="translate({x} {y}) rotate({x + y}) scale({scale})">'
        + "".join(
            f'<ellipse cy="-42" rx="22" ry="40" fill="#fffdf4" transform="rotate({72 * petal})"/>' for petal in range(5)
        )
        + '<circle r="15" fill="#f0b840"/></g>'
        for x, y, scale in (
            (180, 190, 1.3),
            (450, 140, 0.9),
            (330, 370, 1.7),
            (120, 470, 0.85),
            (530, 470, 1.15),
            (300, 570, 0.7),
        )
    )
    return f'<rect width="640" height="640" fill="#2f5d50"/><path d="M60 640V300a260 260 0 0 1 520 0v340z" fill="#417a68"/>{flowers}'


def _orbit() -> str:
    rings = "".join(
        f'<ellipse cx="320" cy="320" rx="{r}" ry="{r * 0.42:.0f}" fill="none" stroke="#b9a7ff" stroke-width="4" '
        f'transform="rotate(-24 320 320)" opacity="{1 - r / 420:.2f}"/>'
        for r in (150, 205, 260, 320)
    )
    stars = "".join(
        f'<circle cx="{(n * 97) % 640}" cy="{(n * 173) % 640}" r="{1.6 + n % 3}" fill="#fff"/>' for n in range(40)
    )
    return (
        f'<rect width="640" height="640" fill="#2a1650"/>{stars}{rings}<circle cx="320" cy="320" r="92" fill="#ff7ab6"/>'
        '<circle cx="452" cy="232" r="25" fill="#ffd166"/><circle cx="130" cy="428" r="17" fill="#66e0c2"/>'
    )


DRAWINGS = {
    "tides": _tides,
    "viaduct": _viaduct,
    "maps": _maps,
    "lantern": _lantern,
    "jasmine": _jasmine,
    "orbit": _orbit,
}


def draw() -> None:
    """Draw all of them in all sizes."""
    FOLDER.mkdir(exist_ok=True)
    with chromium() as browser:
        page = browser.new_page()
        for name, drawing in DRAWINGS.items():
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": width})
                svg = f'<svg viewBox="0 0 640 640" style="position:fixed;inset:0;width:100%">{drawing()}</svg>'
                page.set_content(svg)
                page.screenshot(path=FOLDER / f"{name}-{width}.jpg", type="jpeg", quality=QUALITY[width])


if __name__ == "__main__":
    draw()
