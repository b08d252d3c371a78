"""The program with the source inlet, for the tests of this folder."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.inlet_program import InletProgram, inlet_program


@pytest.fixture
async def inlet(tmp_path: Path) -> AsyncIterator[InletProgram]:
    async with inlet_program(tmp_path) as made:
        yield made
