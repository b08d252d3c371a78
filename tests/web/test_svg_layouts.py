"""The layout of the SVG: nothing sticks out or overlaps, for every look and any text."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.web_harness import ARABIC, EPISODE, LONG, advertisement, idle, item, paused, playing
from widget.model.playback import PlayedItem
from widget.model.snapshot import Snapshot
from widget.model.sources import SPOTIFY, SourceInfo
from widget.web.embed.i18n import get_translations
from widget.web.embed.options import WidgetOptions
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.layouts import draw_layout
from widget.web.embed.svg.shapes import BARS_WIDTH, Drawing, Text
from widget.web.embed.svg.text import FIXED_WIDTH_THRESHOLD, TextLayout
from widget.web.embed.view_model import build_view_model

NOW = 1_795_000_000.0
ANOTHER = SourceInfo("inlet", "Everything that I listen to now", None)
Place = tuple[float, float, float, float]
"""Left, top, right, bottom."""

letters = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=40)
some_text = letters | letters.map(lambda text: " and ".join([text] * 20))
queries = st.fixed_dictionaries(
    {
        "layout": st.sampled_from(["card", "compact", "cover", "list", "pill"]),
        "radius": st.sampled_from(["0", "12", "32"]),
        "scale": st.sampled_from(["0.75", "1", "3"]),
        "font": st.sampled_from(["system", "mono"]),
        "without": st.sampled_from(["", "artwork", "label", "progress", "times", "artwork,label,times"]),
    }
)


def drawn(
    snapshot: Snapshot, query: dict[str, str] | None = None, lang: str = "en", source: SourceInfo = SPOTIFY
) -> tuple[Drawing, TextLayout]:
    options, spoken = WidgetOptions.from_query(query or {}), get_translations(lang)
    scene = SvgContext(build_view_model(snapshot, options, spoken, NOW, source), options, spoken, 100_000)
    return draw_layout(scene), scene.layout


def place_of(text: Text, layout_of_text: TextLayout) -> Place:
    width = text.length or layout_of_text.width(text.text, text.style)
    left = {"left": text.x, "right": text.x - width, "middle": text.x - width / 2}[text.style.anchor]
    return left, text.y - 0.75 * text.style.size, left + width, text.y + 0.2 * text.style.size


def places(drawing: Drawing, layout_of_text: TextLayout) -> dict[str, Place]:
    """All that is drawn, less what takes the place of something else in time, or lies on it on purpose."""
    found = {
        f"text {number} {text.text[:10]}": place_of(text, layout_of_text)
        for number, text in enumerate(drawing.texts)
        if text.text and text.style.moment != "then" and text.style.kind != "ink"
    }
    for number, cover in enumerate(drawing.covers):
        found[f"cover {number}"] = (cover.x, cover.y, cover.x + cover.side, cover.y + cover.side)
    if (bars := drawing.bars) is not None:
        found["bars"] = (bars.x, bars.bottom - 3, bars.x + BARS_WIDTH, bars.bottom)
    if (icon := drawing.icon) is not None:
        found["icon"] = (icon.x, icon.y, icon.x + icon.size, icon.y + icon.size)
    for number, box in enumerate([*drawing.boxes, *([drawing.line] if drawing.line else [])]):
        found[f"box {number}"] = (box.x, box.y, box.x + box.width, box.y + box.height)
    return found


def overlap(one: Place, other: Place) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0.01 and down > 0.01


@settings(max_examples=300)
@given(
    some_text,
    some_text,
    st.booleans(),
    queries,
    st.sampled_from(["en", "ar"]),
    st.sampled_from([SPOTIFY, ANOTHER]),
    st.sampled_from(["playing", "paused", "last"]),
)
def test_nothing_leaves_the_picture_and_nothing_lies_on_anything_else(
    title: str, artist: str, explicit: bool, query: dict[str, str], lang: str, source: SourceInfo, state: str
) -> None:
    what = item(title, (artist,), explicit=explicit)
    snapshot = {"playing": playing(NOW, what), "paused": paused(NOW, what), "last": idle(NOW, what)}[state]
    snapshot = replace(snapshot, recent=tuple(PlayedItem(what, NOW - 100 * number) for number in range(3)))
    drawing, layout_of_text = drawn(snapshot, query, lang, source)
    found = places(drawing, layout_of_text)
    for name, (left, top, right, bottom) in found.items():
        assert left >= 0, name
        assert right <= drawing.width, name
        assert top >= 0, name
        assert bottom <= drawing.height, name
    assert not [pair for pair in combinations(found, 2) if overlap(found[pair[0]], found[pair[1]])]


@pytest.mark.parametrize("layout", ["card", "compact", "cover", "list"])
@pytest.mark.parametrize("what", [LONG, EPISODE, ARABIC], ids=["long", "episode", "arabic"])
def test_a_line_is_fixed_in_width_where_a_font_could_make_it_too_long(layout: str, what: object) -> None:
    drawing, layout_of_text = drawn(playing(NOW, what), {"layout": layout})  # type: ignore[arg-type]
    for text in drawing.texts:
        if text.length is None:
            left, _, right, _ = place_of(text, layout_of_text)
            assert (right - left) / FIXED_WIDTH_THRESHOLD <= drawing.width - left


@pytest.mark.parametrize(
    ("query", "size"),
    [({}, (420, 140)), ({"layout": "compact"}, (420, 56)), ({"layout": "list"}, (420, 56))],
)
@pytest.mark.parametrize(
    "snapshot", [playing(NOW), paused(NOW, LONG), idle(NOW, item()), idle(NOW), advertisement(NOW)]
)
def test_the_height_is_the_same_whatever_is_shown(
    query: dict[str, str], size: tuple[float, float], snapshot: Snapshot
) -> None:
    drawing, _ = drawn(snapshot, query)
    assert (drawing.width, drawing.height) == size


@pytest.mark.parametrize("artist", ["A", "Nova & the Tin Moons", "Mara Lindqvist", "Ines"])
@pytest.mark.parametrize("title", ["Orbit Song", "Tides", "One, two"])
def test_a_pill_that_has_room_cuts_no_word_and_sets_its_dot_in_the_middle(title: str, artist: str) -> None:
    drawing, layout_of_text = drawn(paused(NOW, item(title, (artist,))), {"layout": "pill"})
    texts = {text.text: place_of(text, layout_of_text) for text in drawing.texts}
    assert drawing.width < 320
    assert list(texts) == [title, "·", artist]
    (_, _, before, _), (left, _, right, _), (after, _, _, _) = texts.values()
    assert left - before == pytest.approx(after - right, abs=0.1)


def test_the_cover_is_as_high_as_its_text_needs() -> None:
    one, two = (drawn(playing(NOW, what), {"layout": "cover"})[0] for what in (item(), LONG))
    assert one.height == pytest.approx(320 + 103, abs=0.5)
    assert two.height == pytest.approx(320 + 127, abs=0.8)


def test_the_measures_of_the_card() -> None:
    drawing, _ = drawn(playing(NOW, LONG))
    (cover,), icon, bars, line = drawing.covers, drawing.icon, drawing.bars, drawing.line
    assert (cover.x, cover.y, cover.side, cover.radius) == (14, 14, 112, 4)
    assert icon is not None
    assert bars is not None
    assert line is not None
    assert (icon.x, icon.y, icon.size) == (385, 14, 21)
    assert (bars.x, bars.height) == (142, 10)
    assert (line.height, line.y + 2) == (4, 120)
    sizes = [
        (text.style.size, text.style.weight, text.style.kind) for text in drawing.texts if text.style.kind != "ink"
    ]
    assert sizes == [
        *[(12, 400, "muted")] * 2,
        (12, 600, "muted"),
        (12, 600, "accent"),
        *[(16, 650, "title")] * 2,
        (14, 400, "muted"),
    ]


def test_the_state_line_names_pauses_and_what_was_played_last() -> None:
    for snapshot, label, bars in ((paused(NOW), "Paused", True), (idle(NOW, item()), "Last played", False)):
        for layout in ("card", "cover", "compact"):
            drawing, _ = drawn(snapshot, {"layout": layout})
            assert [text for text in drawing.texts if text.text.startswith(label)]
            assert (drawing.bars is not None) is bars


def test_what_follows_on_a_line_begins_where_the_words_before_it_end() -> None:
    drawing, _ = drawn(paused(NOW, LONG), {"layout": "compact"})
    lead, artists = (
        next(text for text in drawing.texts if text.text.startswith(begin)) for begin in ("Paused", "Para")
    )
    assert lead.length is not None
    assert artists.x == pytest.approx(lead.x + lead.length + 14 + 6)


def test_tall_scripts_have_higher_lines() -> None:
    def between(what: object) -> float:
        titles = [text.y for text in drawn(playing(NOW, what))[0].texts if text.style.kind == "title"]  # type: ignore[arg-type]
        return titles[1] - titles[0]

    assert between(LONG) == pytest.approx(1.3 * 16)
    assert between(item("คืนที่ฝนตกหนักที่สุดในรอบสิบปีกับผู้เป็นที่รัก")) == pytest.approx(1.5 * 16)


def test_mirrored_twice_is_as_before() -> None:
    drawing, _ = drawn(playing(NOW, LONG), {"layout": "list"})
    assert drawing.mirrored().mirrored() == drawing
