"""Page and picture of one moment show the same text in the same places, weights and colors."""

import io
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import Live
from tests.support.web_harness import ARABIC, EPISODE, JAPANESE, advertisement, idle, item, paused, playing
from tests.support.widget_frames import framed
from widget.artwork.dominant_color import ArtworkColors
from widget.model.snapshot import Snapshot

ART = "#c0603a"
GROUNDS = ("art", "card", "vivid", "336699", "none")
EXPLICIT = item("Tides of Glass", ("Mara Lindqvist", "Parallel Weather"), explicit=True)
STATES: Mapping[str, tuple[Callable[[float], Snapshot], str]] = {
    "playing": (lambda now: playing(now, EXPLICIT), "en"),
    "paused": (lambda now: paused(now, EXPLICIT), "de"),
    "last": (lambda now: idle(now, replace(EPISODE, title="Slow Maps")), "fr"),
    "nothing": (lambda now: idle(now), "en"),
    "ad": (lambda now: advertisement(now), "en"),
    "right to left": (lambda now: paused(now, ARABIC), "ar"),
    "japanese": (lambda now: paused(now, replace(JAPANESE, title="雨の灯り")), "ja"),
}
"""What is shown, by the time at which a test shows it, and in which language."""
LINES = """(words) => {
  const seen = [];
  for (const element of document.querySelectorAll(words)) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const drawn = element.tagName === 'text' ? element : range;
    const {left, right, top, bottom} = drawn.getBoundingClientRect();
    const {fontSize, fontWeight, color, fill, opacity} = getComputedStyle(element);
    if (right === left || opacity === '0') continue;
    const text = element.textContent.replace(/\\u2002·\\u2002$/, '');
    const ink = element.tagName === 'text' ? fill : color;
    seen.push({text, left, right, middle: (top + bottom) / 2, size: fontSize, weight: fontWeight, ink});
  }
  const line = ({middle}) => Math.round(middle / 8);
  return seen.sort((one, other) => line(one) - line(other) || one.left - other.left);
}"""


def lines_of(page: Page, address: str, words: str) -> list[dict[str, Any]]:
    page.goto(address)
    found: list[dict[str, Any]] = page.evaluate(LINES, words)
    return found


def said(line: dict[str, Any]) -> str:
    """Its words; of the times of an item that plays on alone that they are times: seconds pass between two looks."""
    return re.sub(r"^\d:\d\d$", "0:00", str(line["text"]))


@pytest.mark.parametrize("layout", ["card", "compact", "cover"])
@pytest.mark.parametrize("state", STATES)
def test_the_same_lines_words_places_and_weights(page: Page, live: Live, state: str, layout: str) -> None:
    shown, lang = STATES[state]
    live.show(shown(time.time()))
    page.set_viewport_size({"width": 320 if layout == "cover" else 420, "height": 500})
    query = f"layout={layout}&lang={lang}&motion=off&theme=light"
    words = ".label, .title, .explicit, .artists, time"
    # In a frame of its own, as on a host's page: opened by itself the widget stands elsewhere.
    page.goto(f"{live.url}/healthz")
    page.set_content(
        f'<body style="margin:0"><iframe src="{live.url}/widget?{query}" '
        f'style="display:block;border:0;width:100vw;height:100vh"></iframe>'
    )
    frame = page.frames[-1]
    frame.wait_for_selector(".title")
    html = frame.evaluate(LINES, words)
    svg = lines_of(page, f"{live.url}/now-playing.svg?{query}", "text")
    assert [said(line) for line in svg] == [said(line) for line in html]
    for ours, theirs in zip(svg, html, strict=True):
        assert (ours["size"], ours["weight"]) == (theirs["size"], theirs["weight"]), ours["text"]
        assert ours["middle"] == pytest.approx(theirs["middle"], abs=2), ours["text"]
        side = "right" if lang == "ar" else "left"
        assert ours[side] == pytest.approx(theirs[side], abs=4), ours["text"]


@pytest.mark.parametrize("without", ["", "&without=times"])
@pytest.mark.parametrize(("layout", "width"), [("card", 420), ("compact", 420), ("cover", 320)])
def test_the_line_stands_in_one_place_with_the_times_and_without(
    page: Page, live: Live, layout: str, width: int, without: str
) -> None:
    live.show(paused(time.time(), EXPLICIT))
    page.set_viewport_size({"width": width, "height": 500})
    query = f"layout={layout}&motion=off&theme=light"
    box = (
        "(name) => { const {top, height} = document.querySelector(name).getBoundingClientRect(); return [top, height] }"
    )
    with framed(page, f"{live.url}/widget?{query}{without}", width, 500) as frame:
        html = frame.evaluate(box, ".line")
    page.goto(f"{live.url}/now-playing.svg?{query}")
    assert page.evaluate(box, ".track") == pytest.approx(html, abs=1)


def color_at(page: Page, x: int, y: int) -> tuple[int, ...]:
    with Image.open(io.BytesIO(page.screenshot(clip={"x": x, "y": y, "width": 2, "height": 2}))) as shot:
        return tuple(shot.convert("RGB").resize((1, 1)).tobytes())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("background", GROUNDS)
def test_ground_and_line_have_the_same_colors_within_a_shade(
    page: Page, live: Live, background: str, theme: str
) -> None:
    live.harness.artwork.set_colors(str(live.harness.artwork.key(EXPLICIT)), ArtworkColors(ART))
    live.show(paused(time.time(), EXPLICIT))
    query = f"background={background}&theme={theme}&motion=off"
    page.goto(f"{live.url}/healthz")
    page.set_content(
        f'<body style="margin:0;background:#987"><iframe src="{live.url}/widget?{query}" width="420" height="140" '
        f'style="display:block;border:0;color-scheme:{theme}"></iframe><img src="{live.url}/now-playing.svg?{query}">'
    )
    page.frames[-1].wait_for_selector(".title")
    page.wait_for_function("document.images[0].complete")
    for x, y in ((200, 4), (190, 119), (340, 119)):  # Ground, what has passed of the line, what has not.
        html, svg = color_at(page, x, y), color_at(page, x, 140 + y)
        near = 12 if background == "none" and y > 100 else 2  # A halo is soft: no two renderers agree on it wholly.
        assert max(abs(a - b) for a, b in zip(html, svg, strict=True)) <= near, (x, y, html, svg)
