"""Layouts, backgrounds and changes of the widget page in a real browser: pill, wide, list, ad, glass."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Frame, Page, Playwright, expect

from tests.browser.conftest import Live
from tests.support.browser import launched, stop_clock
from tests.support.host_page import host_page
from tests.support.web_harness import ARABIC, HEBREW, JAPANESE, LONG, advertisement, idle, item, paused, playing
from tests.support.widget_frames import boxes, framed, layout_problems
from widget.model.playback import Item, PlayedItem

BOX = """(selector) => {
  const {left, top, right, bottom, width, height} = document.querySelector(selector).getBoundingClientRect();
  return {left, top, right, bottom, width, height};
}"""
HEBREW_LINE = "שיר של אור ראשון על הגבעות שמעבר לנהר הרחוק"
DEVANAGARI_LINE = "बारिश की रात में टूटे हुए तारे और कुछ अनकही स्मृतियाँ दृष्टि में"
"""Two lines on a card of 600 px."""
STYLE = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"


def box(frame: Frame, selector: str) -> dict[str, float]:
    found: dict[str, float] = frame.evaluate(BOX, selector)
    return found


# ---- Pill ---------------------------------------------------------------------------------------------


def test_a_pill_is_one_line_as_wide_as_its_words(page: Page, live: Live) -> None:
    widths = {}
    for what in (item("Short", ("A",)), item(), LONG):
        live.show(playing(time.time(), what))
        with framed(page, f"{live.url}/widget?layout=pill", 320, 32) as frame:
            assert layout_problems(boxes(frame)) == []
            pill, title, artists = (box(frame, name) for name in (".widget", ".title", ".artists"))
            widths[what.title] = pill["width"]
            assert pill["height"] == 32
            assert abs((title["top"] + title["bottom"]) / 2 - (artists["top"] + artists["bottom"]) / 2) < 2
            assert frame.evaluate(STYLE, [".widget", "borderTopLeftRadius"]) == "16px"
            assert frame.evaluate("document.querySelector('.title').title") == what.title
            assert frame.locator(".artwork").count() == 0
    assert widths["Short"] < widths["Tides of Glass"] <= widths[LONG.title] == 320


CUT = """(selector) => {
  const {scrollWidth, clientWidth} = document.querySelector(selector);
  return scrollWidth > clientWidth;
}"""


@pytest.mark.parametrize("width", [240, 260, 280, 300, 320])
def test_a_pill_cuts_the_artists_before_the_title(page: Page, live: Live, width: int) -> None:
    live.show(playing(time.time(), item(artists=("Mara Lindqvist", "Parallel Weather", "The Signal Boxes"))))
    with framed(page, f"{live.url}/widget?layout=pill", width, 32) as frame:
        assert frame.evaluate(CUT, ".artists")
        natural = frame.evaluate("""() => {
          const title = document.querySelector('.title').cloneNode(true);
          title.style.cssText = 'position:absolute;width:max-content';
          document.querySelector('.text').append(title);
          const {width} = title.getBoundingClientRect();
          title.remove();
          return width;
        }""")
        assert box(frame, ".title")["width"] == natural


def test_a_larger_pill_has_an_artwork(page: Page, live: Live) -> None:
    with framed(page, f"{live.url}/widget?layout=pill&scale=1.125", 360, 36) as frame:
        assert box(frame, ".artwork")["height"] == pytest.approx(27)
        assert layout_problems(boxes(frame)) == []


# ---- Card ---------------------------------------------------------------------------------------------


def test_a_wide_card_has_a_larger_title_and_the_album(page: Page, live: Live) -> None:
    with framed(page, f"{live.url}/widget", 560, 140) as frame:
        assert frame.evaluate(STYLE, [".title", "fontSize"]) == "20px"
        assert frame.evaluate(STYLE, [".artists", "fontSize"]) == "15px"
        assert frame.evaluate(STYLE, [".album", "fontSize"]) == "13px"
        expect(frame.locator(".album")).to_have_text("Low Water")
        expect(frame.locator(".album")).to_be_visible()
        live.show(playing(time.time(), LONG))
        expect(frame.locator(".title")).to_have_text(LONG.title)
        expect(frame.locator(".album")).to_be_hidden()  # Two lines of title take its room.
        assert box(frame, ".widget")["height"] == 140
    with framed(page, f"{live.url}/widget", 559, 140) as frame:
        expect(frame.locator(".album")).to_be_hidden()


@pytest.mark.parametrize("title", [HEBREW_LINE, DEVANAGARI_LINE], ids=["hebrew", "devanagari"])
def test_a_wide_card_with_a_tall_title_keeps_its_size_however_often_it_is_measured(
    page: Page, live: Live, title: str
) -> None:
    live.show(playing(time.time(), item(title)))
    with framed(page, f"{live.url}/widget", 600, 140) as frame:
        seen = set()
        for _ in range(4):
            frame.evaluate("dispatchEvent(new Event('resize'))")
            seen.add((box(frame, ".widget")["height"], frame.evaluate(STYLE, [".title", "fontSize"])))
        assert seen == {(140, "20px")}
        assert layout_problems(boxes(frame)) == []


@pytest.mark.parametrize("width", [560, 600, 900])
def test_a_wide_card_is_right_before_its_script_runs_and_without(
    page_without_scripts: Page, live: Live, width: int
) -> None:
    """The album stays away from titles of perhaps two lines."""
    has_album = {}
    for title in ("Tides of Glass", HEBREW_LINE, f"{DEVANAGARI_LINE} {DEVANAGARI_LINE}", LONG.title, JAPANESE.title):
        live.show(playing(time.time(), item(title)))
        with framed(page_without_scripts, f"{live.url}/widget", width, 140) as frame:
            card, foot, words = (frame.locator(name) for name in (".widget", ".foot", ".text"))
            top = page_without_scripts.locator("iframe").bounding_box()
            places = [one.bounding_box() for one in (card, words, foot)]
            has_album[title] = frame.locator(".album").is_visible()
        assert top is not None
        (_, card_height), (words_top, words_height), (foot_top, _) = [
            (box["y"], box["height"]) for box in places if box
        ]
        assert card_height == 140, title
        assert words_top >= 9, title
        assert words_top + words_height <= foot_top, title
    assert [title for title, shown in has_album.items() if shown] == ["Tides of Glass"]


@pytest.mark.parametrize(
    ("without", "height"),
    [("artwork,progress,times,label", 72), ("artwork,progress,times", 89), ("artwork,progress", 140)],
)
def test_a_card_of_words_alone_shrinks_to_what_it_needs(page: Page, live: Live, without: str, height: int) -> None:
    with framed(page, f"{live.url}/widget?without={without}", 420, 140) as frame:
        assert box(frame, ".widget")["height"] == pytest.approx(height, abs=1)
        assert layout_problems(boxes(frame)) == []


@pytest.mark.parametrize("scale", [1, 1.5])
@pytest.mark.parametrize("what", [item(), LONG, ARABIC], ids=["short", "long", "tall"])
def test_a_card_of_words_alone_fits_into_72_px(page: Page, live: Live, what: Item, scale: float) -> None:
    live.show(playing(time.time(), what))
    query = f"without=artwork,progress,times&scale={scale}"
    with framed(page, f"{live.url}/widget?{query}", 300 * scale, 72 * scale) as frame:
        assert layout_problems(boxes(frame)) == []
        assert box(frame, ".widget")["height"] <= 72 * scale + 0.5


def test_without_the_line_the_times_stand_together(page: Page, live: Live) -> None:
    live.show(paused(time.time()))
    with framed(page, f"{live.url}/widget?without=progress", 420, 140) as frame:
        first, second = (found.bounding_box() for found in frame.locator("time").all())
        assert first is not None
        assert second is not None
        assert 0 <= second["x"] - (first["x"] + first["width"]) < 6
        assert frame.locator(".foot").inner_text().split() == ["1:01", "3:34"]
        assert frame.evaluate("getComputedStyle(document.querySelectorAll('time')[1], '::before').content") == '"/ "'


@pytest.mark.parametrize("sample", ["nothing", "last", "ad"])
@pytest.mark.parametrize("width", [240, 300])
def test_narrow_without_a_foot_the_icon_is_top_right_and_the_words_are_in_the_middle(
    page: Page, live: Live, sample: str, width: int
) -> None:
    with framed(page, f"{live.url}/widget?sample={sample}&lang=en", width, 140) as frame:
        icon, text = box(frame, ".icon"), box(frame, ".text")
        assert [icon["top"], icon["right"]] == pytest.approx([14, width - 14])
        assert (text["top"] + text["bottom"]) / 2 == pytest.approx(70, abs=1)
        assert layout_problems(boxes(frame)) == []


def test_narrow_without_a_foot_the_artists_have_the_room_below_the_icon(page: Page, live: Live) -> None:
    with framed(page, f"{live.url}/widget?sample=last&lang=en", 200, 140) as frame:
        artists, icon = box(frame, ".byline"), box(frame, ".icon")
        assert artists["right"] == pytest.approx(icon["right"], abs=1)
        assert not frame.evaluate(CUT, ".artists")
        assert layout_problems(boxes(frame)) == []


def test_an_artwork_has_a_ring_outside_its_pixels(page: Page, live: Live) -> None:
    with framed(page, f"{live.url}/widget", 420, 140) as frame:
        ring = frame.evaluate(STYLE, [".artwork", "boxShadow"])
        assert ring.endswith("0px 0px 0px 1px")
        assert "inset" not in ring


# ---- Compact and list ---------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["layout=compact", "layout=compact&radius=28", "layout=compact&scale=1.5"])
def test_in_compact_the_artwork_keeps_6_px_from_the_line_and_the_ring_of_the_focus_is_clear(
    page: Page, live: Live, query: str
) -> None:
    scale = 1.5 if "scale" in query else 1
    with framed(page, f"{live.url}/widget?{query}", 420 * scale, 56 * scale) as frame:
        assert box(frame, ".line")["top"] - box(frame, ".artwork")["bottom"] >= 6 * scale - 0.1
        assert box(frame, ".line")["bottom"] < 56 * scale - 2


@pytest.mark.parametrize("radius", [0, 12, 32])
@pytest.mark.parametrize("what", [item(), ARABIC], ids=["ltr", "rtl"])
def test_a_list_has_one_inset_at_every_radius(page: Page, live: Live, radius: int, what: object) -> None:
    lang = "ar" if what is ARABIC else "en"
    now = time.time()
    live.show(playing(now, what, recent=(PlayedItem(LONG, now - 700), PlayedItem(HEBREW, now - 90_000))))  # type: ignore[arg-type]
    inset = max(8, radius / 2)
    with framed(page, f"{live.url}/widget?layout=list&radius={radius}&lang={lang}", 420, 152) as frame:
        line, cover, row = (box(frame, name) for name in (".line", ".compact .artwork", ".row"))
        icon, ago = box(frame, ".icon"), box(frame, ".ago")
        begin, end = ("right", "left") if lang == "ar" else ("left", "right")

        def inside(found: dict[str, float], side: str) -> float:
            return found[side] if side == "left" else 420 - found[side]

        assert [inside(found, begin) for found in (line, cover, row)] == pytest.approx([inset] * 3)
        assert [inside(found, end) for found in (line, row)] == pytest.approx([inset] * 2)
        assert inside(icon, end) == pytest.approx(inside(ago, end)) == pytest.approx(inset + 6)
        page.keyboard.press("Tab")
        frame.locator(".compact").focus()
        offset, width = (
            float(frame.evaluate(STYLE, [".compact", name])[:-2]) for name in ("outlineOffset", "outlineWidth")
        )
        ring_bottom = box(frame, ".compact")["bottom"] + offset + width
        assert ring_bottom <= line["top"] - 0.5


# ---- Grounds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_glass_brings_a_scrim_and_leaves_the_page_behind_it(page: Page, live: Live, theme: str) -> None:
    with framed(page, f"{live.url}/widget?background=glass&theme={theme}", 420, 140, scheme=theme) as frame:
        scrim = {"light": "rgba(255, 255, 255, 0.85)", "dark": "rgba(20, 20, 20, 0.72)"}[theme]
        assert frame.evaluate(STYLE, [".widget", "backgroundColor"]) == scrim


def test_a_vivid_ground_is_the_same_in_both_themes(page: Page, live: Live) -> None:
    grounds = []
    for theme in ("light", "dark"):
        with framed(page, f"{live.url}/widget?background=vivid&theme={theme}&sample=playing", 420, 140) as frame:
            grounds.append([frame.evaluate(STYLE, [name, "color"]) for name in (".title", ".artists", ".state")])
            grounds[-1].append(frame.evaluate(STYLE, [".widget", "backgroundColor"]))
    assert grounds[0] == grounds[1]


@pytest.fixture(scope="module")
def bars_page(running_playwright: Playwright) -> Iterator[Page]:
    with launched(running_playwright, scroll_bars=True) as context:
        yield context.new_page()


@pytest.mark.parametrize("query", ["sample=rtl&layout=cover", "sample=long&layout=cover", "sample=long"])
def test_scroll_bars_that_take_room_never_show(bars_page: Page, live: Live, query: str) -> None:
    html = (
        '<div style="width:100px;height:100px;overflow:scroll" id="proof"></div>'
        f'<iframe src="{live.url}/widget?{query}" width="300" height="427" style="border:0"></iframe>'
    )
    with host_page(html) as url:
        bars_page.goto(url)
        assert bars_page.evaluate("100 - document.getElementById('proof').clientWidth") > 5
        frame = bars_page.frames[1]
        frame.wait_for_load_state()
        seen = frame.evaluate(
            "[innerWidth - document.documentElement.clientWidth, innerHeight - document.documentElement.clientHeight]"
        )
        assert seen == [0, 0]
        assert box(frame, ".widget")["width"] == 300


# ---- Changes ------------------------------------------------------------------------------------------

WATCH = """() => {
  window.faded = 0;
  const start = document.startViewTransition.bind(document);
  document.startViewTransition = (update) => { window.faded += 1; return start(update); };
}"""


def test_a_pause_keeps_the_title_still_and_a_song_change_fades_it(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    expect(page.locator(".title")).to_have_text("Tides of Glass")
    page.evaluate(WATCH)
    for snapshot, label in ((paused(time.time()), "Paused"), (playing(time.time()), "Now playing")):
        live.show(snapshot)
        expect(page.locator(".label")).to_have_text(label)
    assert page.evaluate("faded") == 0
    live.show(playing(time.time(), LONG))
    expect(page.locator(".title")).to_have_text(LONG.title)
    assert page.evaluate("faded") == 1


def test_a_browser_without_view_transitions_changes_the_words_too(page: Page, live: Live) -> None:
    page.add_init_script("delete Document.prototype.startViewTransition")
    page.goto(f"{live.url}/widget")
    live.show(playing(time.time(), LONG))
    expect(page.locator(".title")).to_have_text(LONG.title)


def test_an_advertisement_keeps_what_was_played_before_it(page: Page, live: Live) -> None:
    page.goto(f"{live.url}/widget")
    now = time.time()
    live.show(replace(advertisement(now), last_played=PlayedItem(LONG, now - 60)))
    expect(page.locator(".label")).to_have_text("Back after the break")
    expect(page.locator(".title")).to_have_text(LONG.title)
    expect(page.locator(".artwork img")).to_be_visible()
    expect(page.locator(".foot")).to_be_hidden()
    expect(page.locator(".bars")).to_be_hidden()


def test_bars_and_line_move_twice_a_second_and_no_animation_runs(clock_page: Page, live: Live) -> None:
    page, now = clock_page, time.time()
    live.show(playing(now, progress_ms=92_000))
    stop_clock(page, now)
    page.goto(f"{live.url}/widget")
    expect(page.locator(".bars[data-beat]")).to_have_count(1)
    assert page.evaluate("document.getAnimations().length") == 0
    page.evaluate("""() => {
      window.changes = {style: 0, "data-beat": 0};
      const observer = new MutationObserver((all) => all.forEach(({attributeName}) => changes[attributeName]++));
      observer.observe(document.querySelector(".line"), {attributeFilter: ["style"]});
      observer.observe(document.querySelector(".bars"), {attributeFilter: ["data-beat"]});
    }""")
    page.clock.run_for(8_000)  # After ten it would give up a stream that is slow to open.
    assert page.evaluate("Math.max(...Object.values(changes))") <= 17
    assert page.evaluate("Math.min(...Object.values(changes))") >= 15
    live.show(idle(now))
    expect(page.locator(".title")).to_have_text("Nothing playing")


def test_the_line_of_a_short_item_moves_by_a_pixel(clock_page: Page, live: Live) -> None:
    page, now = clock_page, time.time()
    live.show(playing(now, item(duration_ms=20_000), 1_000))
    stop_clock(page, now)
    page.goto(f"{live.url}/widget")
    page.evaluate("""() => {
      window.ends = [];
      const bar = document.querySelector(".line i");
      const observer = new MutationObserver(() => ends.push(bar.getBoundingClientRect().right));
      observer.observe(document.querySelector(".line"), {attributeFilter: ["style"]});
    }""")
    page.clock.run_for(5_000)
    ends = page.evaluate("ends")
    moved = [end - start for start, end in pairwise(ends[1:])]  # The first one tells where it stood meanwhile.
    assert len(moved) > 25
    assert sorted(moved)[-2] <= 1.1  # One may be more: the stream's first event corrects the clock.
