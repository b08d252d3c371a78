"""The container image: its Dockerfile, the workflow that builds it, and its steps, run without a container."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.support.commands import ROOT
from tests.support.live_server import free_port
from tests.support.programs import require, skip_or_fail

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKERFILE = ROOT / ".github/Dockerfile"
PATIENCE_SECONDS = 60


class Instruction(NamedTuple):
    name: str
    value: str


def instructions() -> list[Instruction]:
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [Instruction(*line.split(" ", 1)) for line in lines]


def values(name: str) -> list[str]:
    return [one.value for one in instructions() if one.name == name]


def exec_form(value: str) -> list[str]:
    """Return the words of ``["…", "…"]``, which starts no shell."""
    words = yaml.safe_load(value[value.index("[") :])
    assert isinstance(words, list)
    return words


def environment() -> dict[str, str]:
    return dict(word.split("=", 1) for value in values("ENV") for word in value.split())


def files_copied() -> list[str]:
    lines = [value.split() for value in values("COPY") if not value.startswith("--from")]
    return [name for line in lines for name in line[:-1]]


def test_the_image_is_built_from_named_files_so_that_no_secret_gets_into_it() -> None:
    copied = files_copied()
    assert {"pyproject.toml", "uv.lock", "widget", "bootstrap"} <= set(copied)
    assert not {".", "./", "*"} & set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert not (ROOT / "Dockerfile").exists()


def test_the_image_runs_without_root_and_owns_its_volume_alone() -> None:
    (user,) = values("USER")
    (volume,) = values("VOLUME")
    assert user not in ("root", "0")
    (made,) = [value for value in values("RUN") if "useradd" in value]
    assert f"-o {user}" in made
    assert f"-m 700 {volume}" in made
    names = [one.name for one in instructions()]
    assert names.index("USER") < names.index("CMD")


def test_the_image_keeps_its_database_on_the_volume_and_starts_the_program() -> None:
    (volume,) = values("VOLUME")
    assert environment()["DATABASE_URL"] == f"sqlite:///{volume}/now-playing.db"
    assert environment()["HOST"] == "0.0.0.0"  # noqa: S104 - a container has its own network
    (command,) = exec_form(values("CMD")[0])
    assert command in PROJECT["scripts"]
    assert values("EXPOSE") == [environment()["PORT"]]


def test_the_image_reports_its_health() -> None:
    (check,) = values("HEALTHCHECK")
    assert "/healthz" in check
    assert exec_form(check)[0] == "python"


def test_the_release_builds_the_image_for_both_machines_with_provenance() -> None:
    workflow: dict[Any, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    image = workflow["jobs"]["image"]
    assert image["needs"] == "build"
    steps = {str(step.get("uses", "")).split("@")[0]: step.get("with", {}) for step in image["steps"]}
    build = steps["docker/build-push-action"]
    assert (ROOT / build["file"]) == DOCKERFILE
    assert build["platforms"] == "linux/amd64,linux/arm64"
    assert build["provenance"] == "mode=max"
    assert "actions/attest-build-provenance" in steps
    assert image["permissions"]["packages"] == "write"
    published = {str(step.get("uses", "")).split("@")[0] for step in workflow["jobs"]["publish"]["steps"]}
    assert {"actions/attest-build-provenance", "pypa/gh-action-pypi-publish"} <= published


def uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    return require(beside if beside.exists() else "uv")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with ``app`` and ``data``, made by the steps of the Dockerfile in a clean environment."""
    root = tmp_path_factory.mktemp("image")
    (root / "data").mkdir(mode=0o700)
    for name in files_copied():
        source, target = ROOT / name, root / "app" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (step,) = [value for value in values("RUN") if value.startswith("uv ")]
    environ = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [uv(), *shlex.split(step)[1:]],
        cwd=root / "app",
        env={**environ, "UV_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and re.search(r"dns error|[Ff]ailed to (fetch|lookup)|error sending request", done.stderr):
        skip_or_fail("PyPI cannot be reached")
    assert done.returncode == 0, done.stderr
    return root


@contextmanager
def running(image: Path, command: list[str]) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """Yield the process that ``command`` starts in the image, and its environment."""
    moved = {
        name: value.replace("/app", f"{image}/app").replace("/data", f"{image}/data")
        for name, value in environment().items()
    }
    environ = {**moved, "PATH": moved["PATH"].replace("$PATH", os.environ["PATH"]), "PORT": str(free_port())}
    process = subprocess.Popen(
        command, cwd=image / "data", env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, environ
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.process
@pytest.mark.timeout(300)
def test_the_image_s_own_steps_make_a_server_that_is_healthy_and_ends_in_peace(image: Path) -> None:
    command = [str(image / "app/.venv/bin" / exec_form(values("CMD")[0])[0])]
    check = exec_form(values("HEALTHCHECK")[0])
    with running(image, command) as (process, environ):
        until = time.monotonic() + PATIENCE_SECONDS
        while subprocess.run(check, env=environ, capture_output=True, check=False).returncode:
            assert process.poll() is None
            assert time.monotonic() < until
        assert (image / "data/now-playing.db").stat().st_mode & 0o777 == 0o600
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
        assert subprocess.run(check, env=environ, capture_output=True, check=False).returncode


@pytest.mark.process
@pytest.mark.timeout(300)
def test_the_image_holds_the_locked_versions_and_nothing_of_the_workshop(image: Path) -> None:
    (site,) = (image / "app/.venv/lib").glob("python*/site-packages")
    assert not (site / "pytest").exists()
    assert not (site / "tests").exists()
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    versions = {package["name"]: package["version"] for package in locked if "version" in package}
    assert (site / f"uvicorn-{versions['uvicorn']}.dist-info").is_dir()
    assert (site / "widget/py.typed").is_file()
