"""What the tests of the faces share."""

import pytest

from tests.support.web_harness import WebHarness


@pytest.fixture
def harness() -> WebHarness:
    return WebHarness()
