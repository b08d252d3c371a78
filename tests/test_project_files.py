"""The files around the code for contributors, held against the project."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support.commands import ROOT
from tests.test_layers import LAYERS
from widget.model.sources import SOURCES

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
VERSIONS = (ROOT / ".ci" / "versions").read_text(encoding="utf-8")
AT_HOME = {"mpd"}
"""The sources that no host on the internet can reach."""
DOCUMENTS = [
    path
    for path in (
        ROOT / "README.md",
        ROOT / ".github/CONTRIBUTING.md",
        ROOT / ".github/SECURITY.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if path.is_file()
]


def loaded(name: str) -> dict[Any, Any]:
    value = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


def steps(workflow: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def module_exists(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_module_that_a_document_runs_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    modules = set(re.findall(r"python -m ((?:widget|bootstrap|tests)[\w.]*)", text))
    assert [name for name in sorted(modules) if not module_exists(name)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_of_ours_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:widget|bootstrap|tests|\.github|\.ci)/[\w./-]+)`", text)
    assert [name for name in named if not (ROOT / name.rstrip("/")).exists()] == []


def test_pre_commit_checks_what_ci_checks() -> None:
    (repository,) = loaded(".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"] for hook in repository["hooks"]]
    assert len(entries) == 3
    assert all(f"\n{entry}\n" in CI for entry in entries)


def test_the_line_that_contributors_run_is_the_one_of_ci() -> None:
    text = (ROOT / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^\.venv/bin/ruff check .*$", text, re.MULTILINE)
    assert all(f"\n{command}\n" in CI for command in line.split(" && "))


def test_every_marker_that_a_command_names_is_known() -> None:
    known = {line.split(":")[0] for line in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    workflows = "".join(path.read_text(encoding="utf-8") for path in (ROOT / ".github/workflows").iterdir())
    text = workflows + "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    expressions = re.findall(r'pytest.* -m "([^"]+)"', text)
    assert expressions
    assert {word for one in expressions for word in re.findall(r"\w+", one)} - {"not", "and", "or"} <= known


def test_the_workflow_tries_every_python_that_is_promised_on_three_systems() -> None:
    matrix = loaded(".github/workflows/checks.yml")["jobs"]["tests"]["strategy"]["matrix"]
    prefix = "Programming Language :: Python :: 3."
    promised = {name.removeprefix(prefix) for name in PROJECT["project"]["classifiers"] if name.startswith(prefix)}
    assert set(matrix["python"]) == {f"3.{minor}" for minor in promised}
    assert {system.split("-")[0] for system in matrix["os"]} == {"ubuntu", "macos", "windows"}


def test_only_the_whole_run_fails_where_a_program_is_missing() -> None:
    jobs = loaded(".github/workflows/checks.yml")["jobs"]
    (tests,) = (step for step in jobs["tests"]["steps"] if "pytest" in step.get("run", ""))
    assert tests["env"] == {"CI": ""}


def test_the_workflow_runs_what_ci_runs() -> None:
    assert "bash .ci/run" in [step.get("run") for step in steps(loaded(".github/workflows/checks.yml"))]


def test_a_release_is_built_looked_into_and_published_without_a_stored_secret() -> None:
    workflow = loaded(".github/workflows/release.yml")
    jobs = workflow["jobs"]
    assert jobs["publish"]["permissions"]["id-token"] == "write"
    assert workflow["permissions"] == {"contents": "read"}
    assert jobs["publish"]["needs"] == "build"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    runs = " ".join(step.get("run", "") for step in steps(workflow))
    assert "tests/test_packaging.py" in runs
    assert all(f"fresh/bin/{script} --help" in runs for script in PROJECT["project"]["scripts"])


def test_the_blueprint_starts_the_program_on_its_disk() -> None:
    (service,) = loaded(".github/render.yaml")["services"]
    hosting = (ROOT / "docs/hosting.md").read_text(encoding="utf-8")
    assert service["startCommand"].split()[0] in PROJECT["project"]["scripts"]
    variables = {one["key"]: one.get("value") for one in service["envVars"]}
    assert variables["DATABASE_URL"] == f"sqlite:///{service['disk']['mountPath']}/now-playing.db"
    assert all(one.get("sync") is False for one in service["envVars"] if one["key"] != "DATABASE_URL")
    assert ".github/render.yaml" in hosting


def test_the_blueprint_asks_for_the_variables_of_every_source_but_the_one_at_home() -> None:
    (service,) = loaded(".github/render.yaml")["services"]
    asked = {one["key"] for one in service["envVars"]} - {"DATABASE_URL", "SOURCE"}
    needed = {variable.name for name, source in SOURCES.items() if name not in AT_HOME for variable in source.variables}
    seed = {"SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "SPOTIFY_AUTHORIZED_AT"}
    assert asked == needed | seed


def test_both_ends_of_the_range_of_versions_are_tried_each_week() -> None:
    workflow = loaded(".github/workflows/versions.yml")
    assert workflow[True]["schedule"]  # YAML 1.1 reads the key "on" as a truth value.
    (job,) = workflow["jobs"].values()
    tried = {one["end"]: one["python"] for one in job["strategy"]["matrix"]["include"]}
    prefix = "Programming Language :: Python :: "
    pythons = sorted(
        (name.removeprefix(prefix) for name in PROJECT["project"]["classifiers"] if name.startswith(f"{prefix}3.")),
        key=lambda version: int(version.split(".")[1]),
    )
    assert tried == {"lowest": pythons[0], "newest": pythons[-1]}
    assert "bash .ci/versions ${{ matrix.end }}" in [step.get("run") for step in job["steps"]]
    assert all(f"  {end})" in VERSIONS for end in tried)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("wcwidth", "0.2.14", "0.3"),
        ("starlette", "1.3.0", "1.3.1"),
        ("python-multipart", "0.0.31", "0.0.32"),
        ("pillow", "12.2", "12.3"),
    ],
)
def test_versions_with_known_faults_are_not_admitted(name: str, old: str, new: str) -> None:
    admitted = requirement(name).specifier
    assert not admitted.contains(old)
    assert admitted.contains(new)


@pytest.mark.parametrize("name", ["uvicorn", "filelock", "apprise", "wcwidth", "h11", "httptools"])
def test_versions_that_nobody_tried_are_not_admitted(name: str) -> None:
    tested = Version(version(name))
    major = f"{tested.major + 1}.0"
    assert requirement(name).specifier.contains(str(tested))
    assert not requirement(name).specifier.contains(major)
    if name == "uvicorn":
        assert not requirement(name).specifier.contains(f"{tested.major}.{tested.minor + 1}")


def requirement(name: str) -> Requirement:
    (found,) = [one for one in map(Requirement, PROJECT["project"]["dependencies"]) if one.name == name]
    return found


def test_the_layers_are_documented_as_they_are_tested() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("## Layers\n\n")[1].split("\n\n")[0]
    documented = [tuple(re.findall(r"`([\w.]+)`", layer)) for layer in text.split(">")]
    tested = [tuple(dict.fromkeys(name.removeprefix("widget.") for name in layer)) for layer in LAYERS]
    assert [tuple(name.removeprefix("widget.") for name in layer) for layer in documented] == tested


def test_the_editor_and_the_linter_agree_on_the_length_of_a_line() -> None:
    text = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    assert f"max_line_length = {PROJECT['tool']['ruff']['line-length']}" in text


def test_what_users_notice_is_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    told = re.findall(r"^## \[([\d.]+)\]", text, re.MULTILINE)
    assert PROJECT["project"]["version"] in told


def test_every_finding_says_what_it_shows_and_leaves_nothing_behind() -> None:
    for script in ROOT.glob("findings/*.sh"):
        text = script.read_text(encoding="utf-8")
        head = text.split("set -euo pipefail")[0]
        assert text.startswith("#!/usr/bin/env bash\n# "), script.name
        parts = re.findall(r"^# (Package|Expected|Seen|Source):", head, re.MULTILINE)
        assert parts == ["Package", "Expected", "Seen", "Source"], script.name
        assert "trap 'rm -rf \"$folder\"' EXIT" in text, script.name
