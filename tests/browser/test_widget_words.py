"""Places of the widget's words, which are whole in the narrowest frames too."""

import time

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Live
from tests.support.web_harness import ARABIC, item, playing
from tests.support.widget_frames import boxes, framed
from widget.model.playback import PlayedItem

LANGUAGES = ("en", "de", "fr", "it", "nl", "ru", "tr", "uk")
"""Those with the longest words in the place of a title."""

BROKEN = """() => {
    const title = document.querySelector('.title'), text = title.firstChild;
    const lines = (word) => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        return new Set([...range.getClientRects()].map((box) => box.top)).size;
    };
    const broken = [...text.data.matchAll(/\\S+/g)].filter((word) => lines(word) > 1).map((word) => word[0]);
    return title.scrollHeight > title.clientHeight + 2 ? [...broken, 'and more'] : broken;
}"""
"""The words in the title's place that run on in another line, and whether a line has no room."""

MIDDLES = """() => [...document.querySelectorAll('.byline:has(.explicit:not([hidden]))')].map((byline) => {
    const words = document.createRange();
    words.selectNodeContents(byline.querySelector('.artists'));
    const middle = ({top, bottom}) => (top + bottom) / 2;
    return middle(byline.querySelector('.explicit').getBoundingClientRect()) - middle(words.getBoundingClientRect());
})"""


@pytest.mark.parametrize(("layout", "height"), [("card", 140), ("compact", 56)])
@pytest.mark.parametrize("sample", ["nothing", "ad"])
def test_a_message_is_whole_and_no_word_of_it_broken_at_200_px(
    page: Page, live: Live, layout: str, height: int, sample: str
) -> None:
    page.set_viewport_size({"width": 200, "height": height})
    broken: dict[str, list[str]] = {}
    for lang in LANGUAGES:
        page.goto(f"{live.url}/widget?layout={layout}&sample={sample}&lang={lang}")
        broken[lang] = page.evaluate(BROKEN)
    assert not any(broken.values()), broken


@pytest.mark.parametrize("layout", ["card", "compact", "cover", "list"])
def test_the_mark_of_explicit_items_stands_in_the_middle_of_the_words_beside_it(
    page: Page, live: Live, layout: str
) -> None:
    now = time.time()
    explicit = item(explicit=True)
    live.show(playing(now, explicit, recent=(PlayedItem(item("Another", explicit=True), now - 900),)))
    with framed(page, f"{live.url}/widget?layout={layout}", 420, 460) as frame:
        off = frame.evaluate(MIDDLES)
    assert len(off) == (2 if layout == "list" else 1)
    assert off == pytest.approx([0] * len(off), abs=0.6)


@pytest.mark.parametrize("width", [200, 320])
def test_the_artwork_stays_where_it_is_when_a_title_of_taller_letters_follows(
    page: Page, live: Live, width: int
) -> None:
    places = []
    for what in (item(), ARABIC):
        live.show(playing(time.time(), what))
        with framed(page, f"{live.url}/widget", width, 140) as frame:
            places.append([box for box in boxes(frame) if box[0] in ("card", "artwork", "icon", "line")])
    assert places[0] == places[1]
