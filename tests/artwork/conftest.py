"""What the tests of the faces share."""

import pytest

from tests.support.showing import Showing


@pytest.fixture
def showing() -> Showing:
    return Showing()
