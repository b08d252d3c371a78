"""The templates for players work: filled in as each program does, the inlet accepts them."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment

from tests.support.commands import ROOT
from tests.support.documentation import doc, rows, section
from tests.support.every_route import INLET_TOKEN
from tests.support.other_program import OtherProgram, other_program
from tests.support.programs import require, skip_or_fail

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SECONDS = {"duration": 213, "position": 61}


@pytest.fixture
async def inlet(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    async with other_program(tmp_path, {"SOURCE": "inlet", "INLET_TOKEN": INLET_TOKEN}) as running:
        yield running


def code(title: str, language: str, at: int = 0) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", section(doc("players"), title), re.DOTALL)
    return found[at]


async def send(inlet: OtherProgram, body: str) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Token {INLET_TOKEN}", "Content-Type": "application/json"}
    answer = await inlet.client.post("/inlet", content=body.encode(), headers=headers)
    await inlet.clock.advance(0.0)
    return answer.status_code, await inlet.now()


def is_shown(now: dict[str, Any], status: str) -> None:
    item = now["item"]
    assert now["status"] == status
    assert (item["title"], [artist["name"] for artist in item["artists"]]) == ("Here", ["I & you"])
    assert item["album"]["name"] == 'The "album"'
    assert item["duration_ms"] == SECONDS["duration"] * 1000
    assert now["progress_ms"] == pytest.approx(SECONDS["position"] * 1000, abs=1000)


async def test_the_documented_object_is_taken(inlet: OtherProgram) -> None:
    status, now = await send(inlet, code("From a template or a script", "json"))
    assert (status, now["status"], now["item"]["title"]) == (200, "playing", "A title")
    assert len(now["item"]["artists"]) == 2


async def test_the_curl_example_is_taken(inlet: OtherProgram) -> None:
    (body,) = re.findall(r"-d '(.*?)'", code("From a template or a script", "sh"))
    status, now = await send(inlet, body)
    assert (status, now["item"]["title"]) == (200, "Here")


def as_jellyfin_fills_it_in(template: str, values: dict[str, object]) -> str:
    """Return the template with its helpers and variables resolved.

    The plug-in escapes the quotation marks of Name, and nothing else unless told to.
    """
    helper = re.compile(
        r"{{#if_equals (\w+) '(\w+)'}}((?:(?!{{#if_equals).)*?){{else}}((?:(?!{{#if_equals).)*?){{/if_equals}}"
    )
    while found := helper.search(template):
        name, wanted, then, other = found.groups()
        chosen = then if str(values.get(name, "")).casefold() == wanted.casefold() else other
        template = template[: found.start()] + chosen + template[found.end() :]
    exists = r"{{#if_exist (\w+)}}(.*?){{/if_exist}}"
    template = re.sub(exists, lambda match: match[2] if values.get(match[1]) else "", template)
    template = re.sub(r"{{json_encode (\w+)}}", lambda match: json.dumps(str(values[match[1]]))[1:-1], template)
    escaped = {**values, "Name": str(values["Name"]).replace('"', '\\"')}
    return re.sub(r"{{{?(\w+)}?}}", lambda match: str(escaped[match[1]]), template)


@pytest.mark.parametrize(
    ("kind", "is_paused", "status"),
    [("PlaybackStart", False, "playing"), ("PlaybackProgress", True, "paused"), ("PlaybackStop", False, "idle")],
)
async def test_the_template_for_jellyfin_works(inlet: OtherProgram, kind: str, is_paused: bool, status: str) -> None:
    values = {
        "NotificationType": kind,
        "IsPaused": is_paused,
        "Name": "Here",
        "Artist": "I & you",
        "Album": 'The "album"',
        "RunTimeTicks": SECONDS["duration"] * 10_000_000,
        "PlaybackPositionTicks": SECONDS["position"] * 10_000_000,
    }
    template = code("Jellyfin", "handlebars")
    await send(inlet, as_jellyfin_fills_it_in(template, {**values, "NotificationType": "PlaybackStart"}))
    answer, now = await send(inlet, as_jellyfin_fills_it_in(template, values))
    assert answer == 200
    if status == "idle":
        assert (now["status"], now["item"]) == ("idle", None)
    else:
        is_shown(now, status)


async def test_the_template_for_jellyfin_takes_quotation_marks_and_no_album(inlet: OtherProgram) -> None:
    values = {
        "NotificationType": "PlaybackStart",
        "IsPaused": False,
        "Name": 'A "title"',
        "Artist": '"Name" \\ Surname',
        "RunTimeTicks": 0,
        "PlaybackPositionTicks": 0,
    }
    answer, now = await send(inlet, as_jellyfin_fills_it_in(code("Jellyfin", "handlebars"), values))
    assert answer == 200
    item = now["item"]
    assert (item["title"], item["artists"][0]["name"]) == ('A "title"', '"Name" \\ Surname')
    assert (item["album"], item["duration_ms"]) == (None, None)


async def test_the_template_for_tautulli_works(inlet: OtherProgram) -> None:
    values = {
        "track_name": "Here",
        "track_artist": "I & you",
        "album_name": 'The "album"',
        "duration_ms": str(SECONDS["duration"] * 1000),
        "view_offset": str(SECONDS["position"] * 1000),
    }
    (_, headers), template = ("", code("Plex, by Tautulli", "json")), json.loads(code("Plex, by Tautulli", "json", 1))
    assert json.loads(headers) == {"Authorization": "Token YOUR_TOKEN"}
    answer, now = await send(inlet, json.dumps({name: text.format(**values) for name, text in template.items()}))
    assert answer == 200
    is_shown(now, "playing")


@pytest.mark.parametrize(("state", "status"), [("playing", "playing"), ("paused", "paused"), ("off", "idle")])
async def test_the_rest_command_for_home_assistant_works(inlet: OtherProgram, state: str, status: str) -> None:
    settings = yaml.safe_load(code("Home Assistant", "yaml"))
    command = settings["rest_command"]["now_playing"]
    (automation,) = settings["automation"]
    assert automation["actions"][0]["action"] == "rest_command.now_playing"
    assert command["headers"]["authorization"] == "Token YOUR_TOKEN"
    played_since = timedelta(seconds=20 if state == "playing" else 0)
    attributes = {
        "media_title": "Here",
        "media_artist": "I & you",
        "media_album_name": 'The "album"',
        "media_duration": SECONDS["duration"],
        "media_position": SECONDS["position"] - played_since.total_seconds(),
        "media_position_updated_at": NOW - played_since,
    }
    known = attributes if state != "off" else {}
    home = Environment(autoescape=False)  # noqa: S701 - as Home Assistant does
    home.filters["to_json"] = json.dumps
    home.filters["float"] = lambda value, default=0.0: default if value is None else float(value)
    body = home.from_string(command["payload"]).render(
        **automation["actions"][0]["data"],
        states=lambda player: state,
        is_state=lambda player, wanted: state == wanted,
        state_attr=lambda player, name: known.get(name),
        now=lambda: NOW,
    )
    answer, now = await send(inlet, body)
    assert answer == 200
    if status == "idle":
        assert now["status"] == "idle"
    else:
        is_shown(now, status)


def test_the_configuration_for_multi_scrobbler_holds_what_it_refuses_to_be_without() -> None:
    (client,) = json.loads(code("multi-scrobbler", "json"))
    assert client["id"]
    assert client["configureAs"] == "client"
    assert set(client["data"]) == {"token", "username", "url"}


PLAYERCTL = r"""#!/bin/sh
case "$1" in
  --follow) printf 'playing\037Here\037I & you\037The "album"\037213000000\n\n' ;;
  position) [ -e has-ended ] || { echo 61.000000; touch has-ended; } ;;
