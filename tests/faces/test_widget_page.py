"""``/widget``: what stands in the page before any script runs."""

import gzip
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tests.support.showing import EPISODE, HEBREW, LOCAL, MARKUP, Showing, advertisement, idle, item, paused, playing
from widget.faces.pictures.colours import DARK, LIGHT, accented
from widget.settings import Settings
from widget.snapshot import Problem, Snapshot

Get = Callable[..., Awaitable[httpx.Response]]
UNAVAILABLE = Snapshot(None, Problem("needs_authorization", "Authorize again, owner."))


async def page(showing: Showing, query: str = "", **headers: str) -> str:
    async with showing.client(**headers) as client:
        answer = await client.get(f"/widget{query}")
    assert answer.status_code == 200
    return answer.text


async def test_a_playing_track_is_there_without_scripts(showing: Showing) -> None:
    html = await page(showing.show(playing(showing.clock.now())))
    for text in ("Tides of Glass", "Mara Lindqvist", "Now playing", "Listen on Spotify", 'data-state="playing"'):
        assert text in html
    assert 'href="https://open.spotify.com/track/5tIdesOfGlass0000000aB"' in html
    assert re.search(r'<img[^>]* src="artwork/[0-9a-f]{32}\?w=300"', html)
    assert "--from:0.285" in html


async def test_what_is_shown_is_escaped(showing: Showing) -> None:
    html = await page(showing.show(playing(showing.clock.now(), MARKUP)))
    assert "<b>A" not in html
    assert "<script>alert" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html


async def test_a_lone_surrogate_does_not_break_the_page(showing: Showing) -> None:
    assert "Broken ?" in await page(showing.show(playing(showing.clock.now(), item("Broken \ud83e"))))


async def test_an_episode_shows_its_show(showing: Showing) -> None:
    assert "The Long Way Round" in await page(showing.show(playing(showing.clock.now(), EPISODE)))


async def test_a_local_file_shows_the_drawing_and_links_to_spotify_itself(showing: Showing) -> None:
    html = await page(showing.show(playing(showing.clock.now(), LOCAL)))
    assert '<img alt="" decoding="async" hidden>' in html
    assert 'href="https://open.spotify.com/"' in html


@pytest.mark.parametrize(
    ("query", "state", "shown"),
    [
        ("", "last", True),
        ("?idle=last", "last", True),
        ("?idle=message", "nothing", False),
        ("?idle=hide", "hidden", False),
    ],
)
async def test_idle_looks_as_asked(showing: Showing, query: str, state: str, shown: bool) -> None:
    html = await page(showing.show(idle(showing.clock.now(), item())), query)
    assert f'data-state="{state}"' in html
    assert ("Tides of Glass" in html) == shown


async def test_errors_look_idle_and_tell_visitors_nothing(showing: Showing) -> None:
    html = await page(showing.show(UNAVAILABLE))
    assert 'data-state="nothing"' in html
    assert "Nothing playing" in html
    assert "owner" not in html


async def test_paused_and_advertisement_say_so(showing: Showing) -> None:
    assert "Paused" in await page(showing.show(paused(showing.clock.now())))
    assert "Advertisement" in await page(showing.show(advertisement(showing.clock.now())))


@pytest.mark.parametrize(
    ("query", "scheme"),
    [("", None), ("?theme=light", None), ("?theme=dark", '<meta name="color-scheme" content="dark">')],
)
async def test_the_colour_scheme_is_declared_for_dark_alone(showing: Showing, query: str, scheme: str | None) -> None:
    html = await page(showing, query)
    assert ("color-scheme" in html.replace("prefers-color-scheme", "")) == (scheme is not None)
    assert scheme is None or scheme in html[:400]


async def test_auto_follows_the_visitor_and_the_others_do_not(showing: Showing) -> None:
    assert "prefers-color-scheme:dark" in await page(showing)
    assert "prefers-color-scheme" not in await page(showing, "?theme=light")


