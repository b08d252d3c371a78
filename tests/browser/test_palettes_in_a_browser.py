"""The computed colors are those of a browser with the page's style sheet, within a shade."""

import random

import pytest
from playwright.sync_api import Page

from widget.artwork.oklch import Oklch, parse_hex
from widget.web.embed.palette import COLOR_ROLES, SchemeName

PAINT = """colors => {
  const brush = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  return colors.map(color => {
    brush.fillStyle = color;
    brush.fillRect(0, 0, 1, 1);
    return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  });
}"""
CHANCE = random.Random(8)  # noqa: S311
EDGES = ("#ff5a00", "#e2ff00", "#0000ff", "#000000", "#ffffff", "#808080", "#2c1853")
ARTWORKS = (*EDGES, *(f"#{CHANCE.randrange(1 << 24):06x}" for _ in range(150)))


@pytest.mark.parametrize("column", ["light", "dark", "vivid"])
@pytest.mark.parametrize("part", ["ground", "text", "muted", "accent", "track"])
def test_a_browser_and_the_server_agree_within_a_shade(page: Page, column: SchemeName, part: str) -> None:
    role = getattr(COLOR_ROLES[column], part)
    painted = page.evaluate(PAINT, [role.css(art) for art in ARTWORKS])
    for art, theirs in zip(ARTWORKS, painted, strict=True):
        ours = role.of(Oklch.from_rgb(parse_hex(art)))
        assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1, (art, ours, theirs)
