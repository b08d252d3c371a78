"""Fixtures and settings of all tests."""

import gc
import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.commands import Spotify, spotify
from tests.support.ordering import ordered
from tests.support.postgres import Postgres, postgres
from widget.sources.spotify.accounts_api import SCOPES


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One Postgres server for all tests; each makes a database of its own."""
    with postgres() as server:
        yield server


@pytest.fixture
def service() -> Iterator[Spotify]:
    """A simulated Spotify for real processes."""
    with spotify() as running:
        yield running


@pytest.fixture
def seeded(service: Spotify) -> dict[str, str]:
    """The variables of a host that was given a seed, six days old by the system's clock."""
    return {
        **service.environ,
        "SPOTIFY_REFRESH_TOKEN": service.simulator.grant(SCOPES),
        "SPOTIFY_AUTHORIZED_AT": (datetime.now(UTC) - timedelta(days=6)).date().isoformat(),
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that the quick command of CONTRIBUTING leaves out, and order them for a parallel run."""
    browser = Path(__file__).parent / "browser"
    for item in items:
        if item.path.is_relative_to(browser):
            item.add_marker(pytest.mark.browser)
        if "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.process)
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = ordered(items, workers)


def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for each of a few cores: most of their time the tests wait for processes and browsers."""
    cores = os.cpu_count() or 1
    return min(3 * cores, 8 + cores)


def pytest_configure() -> None:
    """Set no deadline for examples of properties: the speed of a machine is not under test.

    A run in the background of a shell ignores Ctrl-C, and so would every process that a test interrupts.
    """
    gc.disable()  # Until the tests are collected, for it would take a quarter of the time, and none of them is garbage.
    # In CI the same examples each time, so that a failure belongs to the change; everywhere else new ones.
    settings.register_profile("unhurried", deadline=None, derandomize="CI" in os.environ)
    settings.load_profile("unhurried")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
