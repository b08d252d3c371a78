"""The program with a self-hosted music server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sources.subsonic.listed_songs import ENVIRON, server
from tests.support.fake_clock import FakeClock
from tests.support.other_program import OtherProgram, other_program


@pytest.fixture
async def reporting(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    """A server with ``playbackReport``."""
    clock = FakeClock()
    async with other_program(tmp_path, ENVIRON, clock, server(clock)) as running:
        yield running


@pytest.fixture
async def classic(tmp_path: Path) -> AsyncIterator[OtherProgram]:
    """A server that lists when a play began, and no more."""
    clock = FakeClock()
    async with other_program(tmp_path, {**ENVIRON, "RECENT": "5"}, clock, server(clock, reports=False)) as running:
        yield running
