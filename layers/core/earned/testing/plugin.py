"""The pytest fixture `earned`; pytest loads this module by its entry point (`pytest11`)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from earned.testing.kit import Earned, Environment


@pytest.fixture(scope="session")
def _earned_environment() -> "Environment":
    from earned.testing.kit import Environment  # noqa: PLC0415  # a second of imports, for tests that use the fixture

    return Environment()


@pytest.fixture
def earned(_earned_environment: "Environment") -> "Iterator[Earned]":
    """The service in this process, empty, over moto (docs/integrate.md)."""
    with _earned_environment.one_test() as service:
        yield service
