"""Fixtures for the tests of the web routes."""

import pytest

from tests.support.web_harness import WebHarness


@pytest.fixture
def harness() -> WebHarness:
    return WebHarness()
