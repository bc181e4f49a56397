"""One service for all integration tests; each test has a story of its own in it."""

import signal
from collections import Counter, defaultdict
from collections.abc import Iterator

import boto3
import pytest

from earned.testing.service import Service, aws_in_process
from tests.integration.moto_stacks import stand_up
from tools.story import Story


@pytest.fixture(scope="session")
def running() -> Iterator[Service]:
    """The stacks in moto, which operator commands look for, and the functions, away from any real account."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    with aws_in_process():
        yield Service.start(stand_up=stand_up)


@pytest.fixture
def service(running: Service) -> Service:
    """The service, empty."""
    running.forget()
    return running


@pytest.fixture
def versions(service: Service) -> Iterator[None]:
    """The template's bucket keeps versions; moto's CloudFormation leaves that out."""
    versioning = boto3.resource("s3").BucketVersioning(service.outputs["DocumentsBucketName"])
    versioning.enable()
    yield
    versioning.suspend()


@pytest.fixture
def story(service: Service) -> Story:
    """A world of its own."""
    return Story(service)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried, and what came of it, by the tests that count: over all workers."""
    totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.getreports("passed"):
        for title, counts in report.user_properties:
            if isinstance(counts, dict):
                totals[title].update(counts)
    for title, counts in totals.items():
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in counts.most_common())
        terminalreporter.write_line(f"{title}: {counts.total():,} ({kinds})")
