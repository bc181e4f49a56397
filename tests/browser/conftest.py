"""A browser before the site; it runs in an environment of its own, and the site in that of the other tests."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

pytest.register_assert_rewrite("tests.browser.visitor")
from tests.browser.visitor import Site, Visitor, open_browser  # noqa: E402 - its assertions are rewritten first

ROOT = Path(__file__).resolve().parents[2]
BROWSER = ROOT / ".layers" / "browser"
PYTHON = ROOT / ".venv" / "dev" / "bin" / "python"


@contextmanager
def served(log: Path) -> Iterator[Site]:
    """The site, in a process of its own that writes its log there."""
    layer = ROOT / ".layers" / "weasyprint"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "PYTHONPATH": f"{ROOT / 'layers' / 'core'}:{ROOT}",
        "LD_LIBRARY_PATH": str(layer / "lib"),
        "FONTCONFIG_PATH": str(layer / "fonts"),
    }
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [PYTHON, "-m", "tests.browser.site"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        line = process.stdout.readline()
        assert line, f"The site did not start:\n{log.read_text()[-3000:]}"
        yield Site(**json.loads(line))
        process.stdin.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site") / "log") as site:
        yield site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, open_browser(playwright, BROWSER) as browser:
        yield browser


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """A person with a browser of their own, already signed in if an account is given; options are the context's."""
    visitors: list[Visitor] = []

    def open_for(account: str = "", place: str = "", **options: Any) -> Visitor:
        visitors.append(Visitor(browser, site, **options))
        if account:
            visitors[-1].sign_in(account, place)
        return visitors[-1]

    yield open_for
    for visitor in visitors:
        visitor.leave()
