"""How the tests are shared out: each file to one worker, and all that need the one local stack to the same."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group("stack" if "/e2e/" in item.nodeid else item.nodeid.partition("::")[0]))
