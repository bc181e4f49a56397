"""docs/performance.md, which `make performance-report` writes together with its figures."""

import json

from tools.bench.performance import DOCUMENT, FIGURES, page


def test_the_performance_page_matches_its_figures() -> None:
    assert DOCUMENT.read_text("utf-8") == page(json.loads(FIGURES.read_text("utf-8")))
