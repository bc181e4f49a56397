"""The built functions, each in a worker of its own, between queues, tables and buckets of moto."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from earned.testing import cloudformation
from earned.testing.service import Service, aws_in_process
from tests.package import aws
from tools.package import built
from tools.package.built import Function
from tools.package.imports import Imported, load
from tools.package.runtime import Worker
from tools.story import Story

REGION = "eu-central-1"  # not the region of the integration tests, which can run in this process too


class Built:
    """The functions, the values of their variables, and their layers as Lambda merges them."""

    def __init__(self, template: Path, stack: ExitStack) -> None:
        self.functions = built.functions(template)
        self.values = cloudformation.parameters()
        self._opt = {
            layers: stack.enter_context(built.unpacked(layers))
            for layers in {function.layers for function in self.functions.values()}
        }
        self._imported: dict[str, Imported] = {}

    def opt(self, function: Function) -> Path:
        """The folder of a function's layers."""
        return self._opt[function.layers]

    def environment(self, function: Function) -> dict[str, str]:
        return built.environment(function, self.opt(function), REGION, self.values)

    def imported(self, function: Function) -> Imported:
        """A function's imports; loaded once."""
        if function.name not in self._imported:
            self._imported[function.name] = load(function, self.environment(function))
        return self._imported[function.name]


@pytest.fixture(scope="module")
def packages() -> Iterator[Built]:
    with ExitStack() as stack:
        yield Built(built.build(), stack)


@pytest.fixture(scope="module")
def service(packages: Built) -> Iterator[Service]:
    """The infrastructure in moto, and the functions as Lambda starts them."""
    with aws_in_process(REGION), aws.listening() as endpoint, ExitStack() as workers:
        service = Service.without_functions()
        packages.values |= service.values()
        for name, function in packages.functions.items():
            worker = Worker(function, packages.environment(function) | {"AWS_ENDPOINT_URL": endpoint})
            service.apps[name] = SimpleNamespace(worker=worker)
            service.handlers[name] = _handler(workers.enter_context(worker))
        yield service


def _handler(worker: Worker) -> Callable[[object, object], Any]:
    return lambda event, _context: worker.invoke(event)


@pytest.fixture
def story(service: Service) -> Story:
    return Story(service)
