"""Imports run one way: a room may import only what stands under it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The tower, top first. A room may import rooms of the floors below it, and of its own floor (no cycles there).
TOWER: tuple[tuple[str, ...], ...] = (
    ("bootstrap",),
    ("widget.__main__",),
    ("widget.server",),
    ("widget.demo",),
    ("widget.app",),
    ("widget.notifications.notifier", "widget.notifications.health"),
    ("widget.faces",),
    ("widget.owner",),
    ("widget.player",),
    ("widget.sources",),
    ("widget.store",),
    ("widget.cli_options", "widget.config.http_environment"),
    ("widget.config.settings",),
    ("widget.samples",),
    ("widget.model.snapshot",),
    ("widget.model.sources",),
    ("widget.model.source_variables",),
    ("widget.model.parsers",),
    ("widget.model.reauthorization",),
    ("widget.model.tokens", "widget.model.serialization"),
    (
        "widget.model.playback",
        "widget.model.errors",
        "widget.model.hide_list",
        "widget.model.names",
        "widget.clock",
        "widget.limited_body",
    ),
    ("widget.background",),
)
FACES_MAY_TAKE_FROM_PLAYER = {"widget.now_playing.broadcaster"}


def modules() -> list[str]:
    files = [*ROOT.glob("widget/**/*.py"), *ROOT.glob("bootstrap/**/*.py")]
    return sorted(name for name in map(module_name, files) if name not in ("widget", "bootstrap"))


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_path(name: str) -> Path:
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(module_path(name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(name: str) -> set[str]:
    known = set(modules())
    return {imported for imported in imports(name) if imported in known and imported != name}


def floor(name: str) -> int:
    for height, rooms in enumerate(TOWER):
        if any(name == room or name.startswith(f"{room}.") for room in rooms):
            return height
    raise AssertionError(f"{name} stands nowhere in the tower: enter it in tests/test_layers.py")


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_from_its_own_floor_and_below(name: str) -> None:
    above = {imported for imported in imported_modules(name) if floor(imported) < floor(name)}
    assert not above


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("widget.faces")])
def test_a_face_cannot_reach_a_token_or_spotify(name: str) -> None:
    reached = imported_modules(name)
    from_player = {module for module in reached if module.startswith("widget.player.")}
    assert from_player <= FACES_MAY_TAKE_FROM_PLAYER
    forbidden = ("widget.store", "widget.sources", "widget.model.tokens")
    assert not {module for module in reached if module.startswith(forbidden)}


SIMULATED = ("simulator", "scenes", "programme")


@pytest.mark.parametrize("name", [name for name in modules() if name.endswith(SIMULATED)])
def test_a_simulated_service_shares_no_code_with_the_client(name: str) -> None:
    of_sources = {module for module in imported_modules(name) if module.startswith("widget.sources")}
    assert {module for module in of_sources if not module.endswith(SIMULATED)} == set()


@pytest.mark.parametrize("name", modules())
def test_only_the_commands_know_the_server(name: str) -> None:
    if not name.startswith(("widget.__main__", "widget.server", "bootstrap")):
        assert not {imported for imported in imports(name) if imported.split(".")[0] == "uvicorn"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: imported_modules(name) for name in modules()}
    while leaves := {name for name, reached in graph.items() if not reached}:
        graph = {name: reached - leaves for name, reached in graph.items() if name not in leaves}
    assert not graph


FIELD_NAMES = {
    "spotify": ("currently_playing_type", "external_urls", "display_name", "expires_in", "grant_type"),
    "lastfm": ("recenttracks", "nowplaying", "uts", "#text"),
    "listenbrainz": ("track_metadata", "additional_info", "mbid_mapping", "listened_at", "artist_name"),
}


@pytest.mark.parametrize("wing", FIELD_NAMES)
def test_a_service_s_field_names_appear_only_where_its_language_is_spoken(wing: str) -> None:
    # The inlet's simulated player speaks ListenBrainz's language, and may not take it from the client.
    spoken = (f"widget.sources.{wing}", *(["widget.sources.simulators.inlet"] if wing == "listenbrainz" else []))
    elsewhere = [name for name in modules() if not name.startswith(spoken)]
    assert not [
        (name, word)
        for name in elsewhere
        for word in FIELD_NAMES[wing]
        if f'"{word}"' in module_path(name).read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize(("wing", "word"), [(wing, word) for wing, words in FIELD_NAMES.items() for word in words])
def test_each_of_these_field_names_is_read_in_its_wing(wing: str, word: str) -> None:
    own = [name for name in modules() if name.startswith(f"widget.sources.{wing}.") and not name.endswith(SIMULATED)]
    assert any(f'"{word}"' in module_path(name).read_text(encoding="utf-8") for name in own)


WINGS = ("spotify", "lastfm", "listenbrainz", "inlet")


@pytest.mark.parametrize("name", [name for name in modules() if name.startswith("widget.sources.")])
def test_no_wing_knows_another(name: str) -> None:
    own = name.split(".")[2]
    # The inlet speaks ListenBrainz's language.
    spoken = {own, "listenbrainz"} if own == "inlet" else {own}
    others = tuple(f"widget.sources.{wing}." for wing in WINGS if wing not in spoken)
    if own in WINGS:
        assert not {module for module in imported_modules(name) if module.startswith(others)}
