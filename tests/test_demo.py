"""``python -m widget --demo`` in a process of its own, for every source."""

import json
import signal
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support.commands import Server, server
from widget.model.sources import SOURCES

ENVIRON = {"PATH": "", "PYTHONPATH": str(Path(__file__).parent.parent), "HOME": "/nowhere"}
PATIENCE_SECONDS = 20.0

ONE_THAT_IS_ASKED_ONE_THAT_TELLS = [
    next(name for name, row in SOURCES.items() if row.is_pushed is pushed) for pushed in (False, True)
]


def artwork_in(told: Any) -> Iterator[dict[str, Any]]:
    """Every size of every artwork that stands anywhere in ``told``."""
    if isinstance(told, dict):
        yield from told.get("artwork", [])
    for inner in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from artwork_in(inner)


def told_by(demo: Server, wanted: int) -> dict[str, Any]:
    """The JSON, once it tells the artwork of what plays, and ``wanted`` earlier items."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        told: dict[str, Any] = demo.get().json()
        if told["item"] and told["item"]["artwork"] and len(told["recent"]) >= wanted:
            return told
        time.sleep(0.1)
    raise AssertionError(f"the demo tells no artwork: {told}")


def first_event(demo: Server) -> dict[str, Any]:
    """The JSON of the first event."""
    with httpx.stream("GET", f"{demo.url}/now-playing/events", timeout=10.0) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith("data:"))
    event: dict[str, Any] = json.loads(line.removeprefix("data:"))
    return event


def loaded(address: str) -> httpx.Response:
    """What a browser on some other page loads at ``address``; a drawing stands there while the cover is fetched."""
    end = time.monotonic() + PATIENCE_SECONDS
    while (answer := httpx.get(address)).headers["content-type"] == "image/svg+xml" and time.monotonic() < end:
        time.sleep(0.1)
    return answer


@pytest.mark.parametrize("source", SOURCES)
def test_every_artwork_of_a_demo_loads_from_its_own_origin(tmp_path: Path, source: str) -> None:
    # Where nobody else keeps a history, nothing has ended yet.
    info = SOURCES[source]  # type: ignore[index]
    wanted = 0 if info.is_pushed or info.records_history else 2
    with server(tmp_path, {**ENVIRON, "SOURCE": source, "RECENT": "2"}, "--demo") as demo:
        told = told_by(demo, wanted)
        artwork = [*artwork_in(told), *artwork_in(first_event(demo))]
        sizes = {one["url"]: one["width"] for one in artwork} | {
            demo.get("/api/now-playing").json()["albumImageUrl"]: None
        }
        images = {address: loaded(address) for address in sizes}
    assert {one["url"] for one in told["item"]["artwork"]} <= set(sizes)
    for address, width in sizes.items():
        assert address.startswith(f"{demo.url}/")
        assert images[address].headers["content-type"] == "image/jpeg"
        assert images[address].headers["cross-origin-resource-policy"] == "cross-origin"
        assert width in (None, Image.open(BytesIO(images[address].content)).width)


@pytest.mark.parametrize("source", ONE_THAT_IS_ASKED_ONE_THAT_TELLS)
def test_a_public_demo_uses_its_public_address(tmp_path: Path, source: str) -> None:
    public = {**ENVIRON, "SOURCE": source, "PUBLIC_URL": "https://demo.example.org/music"}
    with server(tmp_path, public, "--demo") as demo:
        item = told_by(demo, 0)["item"]
        for one in item["artwork"]:
            assert one["url"].startswith("https://demo.example.org/music/artwork/")
            own = loaded(demo.url + one["url"].removeprefix("https://demo.example.org/music"))
            assert own.headers["content-type"] == "image/jpeg"


def test_the_demo_says_what_it_is(tmp_path: Path) -> None:
    with server(tmp_path, ENVIRON, "--demo") as demo:
        _, _, err = demo.end(signal.SIGINT)
    assert "demo with invented music" in err
    assert "Ctrl-C" in err
