"""How the tests are shared out: each file to one worker, and all that need the one local stack to the same."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.xdist_group("stack" if "/e2e/" in item.nodeid else item.nodeid.partition("::")[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests found out about the built functions; it comes from the workers with their reports."""
    passed = terminalreporter.getreports("passed")
    if lines := [line for report in passed for name, line in report.user_properties if name == "package"]:
        terminalreporter.section("built functions, loaded beside other tests; make package measures them")
        terminalreporter.write_line("\n".join(lines))
