"""``/now-playing.svg``: well-formed for any text, within its frame, within its size."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fake_clock import FakeClock
from tests.support.web_harness import (
    ARABIC,
    EMOJI,
    LOCAL,
    LONG,
    MARKUP,
    WebHarness,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from widget.artwork.fetcher import ArtworkFile
from widget.model.playback import Artwork, PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import INLET, LASTFM, LISTENBRAINZ
from widget.web.embed.i18n import get_translations
from widget.web.embed.options import Layout, WidgetOptions
from widget.web.embed.palette import palette
from widget.web.embed.svg.components import SvgContext
from widget.web.embed.svg.renderer import render_svg
from widget.web.embed.svg.text import strip_invalid_xml
from widget.web.embed.view_model import build_view_model

SVG = "{http://www.w3.org/2000/svg}"
NOW = 1_795_000_000.0
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
# Everything that Spotify's JSON can hold, lone surrogates and control characters included.
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


async def get(harness: WebHarness, query: str = "", **headers: str) -> httpx.Response:
    async with harness.client(**headers) as client:
        return await client.get(f"/now-playing.svg{query}")


def texts(svg: bytes) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


def scene(
    snapshot: Snapshot, query: Mapping[str, str], lang: str = "en", ends_in_ms: int | None = 150_000
) -> SvgContext:
    options, spoken = WidgetOptions.from_query(query), get_translations(lang)
    return SvgContext(build_view_model(snapshot, options, spoken, NOW), options, spoken, ends_in_ms)


def jpeg(size: int) -> ArtworkFile:
    return ArtworkFile(b"\xff" * size, "image/jpeg")


any_query = st.fixed_dictionaries(
    {
        "layout": st.sampled_from(LAYOUTS),
        "background": st.sampled_from(["art", "card", "none", "vivid", "glass", "336699"]),
        "radius": st.sampled_from(["0", "12", "32"]),
        "scale": st.sampled_from(["0.75", "1", "3"]),
        "font": st.sampled_from(["system", "mono"]),
        "without": st.sampled_from(["", "artwork", "label", "progress", "times", "artwork,label,progress,times"]),
    }
)


@settings(max_examples=200, deadline=None)
@given(any_text, any_text, any_query, st.booleans(), st.sampled_from(["en", "ar"]))
def test_any_text_in_any_look_gives_well_formed_xml(
    title: str, artist: str, query: dict[str, str], explicit: bool, lang: str
) -> None:
    what = item(title, (artist,), explicit=explicit)
    snapshot = playing(NOW, what, recent=(PlayedItem(what, NOW - 100),))
    root = ElementTree.fromstring(render_svg(scene(snapshot, query, lang), {}, "#204060"))  # noqa: S314
    _, _, width, height = (float(number) for number in root.get("viewBox", "").split())
    scale = float(query["scale"])
    assert float(root.get("width", "")) == pytest.approx(width * scale, abs=0.01)
    assert float(root.get("height", "")) == pytest.approx(height * scale, abs=0.01)


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a\x00b\x1f", "ab"), ("\ud83e", "\ufffd"), ("\ufffe]]>", "]]>"), ("tab\tand 🪐", "tab\tand 🪐")],
)
def test_what_xml_cannot_hold_is_left_out(text: str, clean: str) -> None:
    assert strip_invalid_xml(text) == clean


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("what", [LONG, EMOJI, ARABIC, MARKUP, LOCAL], ids=lambda what: what.title[:12])
async def test_screen_readers_get_all_of_it(harness: WebHarness, layout: str, what: object) -> None:
    harness.show(playing(harness.clock.now(), what))  # type: ignore[arg-type]
    root = ElementTree.fromstring((await get(harness, f"?layout={layout}")).content)  # noqa: S314
    assert root.findtext(f"{SVG}title") == "Now playing"
    told = root.findtext(f"{SVG}desc") or ""
    assert told.startswith(what.title)  # type: ignore[attr-defined]
    assert root.get("role") == "img"


async def test_a_long_title_has_two_lines_and_an_ellipsis(harness: WebHarness) -> None:
    shown = texts((await get(harness.show(playing(harness.clock.now(), LONG)))).content)
    lines = [text for text in shown if text.removesuffix("…") in LONG.title and len(text) > 10]
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert LONG.title.startswith(f"{lines[0]} {lines[1][:-1]}")


async def test_the_artwork_is_inside_whole_and_fetched_once(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    first, second = await get(harness), await get(harness, "?theme=dark")
    for answer in (first, second):
        data = re.search(r'href="data:image/jpeg;base64,([^"]+)"', answer.text)
        assert data is not None
        assert base64.b64decode(data[1]).startswith(b"\xff\xd8\xff")
    assert 'preserveAspectRatio="xMidYMid meet"' in first.text
    assert harness.simulator.requests == ["/image/tides-300"]


@pytest.mark.parametrize(("layout", "width"), [("card", 300), ("compact", 64), ("cover", 300)])
async def test_the_smallest_artwork_that_is_large_enough_is_taken(harness: WebHarness, layout: str, width: int) -> None:
    harness.show(playing(harness.clock.now()))
    await get(harness, f"?layout={layout}")
    assert harness.simulator.requests == [f"/image/tides-{width}"]


def test_an_artwork_that_would_make_it_too_large_gives_way_to_the_drawing() -> None:
    playing_now = scene(playing(NOW), {})
    assert b"<image" in render_svg(playing_now, {item(): jpeg(30_000)})
    large = render_svg(playing_now, {item(): jpeg(60_000)})
    assert b"<image" not in large
    assert b'class="note"' in large


@pytest.mark.parametrize("size", [3_000, 6_000, 20_000, 44_000, 60_000, 2_000_000])
@pytest.mark.parametrize("letter", ["a", "&", "\U000e0100", "\U0001f469\u200d", "\u0301"])
def test_it_is_never_larger_than_60_kib(size: int, letter: str) -> None:
    whats = [item(f"{number}{letter * 2000}", (letter * 2000,), explicit=True) for number in range(11)]
    recent = tuple(PlayedItem(what, NOW - 100) for what in whats[1:])
    body = render_svg(
        scene(playing(NOW, whats[0], recent=recent), {"layout": "list", "background": "none"}),
        dict.fromkeys(whats, jpeg(size)),
    )
    assert len(body) <= 60 * 1024


def test_the_rows_artworks_give_way_before_what_plays() -> None:
    whats = [item(str(number)) for number in range(4)]
    snapshot = playing(NOW, whats[0], recent=tuple(PlayedItem(what, NOW - 100) for what in whats[1:]))
    body = render_svg(
        scene(snapshot, {"layout": "list"}), dict(zip(whats, map(jpeg, (9_000, 9_000, 50_000, 9_000)), strict=True))
    )
    squares = ElementTree.fromstring(body).findall(f".//{SVG}g[@clip-path]")  # noqa: S314
    assert [
        square.find(f"{SVG}image") is not None
        for square in squares
        if square.find(f"{SVG}rect[@class='empty']") is not None
    ] == [True, True, False, True]


async def test_a_missing_artwork_is_drawn(harness: WebHarness) -> None:
    missing = item(artwork=(Artwork("https://i.scdn.co/image/none", 300, 300),))
    answer = await get(harness.show(playing(harness.clock.now(), missing)))
    assert answer.status_code == 200
    assert "<image" not in answer.text
    assert 'class="note"' in answer.text


async def test_it_is_always_200_and_unavailable_looks_idle(harness: WebHarness) -> None:
    problem = SourceProblem("needs_authorization", "Authorize again, owner.")
    answer = await get(harness.show(Snapshot(None, problem)))
    assert answer.status_code == 200
    assert "Nothing playing" in answer.text
    assert "owner" not in answer.text


async def test_its_headers_suit_a_readme(harness: WebHarness) -> None:
    answer = await get(harness.show(playing(harness.clock.now())))
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, s-maxage=1"
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert answer.headers["content-security-policy"] == policy
    assert answer.headers["etag"].startswith('W/"')
    again = await get(harness, if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


async def test_another_state_has_another_etag(harness: WebHarness) -> None:
    now = harness.clock.now()
    snapshots = (playing(now), playing(now, progress_ms=150_000), paused(now), idle(now), idle(now, item()))
    tags = [(await get(harness.show(snapshot))).headers["etag"] for snapshot in snapshots]
    assert len(set(tags)) == len(tags)


async def test_it_loads_and_runs_nothing(harness: WebHarness) -> None:
    answer = await get(harness.show(playing(harness.clock.now(), MARKUP)))
    assert not re.search(r"(?:href|src)=\"(?!data:|#)", answer.text)
    assert "<script" not in answer.text.replace("&lt;script", "")
    assert "url(http" not in answer.text


def seconds(svg: str, name: str) -> list[float]:
    """When the animations called ``name`` end, in s."""
    found = re.findall(rf"animation:{name} ([0-9.]+)(m?)s [a-z-]+(?:\(\d+\))?(?: (-?[0-9.]+)(m?)s)?(?: (\d+))?", svg)
    one = {"m": 0.001, "": 1.0}
    return [float(lasts) * one[m] * int(times or 1) + float(delay or 0) * one[n] for lasts, m, delay, n, times in found]


async def test_all_that_moves_stops_when_the_item_has_ended(harness: WebHarness) -> None:
    usual = (await get(harness.show(playing(harness.clock.now())))).text  # 61 s of 214 s have passed.
    assert "infinite" not in usual
    assert seconds(usual, "go") == [pytest.approx(153, abs=0.6)]
    assert 150 < seconds(usual, "b0")[0] == seconds(usual, "b1")[0] <= 156
    assert seconds(usual, "gone") == seconds(usual, "come") == [pytest.approx(156.001)]


@pytest.mark.parametrize("length_ms", [15_000, 30_000, 214_000, 3_600_000])
@pytest.mark.parametrize("scale", ["1", "3"])
def test_the_line_moves_a_pixel_at_most_and_in_time_with_the_bars(length_ms: int, scale: str) -> None:
    snapshot = playing(NOW, item(duration_ms=length_ms), 1_000)
    svg = render_svg(scene(snapshot, {"scale": scale}), {}).decode()
    (lasts, steps), (beat,) = re.findall(r"go ([0-9.]+)ms steps\((\d+)\)", svg)[0], re.findall(r"b0 (\d+)ms", svg)
    begin, end = (
        re.findall(r'class="line accent" [^>]*width="([0-9.]+)"', svg)[0],
        re.findall(r"{width:([0-9.]+)px", svg)[0],
    )
    assert (float(end) - float(begin)) * float(scale) / int(steps) <= 1.01
    step = float(lasts) / int(steps)
    assert (int(beat) / step).is_integer()
    assert step <= int(beat) / 2


async def test_motion_off_stops_the_bars_and_not_the_progress(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    usual, still = (await get(harness)).text, (await get(harness, "?motion=off")).text
    assert "@media (prefers-reduced-motion:no-preference){.b0{animation" in usual
    assert "animation:b" not in still
    assert seconds(still, "go") == [pytest.approx(153, abs=0.6)]


def test_without_a_known_end_the_bars_stop_all_the_same() -> None:
    svg = render_svg(scene(playing(NOW, progress_ms=None), {}, ends_in_ms=None), {}).decode()
    assert 0 < seconds(svg, "b0")[0] <= 600
    assert 'class="then"' not in svg
    assert "now" not in re.findall(r'class="([^"]*)"', svg)


def test_an_item_that_has_ended_becomes_last_played_without_a_request() -> None:
    svg = render_svg(scene(playing(NOW), {}), {}).decode()
    label, then = (re.search(rf'<text class="[a-z]+ semi {moment}"[^>]*>([^<]*)', svg) for moment in ("now", "then"))
    assert label is not None
    assert then is not None
    assert (label[1], then[1]) == ("Now playing", "Last played")


def test_what_waits_is_hidden_twice_for_renderers_that_read_one_attribute_alone() -> None:
    svg = render_svg(scene(playing(NOW), {}), {}).decode()
    waiting = re.findall(r'<(?:g|text)[^>]* opacity="0"[^>]*>', svg)
    assert len(waiting) == 2
    assert all(
        ' visibility="hidden"' in element and re.search(r'class="[^"]*\b(then|bars)\b', element) for element in waiting
    )
    assert ".then,.bars{visibility:visible}" in svg


async def test_nothing_moves_where_nothing_plays(harness: WebHarness) -> None:
    now = harness.clock.now()
    for snapshot in (paused(now), idle(now, item()), advertisement(now)):
        assert "animation" not in (await get(harness.show(snapshot))).text


async def test_hidden_is_a_picture_that_takes_no_room(harness: WebHarness) -> None:
    answer = await get(harness.show(idle(harness.clock.now(), item())), "?idle=hide")
    root = ElementTree.fromstring(answer.content)  # noqa: S314
    assert root.get("height") == "1"
    assert texts(answer.content) == []


async def test_the_background_is_the_chosen_one(harness: WebHarness) -> None:
    await harness.show(playing(harness.clock.now())).find_color()
    art = harness.artwork.color(item())
    for query, ground in (
        ("?theme=light", palette("light", "art", None, art).background),
        ("?theme=dark", palette("dark", "art", None, art).background),
        ("?theme=light&background=card", "#ffffff"),
        ("?theme=dark&background=card", "#191414"),
        ("?background=20639b", "#20639b"),
    ):
        assert re.findall(r'class="ground"[^>]* fill="([^"]*)"', (await get(harness, query)).text) == [ground]
    bare = (await get(harness, "?background=none")).text
    assert 'class="ground"' not in bare
    assert 'filter="url(#halo)"' in bare
    both = (await get(harness)).text
    grounds = [palette(scheme, "art", None, art).background for scheme in ("light", "dark")]
    assert re.findall(r'class="ground"[^>]* fill="([^"]*)"', both) == grounds[:1]
    assert re.findall(r"\.ground{fill:([^;]*);", both) == grounds[1:]
    assert "@media (prefers-color-scheme:dark)" in both


async def test_a_new_color_is_a_new_picture(harness: WebHarness) -> None:
    before = await get(harness.show(playing(harness.clock.now())))
    after = await get(await harness.find_color())
    assert before.headers["etag"] != after.headers["etag"]


async def test_languages_from_the_right_are_mirrored(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), ARABIC))
    left, right = (await get(harness)).text, (await get(harness, "?lang=ar")).text
    assert '<rect class="empty" x="14"' in left
    assert '<rect class="empty" x="294"' in right
    # The anchor is that of the real side, for renderers without a direction; the sheet says it as browsers count.
    assert re.search(r'class="title bold rtl" x="142"(?![^>]* text-anchor)', left)
    assert re.search(r'class="title bold rtl" x="278"[^>]* text-anchor="end"', right)
    assert " direction=" not in left + right
    assert ".rtl{direction:rtl;text-anchor:end}" in left
    assert "@keyframes go{to{width:" in left
    assert "@keyframes go{to{x:" in right


async def test_the_still_picture_stands_in_attributes(harness: WebHarness) -> None:
    svg = (await get(harness.show(playing(harness.clock.now(), LONG)), "?theme=light")).text
    sheet = svg[svg.index("<style>") : svg.index("</style>")]
    rest = svg.replace(sheet, "")
    assert not re.search(r"^(?!@)[^{]+{", re.sub(r"@[^{]+{(?:[^{}]*{[^{}]*})*[^{}]*}", "", sheet), re.MULTILINE)
    assert "letter-spacing" not in svg
    assert "rgba(" not in rest
    assert 'href="' not in rest.replace('xlink:href="', "")
    for element in re.findall(r"<(?:text|rect)[^>]*>", rest[rest.index('class="ground"') :]):
        assert "fill=" in element or "class=" not in element or 'class="bar"' in element


def test_the_icon_is_never_smaller_than_21_pixels_on_the_screen() -> None:
    for layout in LAYOUTS:
        for scale in ("0.75", "1", "2"):
            svg = render_svg(scene(playing(NOW), {"layout": layout, "scale": scale}), {}).decode()
            drawn = re.search(r'class="icon" transform="[^"]*scale\(([0-9.]+)\)"', svg)
            assert drawn is not None
            assert float(drawn[1]) * 24 * float(scale) >= 20.99


def test_a_source_without_an_icon_has_its_name_and_nobody_else_s() -> None:
    options, spoken = WidgetOptions.from_query({}), get_translations("en")
    for layout in LAYOUTS:
        options = WidgetOptions.from_query({"layout": layout})
        view = build_view_model(playing(NOW, progress_ms=None), options, spoken, NOW, LISTENBRAINZ)
        svg = render_svg(SvgContext(view, options, spoken), {})
        assert "ListenBrainz" in texts(svg)
        assert b'class="icon"' not in svg
        assert b"potify" not in svg


@pytest.mark.parametrize(("label", "shown"), [("Kitchen", ["Kitchen", "1:02", "3:34"]), ("", ["1:02", "3:34"])])
def test_a_source_without_an_icon_has_line_and_times_too(label: str, shown: list[str]) -> None:
    options, spoken = WidgetOptions.from_query({"layout": "card"}), get_translations("en")
    snapshot = playing(NOW, item(duration_ms=214_000), progress_ms=62_000)
    view = build_view_model(snapshot, options, spoken, NOW, replace(INLET, label=label))
    svg = render_svg(SvgContext(view, options, spoken), {})
    assert [text for text in texts(svg) if text in ("1:02", "3:34", "Kitchen", "Inlet", "Listening")] == shown
    assert view.has_line


@pytest.mark.parametrize("recent", [(), (PlayedItem(item(), NOW - 100),)], ids=["without rows", "with a row"])
@pytest.mark.parametrize("layout", ["card", "cover", "list"])
def test_the_credit_that_a_source_is_due_stands_beside_its_name(layout: str, recent: tuple[PlayedItem, ...]) -> None:
    options, spoken = WidgetOptions.from_query({"layout": layout}), get_translations("en")
    snapshot = playing(NOW, progress_ms=None, recent=recent)
    svg = render_svg(SvgContext(build_view_model(snapshot, options, spoken, NOW, LASTFM), options, spoken), {})
    assert any("powered by AudioScrobbler" in text for text in texts(svg))
    assert any("Last.fm" in text for text in texts(svg))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_left_out_is_not_drawn(layout: str) -> None:
    def drawn(without: str) -> tuple[str, list[str]]:
        svg = render_svg(scene(playing(NOW), {"layout": layout, "without": without}), {})
        return svg.decode(), texts(svg)

    assert ('class="empty"' in drawn("")[0]) is (layout != "pill")
    assert 'class="empty"' not in drawn("artwork")[0]
    assert "Now playing" not in drawn("label")[1]
    assert 'class="track"' not in drawn("progress")[0]
    assert "1:01" not in drawn("times")[1]
    for without in ("artwork", "label", "progress", "times", "artwork,label,progress,times"):
        assert 'class="icon"' in drawn(without)[0]
        assert item().title in drawn(without)[1]


def test_the_list_has_a_row_for_each_item_and_is_compact_without_any() -> None:
    recent = tuple(PlayedItem(item(f"Song {number}"), NOW - 60 * number) for number in range(1, 6))
    full = render_svg(scene(playing(NOW, recent=recent), {"layout": "list"}), {})
    assert ElementTree.fromstring(full).get("height") == str(72 + 40 * 5)  # noqa: S314
    assert [text for text in texts(full) if text.endswith(" min")] == [f"{number} min" for number in range(1, 6)]
    empty, compact = (render_svg(scene(playing(NOW), {"layout": layout}), {}) for layout in ("list", "compact"))
    assert empty == compact


async def test_a_minute_later_the_list_is_another_picture(harness: WebHarness) -> None:
    assert isinstance(harness.clock, FakeClock)
    now = harness.clock.now()
    harness.show(replace(idle(now, item()), recent=(PlayedItem(item("Before"), now - 100),)))
    before = await get(harness, "?layout=list")
    await harness.clock.advance(60)
    after = await get(harness, "?layout=list", if_none_match=before.headers["etag"])
    assert (before.status_code, after.status_code) == (200, 200)
