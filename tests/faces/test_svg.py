"""``/now-playing.svg``: well-formed for any text, within its frame, within its size."""

import base64
import re
from xml.etree import ElementTree

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.showing import (
    ARABIC,
    EMOJI,
    LOCAL,
    LONG,
    MARKUP,
    Showing,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from widget.faces.pictures.artwork_fetch import ArtworkFile
from widget.faces.pictures.options import Layout, Options
from widget.faces.pictures.svg import render, xml_text
from widget.faces.pictures.svg_frames import FRAMES
from widget.faces.pictures.view import view_of
from widget.faces.pictures.words import words
from widget.playback import Artwork
from widget.snapshot import Problem, Snapshot

SVG = "{http://www.w3.org/2000/svg}"
NOW = 1_795_000_000.0
LAYOUTS: tuple[Layout, ...] = ("card", "compact", "cover")
# Everything that Spotify's JSON can hold, lone surrogates and control characters included.
any_text = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


async def get(showing: Showing, query: str = "", **headers: str) -> httpx.Response:
    async with showing.client(**headers) as client:
        return await client.get(f"/now-playing.svg{query}")


def texts(svg: bytes) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314


@settings(max_examples=150)
@given(any_text, any_text, st.sampled_from(LAYOUTS), st.booleans())
def test_any_text_gives_well_formed_xml(title: str, artist: str, layout: Layout, explicit: bool) -> None:
    options, spoken = Options(layout=layout), words("en")
    snapshot = playing(NOW, item(title, (artist,), explicit=explicit))
    root = ElementTree.fromstring(render(view_of(snapshot, options, spoken, NOW), options, spoken, None))  # noqa: S314
    assert root.get("viewBox") == f"0 0 {FRAMES[layout].width} {FRAMES[layout].height}"


@pytest.mark.parametrize(
    ("text", "clean"),
    [("a\x00b\x1f", "ab"), ("\ud83e", "\ufffd"), ("\ufffe]]>", "]]>"), ("tab\tand 🪐", "tab\tand 🪐")],
)
def test_what_xml_cannot_hold_is_left_out(text: str, clean: str) -> None:
    assert xml_text(text) == clean


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("what", [LONG, EMOJI, ARABIC, MARKUP, LOCAL], ids=lambda what: what.title[:12])
async def test_whoever_cannot_see_it_hears_all_of_it(showing: Showing, layout: str, what: object) -> None:
    showing.show(playing(showing.clock.now(), what))  # type: ignore[arg-type]
    root = ElementTree.fromstring((await get(showing, f"?layout={layout}")).content)  # noqa: S314
    assert root.findtext(f"{SVG}title") == "Now playing"
    told = root.findtext(f"{SVG}desc") or ""
    assert told.startswith(what.title)  # type: ignore[attr-defined]
    assert root.get("role") == "img"


async def test_a_long_title_is_shortened_with_an_ellipsis(showing: Showing) -> None:
    title = texts((await get(showing.show(playing(showing.clock.now(), LONG)))).content)[1]
    assert title.endswith("…")
    assert LONG.title.startswith(title[:-1])


async def test_the_artwork_is_inside_whole_and_fetched_once(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    first, second = await get(showing), await get(showing, "?theme=dark")
    for answer in (first, second):
        data = re.search(r'href="data:image/jpeg;base64,([^"]+)"', answer.text)
        assert data is not None
        assert base64.b64decode(data[1]).startswith(b"\xff\xd8\xff")
    assert 'preserveAspectRatio="xMidYMid meet"' in first.text
    assert showing.simulator.requests == ["/image/tides-300"]


@pytest.mark.parametrize(("layout", "width"), [("card", 300), ("compact", 64), ("cover", 300)])
async def test_the_smallest_artwork_that_is_large_enough_is_taken(showing: Showing, layout: str, width: int) -> None:
    showing.show(playing(showing.clock.now()))
    await get(showing, f"?layout={layout}")
    assert showing.simulator.requests == [f"/image/tides-{width}"]


def test_an_artwork_that_would_make_it_too_large_gives_way_to_the_drawing() -> None:
    options, spoken = Options(), words("en")
    view = view_of(playing(NOW), options, spoken, NOW)
    assert b"<image" in render(view, options, spoken, ArtworkFile(b"\xff" * 30_000, "image/jpeg"))
    large = render(view, options, spoken, ArtworkFile(b"\xff" * 60_000, "image/jpeg"))
    assert b"<image" not in large
    assert len(large) <= 60 * 1024


async def test_a_missing_artwork_is_drawn(showing: Showing) -> None:
    missing = item(artwork=(Artwork("https://i.scdn.co/image/none", 300, 300),))
    answer = await get(showing.show(playing(showing.clock.now(), missing)))
    assert answer.status_code == 200
    assert "<image" not in answer.text
    assert 'class="ink"' in answer.text


async def test_it_is_always_200_and_unavailable_looks_idle(showing: Showing) -> None:
    problem = Problem("needs_authorization", "Authorize again, owner.")
    answer = await get(showing.show(Snapshot(None, problem)))
    assert answer.status_code == 200
    assert "Nothing playing" in answer.text
    assert "owner" not in answer.text


async def test_its_headers_suit_a_readme(showing: Showing) -> None:
    answer = await get(showing.show(playing(showing.clock.now())))
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, s-maxage=1"
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert answer.headers["content-security-policy"] == policy
    assert answer.headers["etag"].startswith('W/"')
    again = await get(showing, if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


async def test_another_state_has_another_etag(showing: Showing) -> None:
    now = showing.clock.now()
    snapshots = (playing(now), playing(now, progress_ms=150_000), paused(now), idle(now), idle(now, item()))
    tags = [(await get(showing.show(snapshot))).headers["etag"] for snapshot in snapshots]
    assert len(set(tags)) == len(tags)


async def test_it_loads_and_runs_nothing(showing: Showing) -> None:
    answer = await get(showing.show(playing(showing.clock.now(), MARKUP)))
    assert not re.search(r"(?:href|src)=\"(?!data:|#)", answer.text)
    assert "<script" not in answer.text.replace("&lt;script", "")
    assert "url(http" not in answer.text


async def test_bars_move_only_where_motion_is_wanted_and_the_progress_ends_at_its_end(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    usual, still = (await get(showing)).text, (await get(showing, "?motion=off")).text
    assert "prefers-reduced-motion:no-preference" in usual
    assert "infinite" in usual
    assert "infinite" not in still
    assert "animation:go 153000ms linear forwards" in still


async def test_nothing_moves_where_nothing_plays(showing: Showing) -> None:
    now = showing.clock.now()
    for snapshot in (paused(now), idle(now, item()), advertisement(now)):
        assert "animation" not in (await get(showing.show(snapshot))).text


async def test_hidden_is_a_picture_that_takes_no_room(showing: Showing) -> None:
    answer = await get(showing.show(idle(showing.clock.now(), item())), "?idle=hide")
    root = ElementTree.fromstring(answer.content)  # noqa: S314
    assert root.get("height") == "1"
    assert texts(answer.content) == []


async def test_without_a_background_there_is_no_card(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    assert '<rect class="card"' in (await get(showing)).text
    assert '<rect class="card"' not in (await get(showing, "?background=none")).text


async def test_languages_from_the_right_are_mirrored(showing: Showing) -> None:
    showing.show(playing(showing.clock.now(), ARABIC))
    left, right = (await get(showing)).text, (await get(showing, "?lang=ar")).text
    assert '<rect class="empty" x="15"' in left
    assert '<rect class="empty" x="295"' in right
    assert 'text-anchor="end" direction="rtl"' in left
    assert 'class="title" x="279' in right
