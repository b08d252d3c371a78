"""``/widget``: the page before any script runs."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable
from itertools import product
from typing import get_args

import httpx
import pytest

from tests.support.fake_clock import FakeClock
from tests.support.web_harness import (
    EPISODE,
    HEBREW,
    LOCAL,
    MARKUP,
    WebHarness,
    advertisement,
    idle,
    item,
    paused,
    playing,
)
from widget.artwork.dominant_color import ArtworkColors
from widget.config.settings import Settings
from widget.model.playback import PlayedItem
from widget.model.snapshot import Snapshot, SourceProblem
from widget.model.sources import LASTFM, SOURCES, SourceInfo
from widget.samples.snapshots import Sample
from widget.web.embed.options import Layout
from widget.web.embed.palette import ColorScheme, palette

TONES: tuple[ColorScheme, ColorScheme] = ("light", "dark")
Get = Callable[..., Awaitable[httpx.Response]]
UNAVAILABLE = Snapshot(None, SourceProblem("needs_authorization", "Authorize again, owner."))


async def page(harness: WebHarness, query: str = "", **headers: str) -> str:
    async with harness.client(**headers) as client:
        answer = await client.get(f"/widget{query}")
    assert answer.status_code == 200
    return answer.text


async def test_a_playing_track_is_there_without_scripts(harness: WebHarness) -> None:
    html = await page(harness.show(playing(harness.clock.now())))
    for text in ("Tides of Glass", "Mara Lindqvist", "Now playing", 'data-state="playing"', "1:01", "3:34"):
        assert text in html
    assert re.search(r'<img[^>]* src="artwork/[0-9a-f]{32}\?w=224"', html)
    assert "--at:0.285" in html


async def test_the_whole_card_is_one_link_named_in_the_visitor_s_language(harness: WebHarness) -> None:
    html = await page(harness.show(playing(harness.clock.now())), accept_language="de")
    (link,) = re.findall(r"<a [^>]+>", html)
    assert 'href="https://open.spotify.com/track/5tIdesOfGlass0000000aB"' in link
    assert 'target="_blank" rel="noopener"' in link
    assert 'aria-label="Tides of Glass von Mara Lindqvist, auf Spotify hören"' in link


async def test_the_icon_of_the_source_stands_with_every_view_unaltered(harness: WebHarness) -> None:
    for snapshot in (playing(harness.clock.now()), idle(harness.clock.now()), advertisement(harness.clock.now())):
        for layout in ("card", "compact", "cover", "list"):
            html = await page(harness.show(snapshot), f"?layout={layout}&without=artwork,label,progress,times")
            (path,) = re.findall(r'class="icon"[^>]*><path d="([^"]+)"', html)
            # The path in simple-icons 16.37.0.
            assert hashlib.sha256(path.encode()).hexdigest().startswith("f8560b9a4343d3ef")


async def test_another_source_says_its_name_and_has_no_line() -> None:
    harness = WebHarness(source=SourceInfo("listenbrainz", "ListenBrainz", "https://listenbrainz.org/user/ada/"))
    html = await page(harness.show(playing(harness.clock.now(), item(url=None))))
    assert '<span class="source">ListenBrainz</span>' in html
    assert 'href="https://listenbrainz.org/user/ada/"' in html
    assert "listen on ListenBrainz" in html
    assert re.search(r'role="progressbar"[^>]* hidden', html)
    assert "Spotify" not in html


@pytest.mark.parametrize("layout", ["card", "cover", "list"])
async def test_the_credit_that_a_source_is_due_stands_there_and_leads_to_it(layout: str) -> None:
    harness = WebHarness(source=LASTFM)
    now = harness.clock.now()
    what = item(url="https://www.last.fm/music/Mara+Lindqvist/_/Tides+of+Glass")
    harness.show(playing(now, what, progress_ms=None, recent=(PlayedItem(what, now - 700),)))
    html = await page(harness, f"?layout={layout}")
    (credited,) = re.findall(
        r'<a class="credit" href="https://www\.last\.fm/"[^>]*>powered by AudioScrobbler</a>', html
    ) or [
        re.search(r'<a class="widget[^>]* href="https://www\.last\.fm/.*?</a>', html, re.DOTALL)[0]  # type: ignore[index]
    ]
    assert "powered by AudioScrobbler" in credited
    assert "AudioScrobbler" not in await page(WebHarness().show(playing(now)), f"?layout={layout}")


async def test_what_is_shown_is_escaped(harness: WebHarness) -> None:
    html = await page(harness.show(playing(harness.clock.now(), MARKUP)))
    assert "<b>A" not in html
    assert "<script>alert" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html


async def test_a_lone_surrogate_does_not_break_the_page(harness: WebHarness) -> None:
    assert "Broken ?" in await page(harness.show(playing(harness.clock.now(), item("Broken \ud83e"))))


async def test_an_episode_shows_its_show(harness: WebHarness) -> None:
    assert "The Long Way Round" in await page(harness.show(playing(harness.clock.now(), EPISODE)))


async def test_a_local_file_shows_the_drawing_and_links_to_spotify_itself(harness: WebHarness) -> None:
    html = await page(harness.show(playing(harness.clock.now(), LOCAL)))
    assert "<img" not in html
    assert "<circle" in html
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
async def test_idle_looks_as_chosen(harness: WebHarness, query: str, state: str, shown: bool) -> None:
    html = await page(harness.show(idle(harness.clock.now(), item())), query)
    assert f'data-state="{state}"' in html
    assert ("Tides of Glass" in html) == shown


async def test_errors_look_idle_to_visitors(harness: WebHarness) -> None:
    html = await page(harness.show(UNAVAILABLE))
    assert 'data-state="nothing"' in html
    assert "Nothing playing" in html
    assert "owner" not in html


async def test_paused_and_advertisement_say_so(harness: WebHarness) -> None:
    assert "Paused" in await page(harness.show(paused(harness.clock.now())))
    assert "Advertisement" in await page(harness.show(advertisement(harness.clock.now())))


@pytest.mark.parametrize(
    ("query", "scheme"),
    [("", "light dark"), ("?theme=light", "light"), ("?theme=dark", "dark"), ("?theme=x", "light dark")],
)
async def test_the_color_scheme_is_declared(harness: WebHarness, query: str, scheme: str) -> None:
    html = await page(harness, query)
    assert f'<meta name="color-scheme" content="{scheme}">' in html[:400]
    assert ("prefers-color-scheme:dark" in html) == (scheme == "light dark")


async def test_options_reach_the_page(harness: WebHarness) -> None:
    query = "?layout=cover&background=none&motion=off&accent=FF0055&radius=4&scale=1.5&font=mono&without=times"
    html = await page(harness.show(playing(harness.clock.now())), query)
    for text in ('class="widget cover"', "--halo:#fff", "font-size:150%", "--radius:0.25rem", "ui-monospace"):
        assert text in html
    assert "<time" not in html
    light, dark = (palette(tone, "none", "ff0055").accent for tone in TONES)
    assert f'style="--l-accent:{light};--d-accent:{dark}"' in html


async def test_a_custom_background_is_taken_exactly_in_both_themes(harness: WebHarness) -> None:
    html = await page(harness.show(playing(harness.clock.now())), "?background=336699", sec_fetch_dest="iframe")
    assert "--ground:#336699;" in html
    assert "prefers-color-scheme" not in html


async def test_the_artwork_s_color_stands_on_the_widget_once_it_is_known(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    assert "--art:" not in re.sub("<style>.*</style>", "", await page(harness), flags=re.DOTALL)
    key = harness.artwork.key(item())
    assert key is not None
    harness.artwork.set_colors(key, ArtworkColors("#1c405d"))
    harness.show(playing(harness.clock.now()))
    assert 'style="--art:#1c405d;--l-ground:#' in await page(harness)


async def test_a_list_shows_what_was_played_before(harness: WebHarness) -> None:
    now = harness.clock.now()
    recent = (PlayedItem(HEBREW, now - 660), PlayedItem(MARKUP, now - 7500))
    html = await page(harness.show(playing(now, recent=recent)), "?layout=list")
    rows = re.findall(r'class="ago" id="(ago\d)" role="img" aria-label="([^"]+)">([^<]+)', html)
    assert rows == [("ago1", "11 min ago", "11 min"), ("ago2", "2 h ago", "2 h")]
    assert all(f'aria-describedby="{name}"' in html for name, _, _ in rows)
    assert '<ol class="recent" aria-label="Recently played">' in html
    assert html.count("<li>") == 2
    assert html.count('href="https://open.spotify.com/track/') == 3
    assert "data-rows" in html
    assert "<li>" not in await page(harness, "?layout=card")
    without_rows = await page(harness.show(playing(now)), "?layout=list")
    assert "<li>" not in without_rows
    assert "data-rows>" not in without_rows


async def test_opened_by_itself_it_stands_in_the_middle_of_a_page(harness: WebHarness) -> None:
    alone, framed = await page(harness, sec_fetch_dest="document"), await page(harness, sec_fetch_dest="iframe")
    assert "place-content:center" in alone
    assert "place-content:center" not in framed
    assert "background:#f4f4f5" in alone
    assert "background:#f4f4f5" not in await page(harness, "?background=none", sec_fetch_dest="document")


async def test_where_a_browser_does_not_say_the_script_can_find_out(harness: WebHarness) -> None:
    untold, alone = await page(harness), await page(harness, sec_fetch_dest="document")
    assert "place-content:center" in untold
    assert 'class="alone"' in alone
    assert 'class="alone"' not in untold


async def test_the_language_is_the_visitor_s_or_the_chosen_one(harness: WebHarness) -> None:
    assert "Gerade läuft nichts" in await page(harness, accept_language="de-AT,en;q=0.5")
    assert "Rien" in await page(harness, "?lang=fr", accept_language="de")
    html = await page(harness.show(playing(harness.clock.now(), HEBREW)), "?lang=he")
    assert 'lang="he" dir="rtl"' in html


async def test_caches_keep_languages_apart(harness: WebHarness) -> None:
    async with harness.client() as client:
        negotiated, chosen = await client.get("/widget"), await client.get("/widget?lang=fr")
    assert "Accept-Language" in negotiated.headers["vary"]
    assert "Sec-Fetch-Dest" in chosen.headers["vary"]
    assert "Accept-Language" not in chosen.headers["vary"]


async def test_the_policy_allows_our_own_script_and_nothing_inline(harness: WebHarness) -> None:
    async with harness.client() as client:
        policy = (await client.get("/widget")).headers["content-security-policy"]
    assert "script-src 'self' http://music.example.org;" in policy
    assert "frame-ancestors" not in policy
    assert "x-frame-options" not in (await harness.client().get("/widget")).headers


@pytest.mark.parametrize(
    ("settings", "headers", "own"),
    [
        (Settings(public_url="https://me.example/music"), {}, "'self' https://me.example"),
        (Settings(), {"host": "me.example:8443", "x-forwarded-proto": "https"}, "'self' https://me.example:8443"),
        (Settings(), {"host": "[::1]:8000"}, "'self'"),
        (Settings(), {"host": "evil.example; script-src *"}, "'self' http://127.0.0.1:8000"),
    ],
)
async def test_the_policy_names_our_whole_origin_for_sandboxes(
    settings: Settings, headers: dict[str, str], own: str
) -> None:
    async with WebHarness(settings=settings).client() as client:
        policy = (await client.get("/widget", headers=headers)).headers["content-security-policy"]
    assert f"script-src {own};" in policy
    assert f"img-src {own} data:;" in policy
    assert f"connect-src {own};" in policy


async def test_the_owner_decides_who_may_embed_and_the_builder_always_may() -> None:
    harness = WebHarness(settings=Settings(frame_ancestors="https://me.example"))
    async with harness.client() as client:
        foreign = await client.get("/widget", headers={"Sec-Fetch-Site": "cross-site"})
        own = await client.get("/widget", headers={"Sec-Fetch-Site": "same-origin"})
    assert foreign.headers["content-security-policy"].endswith("frame-ancestors https://me.example")
    assert own.headers["content-security-policy"].endswith("frame-ancestors https://me.example 'self'")


def compressed_bytes(*answers: httpx.Response) -> int:
    return sum(len(gzip.compress(answer.content, 6)) for answer in answers)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("dest", ["iframe", "document"])
async def test_page_and_script_are_small_whatever_plays(source: SourceInfo, dest: str) -> None:
    harness = WebHarness(source=source, settings=Settings(public_url="https://music.example.org", recent=4))
    sizes = {}
    # No translation is larger than the Russian one.
    async with harness.client(sec_fetch_dest=dest, accept_language="ru") as client:
        script = await client.get("/static/widget.js")
        for layout, sample in product(get_args(Layout), get_args(Sample)):
            html = await client.get(f"/widget?layout={layout}&sample={sample}")
            sizes[layout, sample] = compressed_bytes(html, script)
            if layout == "list" and sample == "playing":
                assert html.text.count('<a class="row"') == 4
    assert max(sizes.values()) <= 9 * 1024, sizes


@pytest.mark.parametrize("query", ["", "layout=compact", "layout=cover", "layout=list", "accent=ff0055", "theme=dark"])
@pytest.mark.parametrize("dest", ["iframe", "document"])
async def test_page_and_script_are_small(harness: WebHarness, query: str, dest: str) -> None:
    key = harness.artwork.key(item()) or ""
    harness.artwork.set_colors(key, ArtworkColors("#1c405d"))
    harness.show(playing(harness.clock.now(), item(artists=("Mara Lindqvist", "Parallel Weather"), explicit=True)))
    async with harness.client(accept_encoding="gzip", sec_fetch_dest=dest) as client:
        html = await client.get(f"/widget?{query}")
        scripts = re.findall(r'src="(static/[^"]+)"', html.text)
        (script,) = [await client.get(f"/{source}") for source in scripts]
    assert html.headers["content-encoding"] == script.headers["content-encoding"] == "gzip"
    assert compressed_bytes(html, script) <= 9 * 1024
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert '<link rel="stylesheet' not in html.text


async def test_there_is_an_oembed_link_and_a_picture_for_previews_where_our_address_is_known() -> None:
    harness = WebHarness(settings=Settings(public_url="http://music.example.org"))
    html = await page(harness.show(playing(harness.clock.now())), "?theme=dark")
    assert "application/json+oembed" in html
    assert "url=http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3Ddark" in html
    tags = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', html))
    assert tags == {
        "og:title": "Now playing – Tides of Glass – Mara Lindqvist",
        "og:description": "Mara Lindqvist",
        "og:type": "website",
        "og:url": "http://music.example.org/widget?theme=dark",
        "og:image": "http://music.example.org/now-playing.png",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Now playing – Tides of Glass – Mara Lindqvist",
        "twitter:card": "summary_large_image",
    }


async def test_a_page_that_caches_keep_for_all_holds_no_address_from_a_request(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client(host="evil.example") as client:
        html = (await client.get("/widget")).text
    assert "evil.example" not in html
    assert "oembed" not in html


async def test_isolated_pages_can_hold_it(harness: WebHarness) -> None:
    async with harness.client() as client:
        answer = await client.get("/widget")
    assert answer.headers["cross-origin-embedder-policy"] == "require-corp"


@pytest.mark.parametrize(
    "path", ["/widget", "/widget?layout=cover", "/now-playing.svg", "/now-playing.svg?layout=compact"]
)
async def test_a_text_without_an_end_costs_no_more_than_a_long_one(harness: WebHarness, path: str) -> None:
    endless = item("Long ago " * 100_000, tuple(f"Artist {number}" for number in range(10_000)))
    harness.show(playing(harness.clock.now(), endless))
    async with harness.client() as client:
        drawn, told = await client.get(path), await client.get("/now-playing")
    assert drawn.status_code == 200
    assert len(drawn.content) < 60 * 1024
    assert told.json()["item"]["title"] == endless.title


async def test_the_same_page_is_rendered_once_a_second(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    first = await page(harness)
    pages = harness.app.state.pages
    (kept,) = pages._pages.values()
    assert await page(harness) == first
    assert next(iter(pages._pages.values())) is kept


async def test_no_page_is_kept_longer_than_its_second() -> None:
    clock = FakeClock()
    harness = WebHarness(clock).show(playing(clock.now()))
    await page(harness)
    await clock.advance(1)
    await page(harness)
    assert len(harness.app.state.pages._pages) == 1


@pytest.mark.parametrize("layout", ["card", "cover", "list", "compact"])
async def test_the_credit_that_a_source_is_due_stands_with_it(layout: str) -> None:
    harness = WebHarness(source=LASTFM)
    harness.show(playing(harness.clock.now(), progress_ms=None))
    async with harness.client() as client:
        page = (await client.get(f"/widget?layout={layout}")).text
        front = (await client.get("/")).text
    assert ("powered by AudioScrobbler" in page) == (layout != "compact")
    assert "Last.fm" in page
    assert '<a href="https://www.last.fm/" rel="noopener">powered by AudioScrobbler</a>' in front
