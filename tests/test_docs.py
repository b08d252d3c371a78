"""README and docs are held against the program: commands, variables, routes, options, error codes and links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import click
import pytest
from starlette.routing import Route

from bootstrap.cli import cli
from tests.support.commands import ROOT
from tests.support.documentation import (
    ADDRESS,
    DOCS,
    PAGES,
    README,
    doc,
    is_understood,
    options_table,
    rows,
    section,
    text_of,
)
from tests.support.every_route import INLET_ROUTES, INLET_TOKEN, ROUTES
from tests.support.other_program import other_program
from tests.support.program import program
from widget.app import create_app
from widget.config.settings import Settings
from widget.model.error_info import ERROR_INFOS
from widget.model.errors import ErrorCode
from widget.model.sources import COVER_ART_ARCHIVE, SOURCES, SPOTIFY
from widget.samples.snapshots import Sample
from widget.server.command import serve
from widget.web.api import events, now_playing_app
from widget.web.embed.options import NOW_OPTION_NAMES, OPTIONS, Option

QUESTIONS = [
    *("api", "architecture", "configuration", "embedding", "hosting"),
    *("operations", "players", "privacy", "setup", "sources"),
]
OWN_OPTIONS = {"size", "format", "ambient", "sample", "url", "maxwidth", "maxheight"}
"""Query options that are not the widget's look."""


def test_readme_can_be_read_at_once() -> None:
    assert len(text_of(README).splitlines()) <= 150


def test_the_first_paragraph_names_every_kind_of_source() -> None:
    first = text_of(README).split("\n\n")[1]
    assert all(name in first for name in ("Spotify", "Last.fm", "ListenBrainz", "player"))


def test_the_two_commands_that_do_everything_are_there() -> None:
    commands = re.findall(r"```sh\n(.+?)\n```", section(text_of(README), "Try it"), re.DOTALL)
    assert len(commands) == 2
    assert commands[0].endswith("-m widget --demo")
    assert commands[1] == (
        "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/python -m pytest -n auto"
    )


def test_readme_leads_to_every_page() -> None:
    assert sorted(path.stem for path in DOCS.glob("*.md")) == QUESTIONS
    linked = set(re.findall(r"\(docs/(\w+)\.md\)", section(text_of(README), "Documentation")))
    assert linked == set(QUESTIONS)


# Links


def anchors(page: Path) -> set[str]:
    titles = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[str]:
    yield from re.findall(r"\]\((?!https?:)([^)]+)\)", text_of(page))
    yield from re.findall(r"(?:src|srcset)=\"(?!https?:)([^\"]+)\"", text_of(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_inside_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:tests|widget|bootstrap|docs|\.ci|\.github)/[\w./-]*)`", text_of(page))
    assert [path for path in named if not (ROOT / path).exists()] == []


# Commands


def commands() -> dict[str, click.Command]:
    subcommands = {f"python -m bootstrap {name}": command for name, command in cli.commands.items()}
    return {"python -m bootstrap": cli, **subcommands, "python -m widget": serve}


def options_of(command: click.Command) -> set[str]:
    return {name for option in command.params for name in option.opts if name.startswith("--")} | {"--help"}


@pytest.mark.parametrize("line", commands())
def test_every_command_and_option_is_documented(line: str) -> None:
    (row,) = [row for row in rows(section(doc("configuration"), "Commands")) if row[0] == f"`{line}`"]
    everywhere = {"--help", "--version", "--database"}
    named = set(re.findall(r"`(--[a-z-]+)", row[1]))
    assert named == options_of(commands()[line]) - everywhere


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    found = re.findall(r"(?:python -m |now-playing-)(bootstrap|widget|backend)((?: [^\s`)#&|,;]+)*)", text_of(page))
    for name, rest in found:
        words = rest.split()
        command: click.Command = cli if name == "bootstrap" else serve
        if words and command is cli and words[0] in cli.commands:
            command = cli.commands[words.pop(0)]
        used = {word.split("=")[0].rstrip(".:") for word in words if re.fullmatch(r"--[a-z-]+[.:]?(=.*)?", word)}
        assert used <= options_of(command) | {"--version"}, (name, rest)


# Variables


def documented_variables() -> dict[str, str]:
    table = rows(section(doc("configuration"), "Variables"))
    return {name: row[1] for row in table for name in re.findall(r"`([A-Z][A-Z_]+)`", row[0])}


def variables_read() -> set[str]:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "widget/config").glob("*.py"))
    read = re.findall(r'read\(\s*"([A-Z_]+)"', text)
    return {*read, *(variable.name for source in SOURCES.values() for variable in source.variables)}


def test_every_variable_is_documented() -> None:
    assert set(documented_variables()) == variables_read()


