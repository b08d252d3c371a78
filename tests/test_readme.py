"""README is held against the code: commands, options, variables, routes, the two commands of the set-up."""

import re
from pathlib import Path
from typing import get_args

import click
import pytest
from starlette.routing import Route

from bootstrap.cli import cli
from widget.app import create_app
from widget.config.settings import Settings
from widget.model.errors import ErrorCode
from widget.model.sources import COVER_ART_ARCHIVE, SOURCES
from widget.web.api import events, now_playing_app

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def variables_read() -> set[str]:
    read = re.findall(r'read\("([A-Z_]+)"', (ROOT / "widget/config/settings.py").read_text(encoding="utf-8"))
    return {*read, *(variable.name for source in SOURCES.values() for variable in source.variables)}


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    rows = [row.split("|")[1] for row in section("Variables").splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == variables_read()


def test_every_route_that_is_served_is_told_and_no_other(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/test.db", setup_key="a key of sixteen characters")
    served = {
        now_playing_app.PATH,
        events.PATH,
        *(route.path for route in create_app(settings).routes if isinstance(route, Route)),
    }
    told = set(re.findall(r"^\| `(/[^`]*)` \|", section("Routes"), re.MULTILINE))
    inner = {path for path in served if path.startswith(("/static", "/setup/"))}
    assert {path.replace(":path", "") for path in served - inner} == told


def commands() -> list[tuple[str, click.Command]]:
    subcommands = [(f"python -m bootstrap {name}", command) for name, command in cli.commands.items()]
    return [("python -m bootstrap", cli), *subcommands]


@pytest.mark.parametrize(("line", "command"), commands())
def test_every_command_and_option_is_told(line: str, command: click.Command) -> None:
    (row,) = [row for row in section("Commands").splitlines() if row.startswith(f"| `{line}` |")]
    options = {name for option in command.params for name in option.opts if name.startswith("--")}
    everywhere = {"--help", "--version", "--database"}
    assert not {name for name in options - everywhere if f"`{name}" not in row}


def test_the_two_commands_that_do_all_the_set_up_are_there() -> None:
    blocks = re.findall(r"```sh\n(.+?)\n```", section("Try it"), re.DOTALL)
    assert len(blocks) == 2
    assert blocks[0].endswith("-m widget --demo")
    assert blocks[1].endswith("-m pytest -n auto --cov")
    assert all("\n" not in block and block.startswith("python3 -m venv") for block in blocks)


def test_every_picture_and_every_link_inside_exists() -> None:
    pictures = re.findall(r"\((\.github/[^)]+)\)|(?:src|srcset)=\"(\.github/[^\"]+)\"", README)
    assert all((ROOT / (one or other)).is_file() for one, other in pictures)
    headings = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.+)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings


def table_of_sources() -> dict[str, dict[str, str]]:
    """What the table says of each source, by the heading of its column and the beginning of the row."""
    lines = [line for line in section("Which source?").splitlines() if line.startswith("| ")]
    head, _, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {name: {row[0]: row[at] for row in rows} for at, name in enumerate(head) if name}


def test_the_table_of_sources_says_what_the_program_knows_of_them() -> None:
    told = table_of_sources()
    assert list(told) == ["Spotify", "Last.fm", "ListenBrainz", "the inlet"]
    for said, row in zip(told.values(), SOURCES.values(), strict=True):
        assert ("Premium" in said["what you need"]) is row.needs_authorization
        assert (said["to be renewed"] != "never") is row.needs_authorization
        tells = {row.has_progress, row.has_pauses, row.has_explicit_flag}
        assert tells == {said["progress, pauses, E mark"] == "yes"}
        assert (said["shown after"] == "at once") is row.is_pushed
        if row.poll_intervals is not None and not row.is_pushed:
            assert said["shown after"] == f"{row.poll_intervals.playing:g} seconds"
        assert ("URIs" in said["what it hides (`HIDE`)"]) is row.hide_by_uri
        assert (said["artwork"] == "Spotify's") is (row.artwork_policy != COVER_ART_ARCHIVE)


def test_every_source_is_set_up_in_numbered_steps_with_its_command() -> None:
    set_up = set()
    for part in section("Other sources").split("\n### ")[1:]:
        set_up |= set(re.findall(r"bootstrap --source (\w+)", part))
        numbers = [int(number) for number in re.findall(r"^(\d)\. ", part, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 2
    assert set_up == set(SOURCES) - {"spotify"}


@pytest.mark.parametrize("player", ["Navidrome", "Jellyfin", "multi-scrobbler", "Web Scrobbler", "Pano Scrobbler"])
def test_every_player_has_its_line_with_the_address(player: str) -> None:
    (line,) = [row for row in section("Other sources").splitlines() if row.startswith(f"| {player} ")]
    assert "https://music.example.org" in line


def test_what_is_to_be_done_is_told_for_every_error_code() -> None:
    told = set(re.findall(r"`([a-z_]+)`", section("When something is wrong")))
    assert set(get_args(ErrorCode)) - {"store_unavailable", "internal_error"} <= told
