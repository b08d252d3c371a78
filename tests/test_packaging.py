"""The shipped package, the files of a push to a host, and the start on that host."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from urllib.request import urlopen

import pytest
from packaging.requirements import Requirement

from tests.support.commands import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HANDED_OUT = (".html", ".svg", ".css", ".js", ".json", ".jpg", ".typed", ".woff2", ".txt")


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def wheel(wheel_file: Path) -> set[str]:
    """Return the names of the files in the wheel."""
    with zipfile.ZipFile(wheel_file) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_templates_static_files_and_artwork(wheel: set[str]) -> None:
    needed = {
        path.relative_to(ROOT).as_posix()
        for package in ("widget", "bootstrap")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (*HANDED_OUT, ".py")
    }
    assert needed <= wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info" not in name} == {"widget", "bootstrap"}


@pytest.mark.process
def test_the_wheel_s_own_name_starts_the_demo_in_one_command(wheel_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path)]
    subprocess.run([*command, str(wheel_file)], check=True, capture_output=True)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    program = [tmp_path / "bin" / PROJECT["name"], "--demo", "--port", "0"]
    with subprocess.Popen(program, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = next(found for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with urlopen(f"{address[0]}/now-playing", timeout=30) as answer:
            assert b'"status"' in answer.read()
        process.terminate()
    assert process.returncode == 0


def is_ignored(path: str) -> bool:
    """Whether git leaves ``path`` out; our patterns name files or folders anywhere, so each part is looked at."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    patterns = [line.rstrip("/") for line in lines if line and not line.startswith("#")]
    return any(fnmatch(part, pattern) for part in path.split("/") for pattern in patterns)


@pytest.mark.parametrize(
    "name", ["now-playing.db", "now-playing.db-wal", "now-playing.db.leader.lock", ".env", "sub/other.db", ".venv/x"]
)
def test_a_push_carries_neither_database_nor_environment(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.parametrize("name", ["widget/app.py", "uv.lock", ".python-version", "Procfile", "README.md"])
def test_a_push_carries_the_program(name: str) -> None:
    assert not is_ignored(name)


def test_the_procfile_starts_one_process_on_the_host_s_port() -> None:
    line = (ROOT / "Procfile").read_text(encoding="utf-8").strip()
    assert line == "web: python -m widget --host 0.0.0.0"
    assert "workers=1" in (ROOT / "widget" / "server" / "server.py").read_text(encoding="utf-8")


def test_the_host_finds_exactly_one_list_of_packages() -> None:
    rivals = [name for name in ("requirements.txt", "Pipfile.lock", "poetry.lock", "uv.lock") if (ROOT / name).exists()]
    assert rivals == ["uv.lock"]
    assert re.fullmatch(r"3\.\d+", (ROOT / ".python-version").read_text(encoding="utf-8").strip())


def test_what_the_program_imports_it_asks_for() -> None:
    asked = {re.split(r"[\[><=;! ]", requirement)[0] for requirement in PROJECT["dependencies"]}
    owners = {"starlette", "uvicorn", "httpx", "jinja2", "sqlite-utils"}
    assert owners <= asked
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "widget").rglob("*.py"))
    imported = {name.replace("_", "-") for name in re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)}
    known = {"PIL": "pillow", "mpd": "python-mpd2", "sse-starlette": "sse-starlette"}
    third_party = {known.get(name, name) for name in imported} - set(sys.stdlib_module_names) - {"widget", "anyio"}
    assert {name for name in third_party if name.replace("-", "_") not in sys.stdlib_module_names} <= asked


def test_the_top_level_is_what_it_should_be() -> None:
    allowed = {"widget", "bootstrap", "tests", "pyproject.toml", "Procfile", "README.md", "uv.lock", "LICENSE"}
    there = {path.name for path in ROOT.iterdir() if not is_ignored(path.name) and not path.name.startswith(".")}
    assert there - {"findings"} == {*allowed, "CHANGELOG.md", "docs"}


COMPILED = ("uvloop", "httptools", "psycopg-binary")
MACHINES = {
    "a Raspberry Pi of 32 bits": ("linux", "armv7l", False),
    "an old Raspberry Pi": ("linux", "armv6l", False),
    "Windows on ARM": ("win32", "ARM64", False),
    "a server": ("linux", "x86_64", True),
    "a Raspberry Pi of 64 bits": ("linux", "aarch64", True),
    "a Mac": ("darwin", "arm64", True),
    "Windows": ("win32", "AMD64", True),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_ready_made_for_some_machines_is_asked_for_on_those_alone(machine: str) -> None:
    system, processor, has_it = MACHINES[machine]
    environment = {"sys_platform": system, "platform_machine": processor, "implementation_name": "cpython"}
    requirements = {one.name: one for one in map(Requirement, PROJECT["dependencies"])}
    for name in COMPILED:
        marker = requirements[name].marker
        assert marker is not None
        assert marker.evaluate(environment) is (has_it and (name, system) != ("uvloop", "win32"))
    assert not requirements["psycopg"].extras
    assert requirements["psycopg"].marker is None


def test_without_a_driver_for_postgres_the_program_says_what_is_missing(tmp_path: Path) -> None:
    program = "import sys; sys.modules['psycopg'] = None; from widget.__main__ import main; main(['--port', '0'])"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": "postgresql://me@127.0.0.1/music"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "psycopg" in done.stderr
