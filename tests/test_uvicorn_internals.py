"""The undocumented parts of uvicorn exist, and pyproject allows the tested versions."""

import importlib
import inspect
import re
import tomllib

import pytest
import uvicorn

from tests.support.commands import ROOT
from widget.server.uvicorn_internals import INTERNALS, TESTED_FROM, TESTED_TO


def test_pyproject_admits_what_was_tested_and_no_more() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirement = next(one for one in project["dependencies"] if one.startswith("uvicorn"))
    major, minor = TESTED_TO
    assert requirement == f"uvicorn>={TESTED_FROM[0]}.{TESTED_FROM[1]},<{major}.{minor + 1}"
    assert TESTED_FROM <= tuple(map(int, uvicorn.__version__.split(".")[:2])) <= TESTED_TO


@pytest.mark.parametrize("place", INTERNALS)
def test_the_internals_that_we_depend_on_are_there(place: str) -> None:
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(module), name)
    source = inspect.getsource(found)
    for attribute in INTERNALS[place]:
        assert hasattr(found, attribute) or re.search(rf"self\.{attribute}\b", source), attribute