def defaults() -> dict[str, str]:
    """Return the default of each variable that has one."""
    settings = Settings()
    return {
        **{one.name: one.default for source in SOURCES.values() for one in source.variables if one.default},
        "DATABASE_URL": settings.database_url,
        "HIDE_EXPLICIT": str(int(settings.hide_explicit)),
        "HOST": settings.host,
        "LOG_LEVEL": settings.log_level,
        "MAX_STREAMS": str(settings.max_streams),
        "PORT": str(settings.port),
        "RECENT": str(settings.recent),
        "SOURCE": SPOTIFY.name,
        "SPOTIFY_ACCOUNTS_URL": settings.accounts_url,
        "SPOTIFY_API_URL": settings.api_url,
        "SPOTIFY_REDIRECT_URI": settings.redirect_uri,
        "SUBSONIC_LABEL": SOURCES["subsonic"].label,
    }


def test_the_documented_defaults_are_the_program_s() -> None:
    for names, cell, *_ in rows(section(doc("configuration"), "Variables")):
        variables = re.findall(r"`([A-Z][A-Z_]+)`", names)
        if variables != ["CALLS_PER_DAY"]:
            expected = [default for name in variables if (default := defaults().get(name)) is not None]
            assert re.findall(r"`([^`]+)`", cell) == expected, names


def test_the_documented_limits_of_calls_are_the_program_s() -> None:
    limits = {str(source.calls_per_day) for source in SOURCES.values() if source.calls_per_day is not None}
    assert set(re.findall(r"`(\d+)`", documented_variables()["CALLS_PER_DAY"])) == limits


def test_every_list_of_sources_is_whole() -> None:
    page = doc("configuration")
    (choices,) = [row[2] for row in rows(page) if row[0] == "`SOURCE`"]
    assert re.findall(r"`(\w+)`", choices) == list(SOURCES)
    (others,) = re.findall(r"another `--source` \(([^)]*)\)", page)
    assert re.findall(r"`(\w+)`", others) == [name for name in SOURCES if name != "spotify"]


FOREIGN = re.compile(r"(KOITO|ND|WEBHOOK|HTTPS?|ALL|NO|SSL)_")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_variable_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"\b([A-Z]{2,}(?:_[A-Z]+)+)\b", text_of(page)))
    ours = {name for name in named if not FOREIGN.match(name)} - {"INVALID_CLIENT", "REQUEST_SCHEME", "YOUR_TOKEN"}
    assert ours <= variables_read() | {"PYTEST_ADDOPTS", "NO_COLOR"}


# Routes


def served_routes(tmp_path: Path) -> set[str]:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/test.db", setup_key="a key of sixteen characters")
    routes = {route.path for route in create_app(settings).routes if isinstance(route, Route)}
    served = {now_playing_app.PATH, events.PATH, *routes}
    return {path.replace(":path", "") for path in served if not path.startswith(("/static", "/setup/"))}


def documented_routes() -> set[str]:
    return {route for row in rows(doc("api")) for route in re.findall(r"`(/[^`]*)`", row[0])}


def test_every_route_is_documented(tmp_path: Path) -> None:
    assert served_routes(tmp_path) == documented_routes() - set(INLET_ROUTES)


async def test_the_documented_routes_of_the_inlet_are_there_with_that_source_alone(tmp_path: Path) -> None:
    async with program(tmp_path) as spotify:
        answers = [await spotify.client.request(method, path) for method, path, _ in INLET_ROUTES.values()]
        assert {answer.status_code for answer in answers} == {404}
    async with other_program(tmp_path, {"SOURCE": "inlet", "INLET_TOKEN": INLET_TOKEN}) as inlet:
        for method, path, body in INLET_ROUTES.values():
            headers = {"Authorization": f"Token {INLET_TOKEN}"}
            answer = await inlet.client.request(method, path, json=body, headers=headers)
            assert answer.status_code in (200, 400), path


def test_every_documented_route_is_requested_with_the_lowest_and_newest_versions() -> None:
    assert set(ROUTES) | set(INLET_ROUTES) == documented_routes()


def addresses_shown() -> list[tuple[str, str]]:
    return [
        (page.name, address)
        for page in PAGES
        for address in re.findall(rf"{ADDRESS}(/[^\s\"'`)|<]*)", text_of(page).replace("&amp;", "&"))
    ]


def is_served(path: str) -> bool:
    if path.startswith(("/1/", "/1", "/inlet/web-scrobbler/")) or path in ("/", "/setup/callback"):
        return True
    return path in documented_routes()


@pytest.mark.parametrize(("page", "address"), addresses_shown())
def test_every_address_that_a_page_shows_is_served_with_options_that_exist(page: str, address: str) -> None:
    parts = urlsplit(address.rstrip(".,:"))
    assert is_served(parts.path), page
    for name, value in parse_qsl(parts.query):
        if name not in OWN_OPTIONS:
            assert is_understood(name, value), (page, address)


