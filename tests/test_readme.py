"""README is held against the code: commands, options, variables, routes, the two commands of the set-up."""

import re
from pathlib import Path

import click
import pytest
from starlette.routing import Route

from bootstrap.cli import cli
from widget.app import create_app
from widget.faces.feeds import events, hot_path
from widget.settings import Settings
from widget.source import SOURCES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def variables_read() -> set[str]:
    read = re.findall(r'read\("([A-Z_]+)"', (ROOT / "widget/settings.py").read_text(encoding="utf-8"))
    return {*read, *(variable.name for source in SOURCES.values() for variable in source.variables)}


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    rows = [row.split("|")[1] for row in section("Variables").splitlines() if row.startswith("| `")]
    assert {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)} == variables_read()


def test_every_route_that_is_served_is_told_and_no_other(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/test.db", setup_key="a key of sixteen characters")
    served = {
        hot_path.PATH,
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
