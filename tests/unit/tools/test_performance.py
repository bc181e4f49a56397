"""docs/performance.md, which `make performance-report` writes together with its figures."""

import json
from pathlib import Path

import pytest

from tools.bench.performance import DOCUMENT, FIGURES, SOURCES, NotMeasured, gathered, page

KEPT = {name: {"run": "older"} for name in SOURCES}


def test_the_performance_page_matches_its_figures() -> None:
    assert DOCUMENT.read_text("utf-8") == page(json.loads(FIGURES.read_text("utf-8")))


def test_what_was_not_measured_again_stays(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "render.json").write_text('{"run": "newer"}')
    assert gathered(tmp_path, KEPT) == {**KEPT, "render": {"run": "newer"}}


def test_the_samples_of_the_chart_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "load").mkdir()
    (tmp_path / "load" / "load.json").write_text('{"run": "newer", "samples": [1, 2]}')
    assert gathered(tmp_path, KEPT)["load"] == {"run": "newer"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_part_that_was_never_measured_names_its_command(name: str, tmp_path: Path) -> None:
    known = {other: figures for other, figures in KEPT.items() if other != name}
    with pytest.raises(NotMeasured, match=SOURCES[name][1]):
        gathered(tmp_path, known)
