"""The document of the figures says what the figures say."""

import json

from tools.bench.performance import DOCUMENT, FIGURES, page


def test_the_document_is_what_its_figures_make_it() -> None:
    """Who edits it by hand is told; `make performance-report` writes both."""
    assert DOCUMENT.read_text("utf-8") == page(json.loads(FIGURES.read_text("utf-8")))
