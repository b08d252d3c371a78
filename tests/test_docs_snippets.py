"""The snippets in README and docs parse, and all names in them exist."""

import json
import re
import subprocess
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from jinja2 import Environment

from tests.support.documentation import ADDRESS, Block, blocks, doc, is_understood, rows, section

ELEMENT_ONLY = {"width", "dark-selector", "define-only", "host", "src"}
FLAT = {"isPlaying", "title", "artist", "album", "albumImageUrl", "songUrl"}
VOID_TAGS = {"img", "source", "link", "meta", "br"}
SITES = [
    *("Next.js", "Astro", "SvelteKit", "Nuxt", "Docusaurus", "Hugo", "Eleventy"),
    *("WordPress", "Ghost", "Notion", "OBS", "GitHub", "Discord"),
]
FRONTS = [
    *("nginx", "Caddy", "Apache", "HAProxy", "Varnish", "Traffic", "lighttpd"),
    *("http-proxy-middleware", "Express"),
]


def block_id(block: Block) -> str:
    return f"{block.page}-{block.language}-{block.text.strip().splitlines()[0][:30]}"


@pytest.mark.parametrize("block", blocks("json"), ids=block_id)
def test_every_json_snippet_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("yaml"), ids=block_id)
def test_every_yaml_snippet_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", blocks("sh", "bash"), ids=block_id)
def test_every_shell_snippet_is_one(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


class Tags(HTMLParser):
    """Keeps the tags of a snippet, and fails at one that is closed in the wrong place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("block", blocks("html"), ids=block_id)
def test_every_html_snippet_is_well_formed_with_options_that_exist(block: Block) -> None:
    for tag, attributes in Tags(block.text).found:
        for name, value in attributes.items():
            option = name.removeprefix("data-") if tag == "script" else name
            is_ours = (tag == "script" and name.startswith("data-")) or tag == "now-playing"
            if is_ours and option not in ELEMENT_ONLY:
                assert is_understood(option, value or ""), (tag, name)


def test_an_iframe_has_the_color_scheme_of_its_theme() -> None:
    frames = [found for block in blocks("html") for found in Tags(block.text).found if found[0] == "iframe"]
    assert frames
    assert all("color-scheme: light dark" in (attributes["style"] or "") for _, attributes in frames)


# Dashboards: what they read exists, and what they write is what the program says.


def recipes(name: str) -> list[Any]:
    part = section(doc("embedding"), name)
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)]


def test_the_flat_json_is_the_documented_one() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", section(doc("api"), "Flat"), re.DOTALL)
    assert set(json.loads(shown)) == FLAT


def test_the_recipe_for_glance_reads_what_is_there() -> None:
    ((frame, custom),) = recipes("glance")
    assert (frame["type"], custom["type"]) == ("iframe", "custom-api")
    assert frame["source"].startswith(f"{ADDRESS}/widget")
    assert custom["url"] == f"{ADDRESS}/api/now-playing"
    assert set(re.findall(r'\.JSON\.\w+ "(\w+)"', custom["template"])) <= FLAT
    opened, closed = (len(re.findall(rf"{{{{ {word}", custom["template"])) for word in ("if", "end"))
    assert opened == closed == 1


def test_the_recipe_for_homepage_reads_what_is_there() -> None:
    (((group,),)) = recipes("homepage")
    ((service,),) = group.values()
    (settings,) = service.values()
    assert settings["widget"]["type"] == "customapi"
    assert settings["widget"]["url"] == f"{ADDRESS}/api/now-playing"
    assert {one["field"] for one in settings["widget"]["mappings"]} <= FLAT


def test_the_recipes_for_home_assistant_read_what_is_there() -> None:
    sensors, card = recipes("Home Assistant")
    (sensor,) = sensors["sensor"]
    assert (sensor["platform"], sensor["resource"]) == ("rest", f"{ADDRESS}/api/now-playing")
    assert set(sensor["json_attributes"]) <= FLAT
    value = Environment(autoescape=False).from_string(sensor["value_template"])  # noqa: S701 - as Home Assistant does
    assert value.render(value_json={"isPlaying": True, "title": "A & B"}) == "A & B"
    assert value.render(value_json={"isPlaying": False}) == "Nothing playing"
    assert card["type"] == "iframe"
    assert card["url"].startswith(f"{ADDRESS}/widget")


def test_the_recipe_for_homarr_is_an_address_of_the_widget() -> None:
    assert f"{ADDRESS}/widget?" in section(doc("embedding"), "Homarr")


@pytest.mark.parametrize("name", SITES)
def test_every_kind_of_site_has_one_way_and_its_reason(name: str) -> None:
    found = [row for row in rows(section(doc("embedding"), "Sites")) if row[0].startswith(name)]
    assert len(found) == 1
    assert all(found[0])


@pytest.mark.parametrize("name", FRONTS)
def test_every_front_has_its_setting(name: str) -> None:
    table = rows(section(doc("hosting"), "Web servers in front"))
    assert len([row for row in table if name in row[0] and len(row) == 3 and row[1]]) == 1
