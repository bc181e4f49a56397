"""One service for all integration tests; each test has a story of its own in it."""

import signal
from collections.abc import Iterator

import pytest

from tests.integration.service import Service, Story, aws_in_process


@pytest.fixture(scope="session")
def running() -> Iterator[Service]:
    """The infrastructure in moto and the functions imported, away from any real account."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    with aws_in_process():
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
