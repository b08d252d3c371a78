"""What several folders of tests need."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One Postgres server for all tests; each makes a database of its own."""
    with postgres() as server:
        yield server
