"""``/oembed`` and the embed script, as programs use them."""

import gzip
from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.support.web_harness import WebHarness


async def get(harness: WebHarness, path: str) -> httpx.Response:
    async with harness.client() as client:
        return await client.get(path)


async def test_the_embed_script_is_small_cacheable_and_without_globals(harness: WebHarness) -> None:
    answer = await get(harness, "/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(answer.content, 6)) <= 3.5 * 1024
    assert "max-age" in answer.headers["cache-control"]
    async with harness.client(if_none_match=answer.headers["etag"]) as client:
        assert (await client.get("/embed.js")).status_code == 304


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("url=http://music.example.org/widget", 200),
        ("url=https://MUSIC.example.org/widget?theme=dark", 200),
        ("url=http://music.example.org/", 200),
        ("url=http://music.example.org", 200),
        ("url=http://music.example.org/now-playing.svg&format=json", 200),
        ("", 400),
        ("url=", 400),
        ("url=http://evil.example/widget", 404),
        ("url=http://music.example.org.evil.example/widget", 404),
        ("url=http://music.example.org/else", 404),
        ("url=javascript:alert(1)", 404),
        ("url=http://[", 404),
        ("url=http://music.example.org/widget&format=xml", 501),
    ],
)
async def test_oembed_answers_for_our_own_pages_only(harness: WebHarness, query: str, status: int) -> None:
    assert (await get(harness, f"/oembed?{query}")).status_code == status


async def test_oembed_gives_the_iframe_with_its_options(harness: WebHarness) -> None:
    url = "http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3Ddark%26layout%3Dcompact%26accent%3Dzzz"
    answer = (await get(harness, f"/oembed?url={url}")).json()
    assert (answer["version"], answer["type"]) == ("1.0", "rich")
    assert (answer["width"], answer["height"]) == (420, 56)
    assert 'src="http://music.example.org/widget?theme=dark&amp;layout=compact"' in answer["html"]
    assert {"title", "provider_name", "provider_url"} <= set(answer)


async def test_oembed_takes_an_option_that_its_page_repeats(harness: WebHarness) -> None:
    url = "http%3A%2F%2Fmusic.example.org%2Fwidget%3Fwithout%3Dtimes%26without%3Dartwork"
    html = (await get(harness, f"/oembed?url={url}")).json()["html"]
    assert 'src="http://music.example.org/widget?without=artwork,times"' in html


@pytest.mark.parametrize(("theme", "scheme"), [("auto", "light dark"), ("light", "light"), ("dark", "dark")])
async def test_oembed_s_iframe_has_the_scheme_of_its_page_and_needs_no_style(
    harness: WebHarness, theme: str, scheme: str
) -> None:
    url = f"http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3D{theme}"
    html = (await get(harness, f"/oembed?url={url}")).json()["html"]
    assert f"color-scheme: {scheme}" in html
    assert 'frameborder="0" scrolling="no"' in html


@pytest.mark.parametrize("scale", ["1", "0.75", "3"])
@pytest.mark.parametrize("layout", ["card", "compact", "cover", "list"])
@pytest.mark.parametrize(("width", "height"), [(300, 100), (250, 1000), (10_000, 10_000), (220, 60), (500, 30)])
async def test_oembed_stays_within_the_maxima(
    harness: WebHarness, layout: str, width: int, height: int, scale: str
) -> None:
    url = f"http%3A%2F%2Fmusic.example.org%2Fwidget%3Flayout%3D{layout}%26scale%3D{scale}"
    answer = (await get(harness, f"/oembed?url={url}&maxwidth={width}&maxheight={height}")).json()
    assert answer["width"] <= width
    assert answer["height"] <= height
    assert f'width="{answer["width"]}" height="{answer["height"]}"' in answer["html"]


async def test_invalid_maxima_are_ignored(harness: WebHarness) -> None:
    url = "/oembed?url=http://music.example.org/widget"
    usual = (await get(harness, url)).json()
    assert (await get(harness, f"{url}&maxwidth=-1&maxheight=abc")).json() == usual


@pytest.mark.parametrize(
    ("maxima", "size"),
    [("", (1200, 630)), ("&maxwidth=900", (840, 280)), ("&maxheight=300", (840, 280)), ("&maxwidth=400", None)],
)
async def test_oembed_has_a_thumbnail_that_keeps_within_the_maxima(
    harness: WebHarness, maxima: str, size: tuple[int, int] | None
) -> None:
    url = "http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3Dlight"
    found = (await get(harness, f"/oembed?url={url}{maxima}")).json()
    if size is None:
        assert not [key for key in found if key.startswith("thumbnail")]
        return
    assert (found["thumbnail_width"], found["thumbnail_height"]) == size
    assert found["thumbnail_url"].startswith("http://music.example.org/now-playing.png?theme=light")
    image = await get(harness, found["thumbnail_url"].removeprefix("http://music.example.org"))
    assert Image.open(BytesIO(image.content)).size == size
