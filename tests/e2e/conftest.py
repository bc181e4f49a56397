"""The stack of the end-to-end tests: the one that EARNED_STACK describes, or a local stack of their own."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.portal import Portal
from tools.local import stack as stacks
from tools.local.stack import LocalStack

PORTAL = "https://portal.example.com"  # the origin of a portal's own pages


@pytest.fixture(scope="session")
def deployed() -> Iterator[tuple[LocalStack, Path]]:
    """The stack and the folder of its issuer's key; EARNED_STACK is a path such as out/serve.json."""
    if described := os.environ.get("EARNED_STACK"):
        yield LocalStack.read(Path(described)), stacks.SERVE
        return
    directory = stacks.STATE / "test"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        with stacks.started(directory, allowed_origins=PORTAL) as supervisor:
            for _ in supervisor.steps():
                pass
            yield supervisor.stack, directory


@pytest.fixture(scope="session")
def portal(deployed: tuple[LocalStack, Path]) -> Iterator[Portal]:
    with closing(Portal(*deployed)) as portal:
        yield portal
