"""``/now-playing.txt``, and the documents at the root that programs read."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from tests.support.json_schema import VALIDATOR, check_now_playing
from tests.support.web_harness import EPISODE, WebHarness, advertisement, idle, item, paused, playing
from widget.model.errors import ErrorCode
from widget.model.snapshot import Snapshot, SourceProblem

SITE = "https://music.example.org"
DOWN = Snapshot(None, SourceProblem("not_configured", "Run the bootstrap."))


async def text(harness: WebHarness, **query: str) -> str:
    async with harness.client() as client:
        response = await client.get("/now-playing.txt", params=query)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    return response.text


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        (playing, "♫ Tides of Glass – Mara Lindqvist\n"),
        (paused, "Paused: Tides of Glass – Mara Lindqvist\n"),
        (advertisement, "Last played: Tides of Glass – Mara Lindqvist\n"),
        (lambda now: idle(now, item("Before")), "Last played: Before – Mara Lindqvist\n"),
        (lambda now: playing(now, EPISODE), f"♫ {EPISODE.title} – The Long Way Round\n"),
        (lambda now: playing(now, item(artists=())), "♫ Tides of Glass\n"),
        (idle, "\n"),
        (lambda now: DOWN, "\n"),
    ],
)
async def test_the_line_says_what_plays_or_played_last(
    harness: WebHarness, snapshot: Callable[[float], Snapshot], line: str
) -> None:
    assert await text(harness.show(snapshot(harness.clock.now()))) == line


async def test_the_format_names_fields_and_leaves_other_braces(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), item(artists=("One", "Two"))))
    line = await text(harness, format="{status}: {title} by {artists} on {album} {url} {other} {{title}} {}")
    assert line == (
        "playing: Tides of Glass by One, Two on Low Water https://open.spotify.com/track/5tIdesOfGlass0000000aB "
        "{other} {Tides of Glass} {}\n"
    )
    assert await text(harness, format="{artists}" + "x" * 191) == "One, Two" + "x" * 191 + "\n"
    assert await text(harness, format="{artists}" + "x" * 192) == "♫ Tides of Glass – One, Two\n"


async def test_a_field_in_a_title_stays_as_it_is(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), item("{artists}")))
    assert await text(harness, format="{title}") == "{artists}\n"


async def test_a_format_without_anything_to_show_gives_the_status_alone(harness: WebHarness) -> None:
    harness.show(idle(harness.clock.now()))
    assert await text(harness, format="♫ {title}") == "\n"
    assert await text(harness, format="[{status}] {title}") == "[idle]\n"


async def test_it_is_one_line_whatever_the_title_holds(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now(), item("a\r\nb\u2028c\x1b[31md")))
    assert await text(harness, format="{title}") == "a b c [31md\n"


async def test_text_is_cached_as_the_json_is(harness: WebHarness) -> None:
    harness.show(playing(harness.clock.now()))
    async with harness.client() as client:
        line, body = await client.get("/now-playing.txt"), await client.get("/now-playing")
        again = await client.get("/now-playing.txt", headers={"If-None-Match": line.headers["etag"]})
    assert line.headers["cache-control"] == body.headers["cache-control"]
    assert (again.status_code, again.content) == (304, b"")


async def test_a_sample_may_be_requested(harness: WebHarness) -> None:
    assert (await text(harness.show(DOWN), sample="paused")).startswith("Paused: ")


async def test_the_schema_is_published_and_is_one(harness: WebHarness) -> None:
    async with harness.client() as client:
        response = await client.get("/now-playing.schema.json")
    assert response.headers["content-type"] == "application/schema+json"
    Draft202012Validator.check_schema(response.json())
    codes = response.json()["properties"]["error"]["anyOf"][0]["properties"]["code"]["enum"]
    assert tuple(codes) == ErrorCode.__args__  # type: ignore[attr-defined]


async def test_the_schema_refuses_what_the_contract_excludes(harness: WebHarness) -> None:
    async with harness.show(playing(harness.clock.now())).client() as client:
        body = (await client.get("/now-playing")).json()
    check_now_playing(body)
    for change in (
        {"is_playing": False},
        {"item": None},
        {"status": "idle"},
        {"progress_ms": None},
        {"error": {"code": "private", "message": ""}},
        {"updated_at": "2026-11-25T10:00:00+00:00"},
        {"more": 1},
        {"item": {**body["item"], "artwork_color": "#ABCDEF"}},
    ):
        with pytest.raises(ValidationError):
            VALIDATOR.validate({**body, **change})
    for key in body:
        with pytest.raises(ValidationError):
            VALIDATOR.validate({name: value for name, value in body.items() if name != key})


async def test_crawlers_keep_out_of_what_wakes_the_poller_and_previews_may_have_all(harness: WebHarness) -> None:
    async with harness.client() as client:
        response = await client.get("/robots.txt")
    robots = RobotFileParser()
    robots.parse(response.text.splitlines())
    for path in ("/widget", "/widget?theme=dark", "/artwork/abc", "/api/now-playing", "/now-playing/events"):
        assert not robots.can_fetch("Googlebot", SITE + path)
        for bot in (
            *("Twitterbot", "facebookexternalhit", "Slackbot", "Discordbot", "LinkedInBot", "TelegramBot"),
            "WhatsApp",
        ):
            assert robots.can_fetch(bot, SITE + path)
    for path in ("/", "/now", "/now-playing.png", "/now-playing", "/now-playing.svg"):
        assert robots.can_fetch("Googlebot", SITE + path)


async def test_the_tabs_icon_is_a_small_drawing_for_light_and_dark(harness: WebHarness) -> None:
    async with harness.client() as client:
        response = await client.get("/favicon.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert len(ET.fromstring(response.content).findall("{*}rect")) == 3  # noqa: S314 - our own file
    assert b"prefers-color-scheme:dark" in response.content
    assert len(response.content) < 500


async def test_documents_are_cached_with_an_etag(harness: WebHarness) -> None:
    async with harness.client() as client:
        for path in ("/robots.txt", "/favicon.svg", "/now-playing.schema.json"):
            response = await client.get(path)
            again = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
            assert again.status_code == 304
            assert "max-age=3600" in response.headers["cache-control"]


def test_the_documented_example_is_valid() -> None:
    page = (Path(__file__).parent.parent.parent / "docs/api.md").read_text(encoding="utf-8")
    example = json.loads(page.partition("```json\n")[2].partition("```")[0])
    check_now_playing(example)
