"""Compiled templates are kept beside Python's own bytecode, and nothing depends on them."""

import sys
from pathlib import Path

import pytest

from widget.web.templating import python_bytecode_folder, template_environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html").write_text("Hello {{ name }}", encoding="utf-8")
    (tmp_path / "bytecode").mkdir()
    return tmp_path


def rendered(folder: Path, bytecode: str = "bytecode") -> str:
    environment = template_environment(folder, bytecode=folder / bytecode)
    return environment.get_template("page.html").render(name="<you>")


def test_a_template_is_compiled_once_and_for_all_starts(folder: Path) -> None:
    assert rendered(folder) == "Hello &lt;you&gt;"
    (compiled,) = (folder / "bytecode").iterdir()
    before = compiled.stat()
    assert rendered(folder) == "Hello &lt;you&gt;"
    assert (compiled.stat().st_ino, compiled.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_new_version_of_a_template_is_compiled_anew(folder: Path) -> None:
    rendered(folder)
    (folder / "page.html").write_text("Good bye {{ name }}", encoding="utf-8")
    assert rendered(folder) == "Good bye &lt;you&gt;"


def test_a_file_that_was_cut_off_is_written_anew(folder: Path) -> None:
    rendered(folder)
    (compiled,) = (folder / "bytecode").iterdir()
    whole = compiled.read_bytes()
    for length in range(len(whole)):
        compiled.write_bytes(whole[:length])
        assert rendered(folder) == "Hello &lt;you&gt;"
        assert compiled.read_bytes() == whole


def test_pages_are_served_where_nothing_can_be_written(folder: Path) -> None:
    assert rendered(folder, "missing") == "Hello &lt;you&gt;"
    assert not (folder / "missing").exists()


def test_the_folder_is_that_of_python_s_own_bytecode() -> None:
    folder = python_bytecode_folder()
    assert folder is None if sys.dont_write_bytecode else folder is not None and folder.name == "__pycache__"
