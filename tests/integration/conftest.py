"""One service for all integration tests; each test has a story of its own in it."""

import os
import signal
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.integration.service import REGION, Service, Story


@pytest.fixture(scope="session")
def running() -> Iterator[Service]:
    """The infrastructure in moto and the functions imported, away from any real account."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        with mock_aws():
            yield Service.start()


@pytest.fixture
def service(running: Service) -> Iterator[Service]:
    """The service with empty queues."""
    running.empty()
    yield running
    running.empty()


@pytest.fixture
def story(service: Service) -> Story:
    """A world of its own."""
    return Story(service)
