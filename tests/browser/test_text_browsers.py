"""``/widget`` in w3m and lynx, which know no scripts and no styles."""

import re
import subprocess
import time

import httpx
import pytest

from tests.browser.conftest import Live
from tests.support.programs import require
from tests.support.web_harness import LONG, idle, item, paused, playing

BROWSERS = {"w3m": ["w3m", "-dump"], "lynx": ["lynx", "-dump", "-nolist"]}


@pytest.fixture(params=BROWSERS)
def read(request: pytest.FixtureRequest, live: Live) -> list[str]:
    """The command that prints the widget as one of the text browsers shows it."""
    command = BROWSERS[request.param]
    require(command[0])
    return [*command, f"{live.url}/widget"]


def shown(command: list[str]) -> str:
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30, stdin=subprocess.DEVNULL)
    return " ".join(output.stdout.split())


def test_the_mark_stands_before_the_artists_of_explicit_items_alone(read: list[str], live: Live) -> None:
    assert "Now playing Tides of Glass Mara Lindqvist" in shown(read)
    live.show(playing(time.time(), LONG))
    assert re.search(r"Anniversary\) E ?Parallel Weather", shown(read))


def test_the_state_is_said_once(read: list[str], live: Live) -> None:
    live.show(idle(time.time()))
    assert re.findall("Nothing playing|E$", shown(read)) == ["Nothing playing"]
    live.show(paused(time.time()))
    assert re.findall("Paused", shown(read)) == ["Paused"]
    live.show(idle(time.time(), item()))
    assert re.findall("Last played", shown(read)) == ["Last played"]


def test_every_drawing_of_the_page_has_a_size(live: Live) -> None:
    """Renderers that do not know the style sheet draw one without as large as the page."""
    drawings = re.findall(r"<svg[^>]*>", httpx.get(f"{live.url}/widget").text)
    assert drawings
    assert [one for one in drawings if not re.search(r' width="\d+" height="\d+"', one)] == []
