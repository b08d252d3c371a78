"""oEmbed, the embed script and the builder's snippets."""

import gzip
import re
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest

from tests.support.showing import WORKS, Showing
from widget.owner.health import Health
from widget.settings import Settings
from widget.snapshot import Problem
from widget.tokens import TokenHealth

NAMES = {"iframe", "script", "element", "markdown", "image", "oembed", "obs", "json"}


class Snippets(HTMLParser):
    """Gathers the text of the elements with ``data-snippet``."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._name: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._name = dict(attrs).get("data-snippet") or (self._name if tag != "code" else None)

    def handle_endtag(self, tag: str) -> None:
        self._name = None

    def handle_data(self, data: str) -> None:
        if self._name is not None:
            self.found[self._name] = self.found.get(self._name, "") + data


async def get(showing: Showing, path: str) -> httpx.Response:
    async with showing.client() as client:
        return await client.get(path)


async def snippets(showing: Showing, query: str = "") -> dict[str, str]:
    return Snippets((await get(showing, f"/{query}")).text).found


async def test_there_is_a_snippet_for_every_place_with_absolute_addresses(showing: Showing) -> None:
    found = await snippets(showing)
    assert set(found) == NAMES
    assert all("http://music.example.org/" in text for text in found.values())


async def test_each_snippet_has_a_button_that_copies_it(showing: Showing) -> None:
    html = (await get(showing, "/")).text
    assert set(re.findall(r'data-copy="(\w+)"', html)) == NAMES


async def test_the_public_address_is_the_configured_one() -> None:
    showing = Showing(settings=Settings(public_url="https://me.example/music"))
    found = await snippets(showing)
    assert 'src="https://me.example/music/widget"' in found["iframe"]
    assert all("music.example.org" not in text for text in found.values())


async def test_without_one_https_is_believed_and_a_wild_host_is_not(showing: Showing) -> None:
    async with showing.client(x_forwarded_proto="https", x_forwarded_host="evil.example") as client:
        found = Snippets((await client.get("/")).text).found
        wild = Snippets((await client.get("/", headers={"Host": "evil.example/<script>"})).text).found
    assert 'src="https://music.example.org/widget"' in found["iframe"]
    assert 'src="https://127.0.0.1:8000/widget"' in wild["iframe"]


async def test_the_chosen_options_are_in_every_snippet_that_has_a_look(showing: Showing) -> None:
    found = await snippets(showing, "?theme=dark&layout=compact&accent=%23FF0055&lang=he&width=300")
    query = "theme=dark&layout=compact&accent=ff0055&lang=he"
    assert query in unescape(found["iframe"])
    assert 'width="300" height="48"' in found["iframe"]
    assert "color-scheme: dark" in found["iframe"]
    assert 'data-theme="dark" data-layout="compact" data-accent="ff0055" data-lang="he"' in found["script"]
    assert '<now-playing theme="dark" layout="compact" accent="ff0055" lang="he">' in found["element"]
    assert f"/now-playing.svg?{query}" in found["markdown"]
    assert f"/now-playing.svg?{query}" in unescape(found["image"])
    assert "background=none" in found["obs"]
    assert found["oembed"].startswith("http://music.example.org/oembed?url=http%3A%2F%2Fmusic.example.org%2Fwidget%3F")


async def test_a_readme_gets_a_picture_for_either_scheme(showing: Showing) -> None:
    text = (await snippets(showing))["markdown"]
    assert 'media="(prefers-color-scheme: dark)" srcset="http://music.example.org/now-playing.svg?theme=dark"' in text
    assert 'src="http://music.example.org/now-playing.svg?theme=light"' in text


@pytest.mark.parametrize(("width", "expected"), [("100", "200"), ("9999", "600"), ("x", "100%"), ("", "100%")])
async def test_a_width_that_cannot_be_is_brought_into_bounds(showing: Showing, width: str, expected: str) -> None:
    assert f'width="{expected}"' in (await snippets(showing, f"?width={width}"))["iframe"]


async def test_the_form_shows_what_was_chosen(showing: Showing) -> None:
    html = (await get(showing, "/?theme=dark&idle=hide&lang=de")).text
    for value in ("dark", "hide", "de"):
        assert re.search(rf'<option value="{value}"[^>]* selected', html)


async def test_the_page_itself_cannot_be_framed_and_runs_our_own_scripts_only(showing: Showing) -> None:
    policy = (await get(showing, "/")).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (Problem("not_configured", "There is no token yet."), "python -m bootstrap"),
        (Problem("needs_authorization", "Spotify no longer accepts it."), "python -m bootstrap"),
        (Problem("forbidden", "Premium is needed."), "Premium is needed."),
    ],
)
async def test_the_owner_reads_there_what_is_wrong_and_what_to_do(problem: Problem, told: str) -> None:
    showing = Showing(health=Health(TokenHealth("missing"), None, problem, 0))
    html = (await get(showing, "/")).text
    assert told in html
    assert problem.code in html
    assert "Everything works" not in html


async def test_a_working_page_says_until_when(showing: Showing) -> None:
    html = (await get(showing, "/")).text
    assert "Everything works." in html
    assert "(120 days)" in html


async def test_with_a_setup_key_the_page_leads_to_the_renewal() -> None:
    ending = Health(TokenHealth("expires_soon", 5, 1_795_400_000.0), None, None, 0)
    showing = Showing(settings=Settings(setup_key="a key of sixteen characters"), health=ending)
    assert 'href="setup">Renew it now' in (await get(showing, "/")).text
    assert "setup" not in (await get(Showing(health=WORKS), "/")).text


async def test_the_embed_script_is_small_cacheable_and_without_globals(showing: Showing) -> None:
    answer = await get(showing, "/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert len(gzip.compress(answer.content, 6)) <= 3 * 1024
    assert "max-age" in answer.headers["cache-control"]
    async with showing.client(if_none_match=answer.headers["etag"]) as client:
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
async def test_oembed_answers_for_our_own_pages_only(showing: Showing, query: str, status: int) -> None:
    assert (await get(showing, f"/oembed?{query}")).status_code == status


async def test_oembed_gives_the_iframe_with_its_options(showing: Showing) -> None:
    url = "http%3A%2F%2Fmusic.example.org%2Fwidget%3Ftheme%3Ddark%26layout%3Dcompact%26accent%3Dzzz"
    answer = (await get(showing, f"/oembed?url={url}")).json()
    assert (answer["version"], answer["type"]) == ("1.0", "rich")
    assert (answer["width"], answer["height"]) == (400, 48)
    assert 'src="http://music.example.org/widget?theme=dark&amp;layout=compact"' in answer["html"]
    assert {"title", "provider_name", "provider_url"} <= set(answer)


@pytest.mark.parametrize("layout", ["card", "compact", "cover"])
@pytest.mark.parametrize(("width", "height"), [(300, 100), (250, 1000), (10_000, 10_000), (220, 60), (500, 30)])
async def test_oembed_stays_within_the_maxima(showing: Showing, layout: str, width: int, height: int) -> None:
    url = f"http%3A%2F%2Fmusic.example.org%2Fwidget%3Flayout%3D{layout}"
    answer = (await get(showing, f"/oembed?url={url}&maxwidth={width}&maxheight={height}")).json()
    assert answer["width"] <= width
    assert answer["height"] <= height
    assert f'width="{answer["width"]}" height="{answer["height"]}"' in answer["html"]


async def test_wild_maxima_count_for_nothing(showing: Showing) -> None:
    url = "/oembed?url=http://music.example.org/widget"
    usual = (await get(showing, url)).json()
    assert (await get(showing, f"{url}&maxwidth=-1&maxheight=abc")).json() == usual
