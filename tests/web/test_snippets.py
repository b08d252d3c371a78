"""The builder's snippets, one for each kind of site."""

import re
from html import unescape

import pytest

from tests.support.builder_page import BuilderPage
from tests.support.web_harness import WebHarness
from widget.config.settings import Settings

NAMES = ["script", "iframe", "element", "markdown", "notion", "obs", "wordpress", "link", "image", "json", "oembed"]


async def snippets(harness: WebHarness, query: str = "") -> dict[str, str]:
    async with harness.client() as client:
        return BuilderPage((await client.get(f"/{query}")).text).snippets


async def test_there_is_a_snippet_for_every_place_with_absolute_addresses(harness: WebHarness) -> None:
    found = await snippets(harness)
    assert list(found) == NAMES
    assert all("http://music.example.org/" in text for text in found.values())


async def test_the_public_address_is_the_configured_one() -> None:
    harness = WebHarness(settings=Settings(public_url="https://me.example/music"))
    found = await snippets(harness)
    assert 'src="https://me.example/music/widget"' in found["iframe"]
    assert all("music.example.org" not in text for text in found.values())


async def test_without_one_https_is_believed_and_a_wild_host_is_not(harness: WebHarness) -> None:
    async with harness.client(x_forwarded_proto="https", x_forwarded_host="evil.example") as client:
        found = BuilderPage((await client.get("/")).text).snippets
        wild = BuilderPage((await client.get("/", headers={"Host": "evil.example/<script>"})).text).snippets
    assert 'src="https://music.example.org/widget"' in found["iframe"]
    assert 'src="https://127.0.0.1:8000/widget"' in wild["iframe"]


async def test_the_chosen_look_is_in_every_snippet_that_has_one(harness: WebHarness) -> None:
    look = {
        "theme": "light",
        "layout": "compact",
        "background": "efe6d2",
        "accent": "ff0055",
        "idle": "message",
        "motion": "off",
        "lang": "he",
        "radius": "20",
        "scale": "1.5",
        "font": "serif",
        "without": "artwork,times",
    }
    query = "&".join(f"{name}={value}" for name, value in look.items())
    found = await snippets(harness, f"?{query.replace('accent=', 'accent=%23')}")
    assert f"/widget?{query}" in unescape(found["iframe"])
    assert f"/widget?{query}" in unescape(found["wordpress"])
    assert found["notion"] == f"http://music.example.org/widget?{query}"
    assert " ".join(f'data-{name}="{value}"' for name, value in look.items()) in found["script"]
    attributes = " ".join(f'{name}="{value}"' for name, value in look.items())
    assert f'<now-playing {attributes} width="630">' in found["element"]
    assert f"/now-playing.svg?{query}" in unescape(found["markdown"])
    assert f"/now-playing.svg?{query}" in unescape(found["image"])
    assert found["oembed"].startswith("http://music.example.org/oembed?url=http%3A%2F%2Fmusic.example.org%2Fwidget%3F")


async def test_an_option_that_the_query_repeats_is_in_the_snippets(harness: WebHarness) -> None:
    assert "?without=artwork,times" in (await snippets(harness, "?without=times&without=artwork"))["notion"]


async def test_what_the_preview_shows_stands_in_no_snippet(harness: WebHarness) -> None:
    found = await snippets(harness, "?sample=paused&wall=photo")
    assert not [name for name, text in found.items() if "sample" in text or "wall" in text]


@pytest.mark.parametrize(("theme", "scheme"), [("auto", "light dark"), ("light", "light"), ("dark", "dark")])
async def test_every_iframe_has_the_color_scheme_of_its_page(harness: WebHarness, theme: str, scheme: str) -> None:
    found = await snippets(harness, f"?theme={theme}")
    for name in ("iframe", "wordpress"):
        assert re.findall(r"color-scheme: ([a-z ]+)\"", found[name]) == [scheme]


async def test_a_width_counts_in_every_snippet(harness: WebHarness) -> None:
    found = await snippets(harness, "?width=300")
    assert 'width="300" height="140"' in found["iframe"]
    assert 'width="300" height="140"' in found["wordpress"]
    assert ' data-width="300"' in found["script"]
    assert '<now-playing width="300">' in found["element"]
    for name in ("image", "markdown"):
        assert 'width="300" height="100"' in found[name]


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("?", 'width="420" height="140"'),
        ("?layout=compact", 'width="420" height="56"'),
        ("?layout=cover", 'width="320" height="447"'),
        ("?layout=cover&width=260", 'width="260" height="387"'),
        ("?layout=cover&width=600", 'width="600" height="547"'),
        ("?layout=list", 'width="420" height="56"'),
        ("?scale=1.5", 'width="630" height="210"'),
        ("?layout=compact&scale=0.75&width=250", 'width="250" height="42"'),
    ],
)
async def test_an_iframe_is_as_high_as_what_is_in_it(harness: WebHarness, query: str, size: str) -> None:
    assert size in (await snippets(harness, query))["iframe"]


async def test_pictures_lead_to_the_music(harness: WebHarness) -> None:
    found = await snippets(harness)
    for name in ("image", "markdown"):
        assert found[name].startswith('<a href="http://music.example.org/listen">')


async def test_a_readme_gets_a_picture_for_either_scheme(harness: WebHarness) -> None:
    text = (await snippets(harness))["markdown"]
    assert 'media="(prefers-color-scheme: dark)" srcset="http://music.example.org/now-playing.svg?theme=dark"' in text
    assert 'src="http://music.example.org/now-playing.svg?theme=light"' in text
    assert "<picture>" not in (await snippets(harness, "?theme=dark"))["markdown"]


async def test_wordpress_gets_a_block_that_needs_no_style(harness: WebHarness) -> None:
    text = (await snippets(harness))["wordpress"]
    assert text.startswith("<!-- wp:html -->\n<iframe ")
    assert text.endswith("</iframe>\n<!-- /wp:html -->")
    assert 'frameborder="0" scrolling="no"' in text


async def test_a_stream_gets_a_dark_widget_without_ground_that_hides_and_its_size(harness: WebHarness) -> None:
    async with harness.client() as client:
        page = BuilderPage((await client.get("/?layout=compact&theme=light")).text)
    query = "theme=dark&layout=compact&background=none&idle=hide"
    assert page.snippets["obs"] == f"http://music.example.org/widget?{query}"
    assert "420 × 56" in page.text
