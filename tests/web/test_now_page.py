"""``/now``: the page to link to, as programs read it."""

import re

import pytest

from tests.support.web_harness import WebHarness
from widget.config.settings import Settings

PUBLIC = Settings(public_url="https://music.example")


async def page(harness: WebHarness, query: str = "") -> str:
    async with harness.client() as client:
        response = await client.get(f"/now{query}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


def tags(html: str) -> dict[str, str]:
    return dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', html))


@pytest.mark.parametrize("sample", ["playing", "paused", "last", "nothing", "ad", "long", "rtl"])
async def test_link_previews_find_a_title_a_text_and_a_picture_in_every_state(sample: str) -> None:
    found = tags(await page(WebHarness(settings=PUBLIC), f"?sample={sample}"))
    assert found["og:title"]
    assert found["og:description"]
    assert found["og:url"] == "https://music.example/now"
    assert found["og:image"] == "https://music.example/now-playing.png"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"]
    assert found["twitter:card"] == "summary_large_image"


async def test_what_it_names_is_served(harness: WebHarness) -> None:
    html = await page(harness, "?sample=playing")
    addresses = [tags(html)["og:image"], *re.findall(r'(?:href|src)="([a-z][\w./?=-]*)"', html)]
    async with harness.client() as client:
        for address in addresses:
            if "open.spotify.com" not in address:
                assert (await client.get(address)).status_code == 200, address


async def test_an_address_from_the_request_is_not_cached_for_others(harness: WebHarness) -> None:
    async with harness.client() as client:
        assert (await client.get("/now")).headers["cache-control"].startswith("private")
    async with WebHarness(settings=PUBLIC).client() as client:
        assert (await client.get("/now")).headers["cache-control"].startswith("public")


async def test_host_headers_add_no_pages_to_the_cache(harness: WebHarness) -> None:
    for host in ("one.example", "two.example:8000", "[::1]:8000"):
        async with harness.client(host=host) as client:
            response = await client.get("/now")
        assert tags(response.text)["og:url"] == f"http://{host}/now"
        assert f"script-src 'self' http://{host};" in response.headers["content-security-policy"] or "[" in host
    assert len(harness.app.state.pages._pages) == 1


async def test_it_has_no_builder_and_no_words_for_the_owner(harness: WebHarness) -> None:
    html = await page(harness)
    assert not re.search(r"snippet|setup|bootstrap|<form|<input", html, re.IGNORECASE)


@pytest.mark.parametrize(
    ("query", "ground"), [("", "vivid"), ("?background=art", "vivid"), ("?background=card", "card")]
)
async def test_its_ground_is_vivid_unless_another_one_is_chosen(harness: WebHarness, query: str, ground: str) -> None:
    assert f'"background":"{ground}"' in await page(harness, query)


@pytest.mark.parametrize("query", ["?layout=pill", "?scale=3", "?font=mono", "?without=artwork", "?radius=0"])
async def test_options_of_the_widget_s_shape_change_nothing(harness: WebHarness, query: str) -> None:
    def without_time(html: str) -> str:
        return re.sub(r'"clock":[\d.]+|--left:\d+ms|"progress_ms":\d+|--at:[\d.]+', "", html)

    assert without_time(await page(harness, query)) == without_time(await page(harness))


@pytest.mark.parametrize(("query", "is_ambient"), [("", False), ("?ambient=1", True), ("?ambient=yes", False)])
async def test_ambient_hides_the_cursor_and_keeps_the_screen_on(
    harness: WebHarness, query: str, *, is_ambient: bool
) -> None:
    html = await page(harness, query)
    assert ('<body class="ambient">' in html, "ambient.js" in html) == (is_ambient, is_ambient)
