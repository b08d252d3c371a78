"""What stands around the code for who carries on: each file is held against the project."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.commands import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [
    ROOT / name for name in ("README.md", ".github/CONTRIBUTING.md", ".github/SECURITY.md") if (ROOT / name).is_file()
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


def test_the_workflow_runs_what_ci_runs() -> None:
    assert "bash .ci/run" in [step.get("run") for step in steps(loaded(".github/workflows/checks.yml"))]


def test_a_release_is_built_looked_into_and_published_without_a_stored_secret() -> None:
    workflow = loaded(".github/workflows/release.yml")
    jobs = workflow["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert "secrets." not in (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    runs = " ".join(step.get("run", "") for step in steps(workflow))
    assert "tests/test_packaging.py" in runs
    assert all(f"fresh/bin/{script} --help" in runs for script in PROJECT["project"]["scripts"])


def test_the_blueprint_starts_the_program_on_its_disk() -> None:
    (service,) = loaded(".github/render.yaml")["services"]
    assert service["startCommand"].split()[0] in PROJECT["project"]["scripts"]
    variables = {one["key"]: one.get("value") for one in service["envVars"]}
    assert variables["DATABASE_URL"] == f"sqlite:///{service['disk']['mountPath']}/now-playing.db"
    assert all(one.get("sync") is False for one in service["envVars"] if one["key"] != "DATABASE_URL")
    assert (ROOT / ".github/render.yaml").is_file()
    assert ".github/render.yaml" in README


def dockerfile() -> list[list[str]]:
    (text,) = re.findall(r"```dockerfile\n(.+?)```", README, re.DOTALL)
    return [line.split() for line in text.splitlines()]


def test_the_dockerfile_copies_by_name_so_that_no_secret_gets_into_the_image() -> None:
    copied = [name for line in dockerfile() if line[0] == "COPY" for name in line[1:-1]]
    assert copied
    assert not {".", "./", "*"} & set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert {"pyproject.toml", "README.md", "widget", "bootstrap"} <= set(copied)
    assert not (ROOT / "Dockerfile").exists()


def test_the_dockerfile_keeps_the_database_on_a_volume_and_starts_the_program() -> None:
    lines = {line[0]: line[1:] for line in dockerfile()}
    (volume,) = lines["VOLUME"]
    assert f"DATABASE_URL=sqlite:///{volume}/now-playing.db" in lines["ENV"]
    assert "HOST=0.0.0.0" in lines["ENV"]
    assert lines["CMD"] == ['["now-playing"]']
    assert "now-playing" in PROJECT["project"]["scripts"]


def test_the_editor_and_the_linter_agree_on_the_length_of_a_line() -> None:
    text = (ROOT / ".editorconfig").read_text(encoding="utf-8")
    assert f"max_line_length = {PROJECT['tool']['ruff']['line-length']}" in text


def test_what_users_notice_is_told_in_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    told = re.findall(r"^## \[([\d.]+)\]", text, re.MULTILINE)
    assert PROJECT["project"]["version"] in told