esac
"""
CURL = "#!/bin/sh\ncat\n"


def output_of(*command: str, folder: Path) -> str:
    """Return the output of ``command``, which finds the programs in ``folder`` first."""
    environ = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout


async def test_the_script_for_linux_sends_each_change_and_the_end_of_the_player(
    inlet: OtherProgram, tmp_path: Path
) -> None:
    require("jq")
    for name, text in (("playerctl", PLAYERCTL), ("curl", CURL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    sent = output_of("bash", "-c", code("Linux", "bash"), folder=tmp_path)
    first, second = re.findall(r"\{.*?\n\}", sent, re.DOTALL)
    answer, now = await send(inlet, first)
    assert answer == 200
    is_shown(now, "playing")
    answer, now = await send(inlet, second)
    assert (answer, now["status"]) == (200, "idle")


MUSIC = """
const track = {name: () => "Here", artist: () => "I & you", album: () => 'The "album"', duration: () => 213};
const music = {running: () => true, playerState: () => STATE, currentTrack: track, playerPosition: () => 61};
const Application = () => music;
console.log(require("vm").runInNewContext(SCRIPT, {Application, JSON, Math}));
"""


@pytest.mark.parametrize(("state", "status"), [("playing", "playing"), ("paused", "paused"), ("stopped", "idle")])
async def test_the_script_for_macos_works(inlet: OtherProgram, tmp_path: Path, state: str, status: str) -> None:
    require("node")
    (script,) = re.findall(r"-e '\n(.*?)'", code("macOS", "sh"), re.DOTALL)
    constants = f"const STATE = {json.dumps(state)}, SCRIPT = {json.dumps(script)};"
    answer, now = await send(inlet, output_of("node", "-e", constants + MUSIC, folder=tmp_path))
    assert answer == 200
    if status == "idle":
        assert now["status"] == "idle"
    else:
        is_shown(now, status)


DRIVEN = {
    "liblistenbrainz": "your own code",
    "lollypop": "Lollypop, Rhythmbox",
    "mopidy": "Mopidy",
    "mpd": "MPD",
    "quodlibet": "Quod Libet",
    "rhythmbox": "Lollypop, Rhythmbox",
    "supysonic": "Supysonic",
}
"""The row of each program that tests drive, by its marker."""

NO_PLAYERS = {"browser", "process", "maloja"}
PACKAGES = {
    "lollypop": "Lollypop, Rhythmbox",
    "mopidy-mpd": "Mopidy",
    "quodlibet": "Quod Libet",
    "rhythmbox": "Lollypop, Rhythmbox",
}


def how_it_is_known(program: str) -> str:
    """Return how the row of ``program`` is known to be true."""
    table = rows(section(doc("players"), "One row for each program"))
    (found,) = [row[3] for row in table if row[0] == program]
    return found


def test_the_rows_of_programs_that_tests_drive_say_so_and_no_others() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    markers = {line.split(":")[0] for line in options["markers"]}
    assert markers - NO_PLAYERS == set(DRIVEN)
    table = rows(section(doc("players"), "One row for each program"))
    assert {row[0] for row in table if "by the tests" in row[3]} == set(DRIVEN.values())


def test_the_versions_that_the_tests_pin_are_those_of_the_documents() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    pins = "\n".join([*wanted["test"], *(path.read_text(encoding="utf-8") for path in (ROOT / ".ci").iterdir())])
    for package, text in (
        ("supysonic", how_it_is_known("Supysonic")),
        ("liblistenbrainz", how_it_is_known("your own code")),
        ("Mopidy-Listenbrainz", how_it_is_known("Mopidy")),
        ("malojaserver", doc("sources")),
    ):
        (version,) = re.findall(rf"{package}[>=]=([\d.]+)", pins)
        assert re.search(rf"\b{re.escape(version)}\b", text), (package, version)


@pytest.mark.parametrize("package", PACKAGES)
def test_debian_s_version_of_a_program_is_that_of_its_row(package: str) -> None:
    release = Path("/etc/os-release")
    if not release.exists() or "bookworm" not in release.read_text(encoding="utf-8"):
        pytest.skip("The document names the versions of Debian 12.")
    require("dpkg-query")
    command = ["dpkg-query", "--show", "--showformat", "${Version}", package]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    if not shown:
        skip_or_fail(f"not installed: {package}")
    version = re.sub(r"\.0$", "", shown.split("-")[0])
    assert re.search(rf"\b{re.escape(version)}\b", how_it_is_known(PACKAGES[package]))
