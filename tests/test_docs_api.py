"""The examples of ``docs/api.md`` and the map of ``docs/architecture.md`` are the program's own."""

import json
import re
from typing import Any

import pytest

from tests.support.commands import ROOT
from tests.support.documentation import doc, rows, section
from tests.support.json_schema import SCHEMA, check_now_playing
from tests.support.web_harness import WebHarness, playing
from widget.web.api.response_cache import RETRY


def example(title: str) -> dict[str, Any]:
    """Return the first JSON example below ``title``."""
    found: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", section(doc("api"), title), re.DOTALL)[0])
    return found


def keys(value: object) -> object:
    """Return the keys of an object and of those in it, in their order."""
    if isinstance(value, dict):
        return {name: keys(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [keys(inner) for inner in value[:1]]
    return None


async def answer(path: str) -> Any:
    harness = WebHarness()
    async with harness.show(playing(harness.clock.now())).client() as client:
        return (await client.get(path)).json()


@pytest.mark.parametrize(
    ("title", "path"), [("Now playing", "/now-playing"), ("Flat", "/api/now-playing"), ("Health", "/readyz")]
)
async def test_each_example_has_the_keys_of_a_real_answer(title: str, path: str) -> None:
    assert json.dumps(keys(example(title))) == json.dumps(keys(await answer(path)))


def test_the_example_of_what_plays_is_valid_and_every_key_is_explained() -> None:
    check_now_playing(example("Now playing"))
    table = rows(section(doc("api"), "Now playing"))
    explained = [name for row in table for name in re.findall(r"`(\w+)`", row[0])]
    assert explained == list(dict.fromkeys(explained))
    assert sorted(explained) == sorted(SCHEMA["properties"])


def test_the_example_of_events_begins_as_a_stream_does() -> None:
    found = re.search(r"```\n(.*?)```", section(doc("api"), "Events"), re.DOTALL)
    assert found
    assert found[1].startswith(RETRY.decode() + "\n\nevent: now-playing\nid: ")


def layout() -> list[str]:
    table = rows(section(doc("architecture"), "Layout"))
    return [path for row in table for path in re.findall(r"`([a-z_]+/[a-z_/.]*)`", row[0])]


def test_the_layout_names_every_package_and_module_of_the_first_level() -> None:
    folders = {f"widget/{path.parent.name}/" for path in ROOT.glob("widget/*/__init__.py")}
    modules = {f"widget/{path.name}" for path in ROOT.glob("widget/*.py")} - {"widget/__init__.py"}
    assert sorted(layout()) == sorted({"bootstrap/", *folders, *modules})


def test_every_module_that_the_data_flow_names_exists() -> None:
    flow = section(doc("architecture"), "Data flow")
    named = re.findall(r"\b((?:sources|now_playing)/[\w/]+)", flow)
    assert len(named) >= 4
    for path in named:
        assert (ROOT / "widget" / f"{path.replace('NAME', 'lastfm')}.py").is_file(), path
