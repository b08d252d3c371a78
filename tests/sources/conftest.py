"""Fixtures for the tests of sources."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from widget.store.sqlite import SqliteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open, empty store."""
    opened = SqliteStore(tmp_path / "now-playing.db")
    await opened.open()
    yield opened
    await opened.close()