# Options


def test_the_table_of_options_is_the_program_s() -> None:
    """``python -m tests.support.documentation`` writes it."""
    assert options_table() in section(doc("embedding"), "Options")


EXAMPLES = {"RRGGBB": "2E6F95"}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_documented_value_of_an_option_is_understood(option: Option) -> None:
    values = [*option.values, *re.findall(r"`([^`]+)`", option.syntax)]
    assert values or option.syntax
    for value in values:
        assert is_understood(option.name, EXAMPLES.get(value, value)), value
    assert option.default or option.default_label or option.repeatable


def test_the_documented_options_of_the_page_to_link_to_are_the_program_s() -> None:
    (sentence,) = re.findall(r"It takes the options ([^.]*)\.", section(doc("embedding"), "Now"))
    assert tuple(re.findall(r"`(\w+)`", sentence)) == (*NOW_OPTION_NAMES, "sample")


def test_every_sample_is_documented() -> None:
    (sentence,) = re.findall(r"(`sample=.*?) shows invented music", section(doc("embedding"), "Options"), re.DOTALL)
    assert tuple(re.findall(r"`(?:sample=)?(\w+)`", sentence)) == get_args(Sample)


# Errors


def test_every_error_code_is_documented_with_its_next_step() -> None:
    table = rows(section(doc("operations"), "Error codes"))
    documented = [code for row in table for code in re.findall(r"`([a-z_]+)`", row[0])]
    assert sorted(documented) == sorted(get_args(ErrorCode))
    assert all(len(row) == 3 and row[1] and row[2] for row in table)
    for row in table[1:]:
        headlines = {ERROR_INFOS[code].headline for code in get_args(ErrorCode) if f"`{code}`" in row[0]}
        assert [f"**{headline}**" for headline in headlines] == [row[1].split(":")[0]]


# Sources and players


def table_of_sources() -> dict[str, dict[str, str]]:
    """Return the columns of the table of sources by name, each by the beginning of its rows."""
    head, *body = rows(section(doc("sources"), "Which one?"))
    columns = {name: {row[0]: row[at] for row in body} for at, name in enumerate(head) if name}
    return {column["`SOURCE`"].strip("`"): column for column in columns.values()}


def test_the_table_of_sources_is_true() -> None:
    documented = table_of_sources()
    assert list(documented) == list(SOURCES)
    for name, row in SOURCES.items():
        column = documented[name]
        assert ("Premium" in column["you need"]) is row.needs_authorization
        assert (column["to be renewed"] != "never") is row.needs_authorization
        assert (column["explicit mark"] == "yes") is row.has_explicit_flag
        assert ("URIs" in column["`HIDE` takes"]) is row.hide_by_uri
        assert ("Cover Art Archive" in column["artwork"]) is (row.artwork_policy == COVER_ART_ARCHIVE)
        if column["progress and pauses"] in ("yes", "no"):
            reports = {row.has_progress, row.has_pauses}
            assert reports == {column["progress and pauses"] == "yes"}


def test_every_source_has_its_steps_with_its_command() -> None:
    for name, source in SOURCES.items():
        if name == "spotify":
            continue
        (title,) = [
            title
            for title in re.findall(r"^## (.+)$", doc("sources"), re.MULTILINE)
            if title.lower() in (name, source.label.lower())
        ]
        steps = section(doc("sources"), title)
        assert f"bootstrap --source {name}`" in steps
        numbers = [int(number) for number in re.findall(r"^(\d)\. ", steps, re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) >= 2


PLAYERS = [
    *("Navidrome", "Jellyfin, ListenBrainz plug-in", "Jellyfin, webhook plug-in", "Plex"),
    *("multi-scrobbler, ListenBrainz", "multi-scrobbler, Blackbox", "Web Scrobbler, ListenBrainz"),
    *("Web Scrobbler, webhook", "Pano Scrobbler", "Koito", "Music Assistant", "Home Assistant", "Lyrion"),
    *("foobar2000", "Kodi", "Mopidy", "MPD", "listenbrainz-mpd", "Supysonic", "mpris-scrobbler", "Quod Libet"),
    *("macOS", "iPhone"),
]


@pytest.mark.parametrize("player", PLAYERS)
def test_every_player_has_a_row_that_says_what_it_reports_and_how_that_is_known(player: str) -> None:
    table = rows(section(doc("players"), "One row for each program"))
    found = [row for row in table if row[0].startswith(player)]
    assert found
    assert all(len(row) == 4 and all(row) for row in found)
    assert all(re.match(r"run, |from its |its published|untested", row[3]) for row in found)