async def test_options_reach_the_page(showing: Showing) -> None:
    html = await page(showing, "?layout=cover&background=none&motion=off&accent=FF0055")
    assert '<main class="cover bare still"' in html
    accents = set(re.findall(r"--accent:(#[0-9a-f]{6})", html))
    assert accents == {accented(LIGHT, "ff0055"), accented(DARK, "ff0055")}


async def test_the_language_is_the_visitor_s_or_the_chosen_one(showing: Showing) -> None:
    assert "Gerade läuft nichts" in await page(showing, accept_language="de-AT,en;q=0.5")
    assert "Rien" in await page(showing, "?lang=fr", accept_language="de")
    html = await page(showing.show(playing(showing.clock.now(), HEBREW)), "?lang=he")
    assert 'lang="he" dir="rtl"' in html


async def test_caches_keep_languages_apart(showing: Showing) -> None:
    async with showing.client() as client:
        negotiated, chosen = await client.get("/widget"), await client.get("/widget?lang=fr")
    assert "Accept-Language" in negotiated.headers["vary"]
    assert "Accept-Language" not in chosen.headers["vary"]


async def test_the_policy_allows_our_own_script_and_nothing_inline(showing: Showing) -> None:
    async with showing.client() as client:
        policy = (await client.get("/widget")).headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors" not in policy
    assert "x-frame-options" not in (await showing.client().get("/widget")).headers


async def test_who_may_embed_is_the_owner_s_to_say_and_the_builder_may_too() -> None:
    showing = Showing(settings=Settings(frame_ancestors="https://me.example"))
    async with showing.client() as client:
        foreign = await client.get("/widget", headers={"Sec-Fetch-Site": "cross-site"})
        own = await client.get("/widget", headers={"Sec-Fetch-Site": "same-origin"})
    assert foreign.headers["content-security-policy"].endswith("frame-ancestors https://me.example")
    assert own.headers["content-security-policy"].endswith("frame-ancestors https://me.example 'self'")


async def test_page_and_script_are_small(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    async with showing.client(accept_encoding="gzip") as client:
        html = await client.get("/widget")
        script = await client.get("/" + re.search(r'src="(static/widget\.js[^"]+)"', html.text)[1])  # type: ignore[index]
        event = await client.get("/now-playing")
    assert html.headers["content-encoding"] == script.headers["content-encoding"] == "gzip"
    sizes = [len(gzip.compress(answer.content, 6)) for answer in (html, script)]
    assert sum(sizes) + len(event.content) < 15 * 1024
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_there_is_an_oembed_link_and_a_picture_for_previews_where_our_address_is_known() -> None:
    showing = Showing(settings=Settings(public_url="http://music.example.org"))
    html = await page(showing.show(playing(showing.clock.now())), "?theme=dark")
    assert "application/json+oembed" in html
    assert "url=http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3Ddark" in html
    assert re.search(r'og:image" content="http://music\.example\.org/artwork/', html)


async def test_a_page_that_caches_keep_for_all_holds_no_address_from_a_request(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    async with showing.client(host="evil.example") as client:
        html = (await client.get("/widget")).text
    assert "evil.example" not in html
    assert "oembed" not in html


async def test_isolated_pages_can_hold_it(showing: Showing) -> None:
    async with showing.client() as client:
        answer = await client.get("/widget")
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"


@pytest.mark.parametrize(
    "path", ["/widget", "/widget?layout=cover", "/now-playing.svg", "/now-playing.svg?layout=compact"]
)
async def test_a_text_without_an_end_costs_no_more_than_a_long_one(showing: Showing, path: str) -> None:
    endless = item("Long ago " * 100_000, tuple(f"Artist {number}" for number in range(50_000)))
    showing.show(playing(showing.clock.now(), endless))
    async with showing.client() as client:
        drawn, told = await client.get(path), await client.get("/now-playing")
    assert drawn.status_code == 200
    assert len(drawn.content) < 60 * 1024
    assert told.json()["item"]["title"] == endless.title


async def test_the_same_page_is_made_once_a_second(showing: Showing) -> None:
    showing.show(playing(showing.clock.now()))
    first = await page(showing)
    pages = showing.app.state.pages
    (kept,) = pages._made.values()
    assert await page(showing) == first
    assert next(iter(pages._made.values())) is kept
