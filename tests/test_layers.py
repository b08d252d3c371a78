"""Imports run one way: a module imports only from its own layer and the layers below it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The layers of docs/architecture.md, top first.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("bootstrap",),
    ("widget.__main__",),
    ("widget.server",),
    ("widget.demo",),
    ("widget.app",),
    ("widget.web",),
    ("widget.notifications",),
    ("widget.artwork",),
    ("widget.now_playing",),
    ("widget.sources",),
    ("widget.store",),
    ("widget.config", "widget.cli_options"),
    ("widget.samples",),
    ("widget.http_client", "widget.http_client"),
    ("widget.model",),
    ("widget.clock",),
    ("widget.background",),
)

WEB_MAY_IMPORT_FROM_NOW_PLAYING = {"widget.now_playing.broadcaster"}
SIMULATORS = "widget.sources.simulators"
SERVICES = ("spotify", "lastfm", "listenbrainz", "inlet", "subsonic", "mpd")

# A service's field names appear in its own package and its simulator alone.
FIELD_NAMES = {
    "spotify": ("currently_playing_type", "external_urls", "display_name", "expires_in", "grant_type"),
    "lastfm": ("recenttracks", "@attr", "uts", "#text"),
    "listenbrainz": ("track_metadata", "additional_info", "mbid_mapping", "listened_at", "artist_name"),
    "subsonic": ("subsonic-response", "minutesAgo", "positionMs", "openSubsonicExtensions"),
    "mpd": ("musicbrainz_trackid", "albumartist"),
}
FIELD_NAMES_BY_SERVICE = [(service, word) for service, words in FIELD_NAMES.items() for word in words]


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


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def layer(name: str) -> int:
    for depth, packages in enumerate(LAYERS):
        if any(is_within(name, package) for package in packages):
            return depth
    raise AssertionError(f"{name} is in no layer: add it to LAYERS in tests/test_layers.py")


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_from_its_own_layer_and_below(name: str) -> None:
    assert not {imported for imported in imported_modules(name) if layer(imported) < layer(name)}


@pytest.mark.parametrize("name", [name for name in modules() if is_within(name, "widget.web")])
def test_web_cannot_reach_a_token_a_source_or_the_store(name: str) -> None:
    imported = imported_modules(name)
    assert {module for module in imported if is_within(module, "widget.now_playing")} <= WEB_MAY_IMPORT_FROM_NOW_PLAYING
    assert not {
        module for module in imported if is_within(module, "widget.store") or is_within(module, "widget.sources")
    }
    from_tokens = {found for found in imports(name) if found.startswith("widget.model.tokens.")}
    assert from_tokens <= {"widget.model.tokens.AuthorizationStatus"}


@pytest.mark.parametrize("name", [name for name in modules() if is_within(name, SIMULATORS)])
def test_a_simulator_shares_no_code_with_a_client(name: str) -> None:
    from_sources = {module for module in imported_modules(name) if is_within(module, "widget.sources")}
    assert not {module for module in from_sources if not is_within(module, SIMULATORS)}


@pytest.mark.parametrize("name", modules())
def test_only_the_commands_import_uvicorn(name: str) -> None:
    if not name.startswith(("widget.__main__", "widget.server", "bootstrap")):
        assert not {imported for imported in imports(name) if imported.split(".")[0] == "uvicorn"}


def test_there_is_no_import_cycle() -> None:
    graph = {name: imported_modules(name) for name in modules()}
    while leaves := {name for name, imported in graph.items() if not imported}:
        graph = {name: imported - leaves for name, imported in graph.items() if name not in leaves}
    assert not graph


@pytest.mark.parametrize("service", FIELD_NAMES)
def test_a_service_s_field_names_appear_only_in_its_own_package(service: str) -> None:
    # A simulated player submits listens in ListenBrainz's format.
    simulators = [service, *(["inlet"] if service == "listenbrainz" else [])]
    own = (f"widget.sources.{service}", *(f"{SIMULATORS}.{name}" for name in simulators))
    elsewhere = [name for name in modules() if not name.startswith(own)]
    assert not [
        (name, word)
        for name in elsewhere
        for word in FIELD_NAMES[service]
        if f'"{word}"' in module_path(name).read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize(("service", "word"), FIELD_NAMES_BY_SERVICE)
def test_each_of_these_field_names_is_read_in_its_package(service: str, word: str) -> None:
    own = [name for name in modules() if is_within(name, f"widget.sources.{service}")]
    assert any(f'"{word}"' in module_path(name).read_text(encoding="utf-8") for name in own)


@pytest.mark.parametrize("name", [name for name in modules() if is_within(name, "widget.sources")])
def test_no_service_imports_another(name: str) -> None:
    own = [*name.split("."), ""][2]
    if own not in SERVICES:
        return
    # Players submit to the inlet in ListenBrainz's format.
    allowed = {own, "listenbrainz"} if own == "inlet" else {own}
    others = tuple(f"widget.sources.{service}." for service in SERVICES if service not in allowed)
    assert not {module for module in imported_modules(name) if module.startswith(others)}
