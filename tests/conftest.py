"""What all tests have in common."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests found out about the built functions; it comes from the workers with their reports."""
    passed = terminalreporter.getreports("passed")
    if lines := [line for report in passed for name, line in report.user_properties if name == "package"]:
        terminalreporter.section("built functions, loaded beside other tests; make package measures them")
        terminalreporter.write_line("\n".join(lines))
