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


def test_the_page_names_each_time_above_its_target_and_what_to_do() -> None:
    figures = json.loads(FIGURES.read_text("utf-8"))
    for scenario in figures["model"]["scenarios"]:
        scenario["hall"]["p99"] = 1.0
    assert "No p99 of 10,000 people is above its target" in page(figures)
    figures["model"]["scenarios"][0]["hall"]["p99"] = 12.1
    told = page(figures)
    assert "10,000 people, default pollers, S3 puts of 30 ms: 12.1 s instead of 12 s." in told
    assert all(one["what"] in told for one in figures["model"]["remedies"])


def test_the_page_has_the_long_load_tests_that_were_run_and_no_others() -> None:
    figures = json.loads(FIGURES.read_text("utf-8"))
    run = {
        "people": 50_000, "due": 200, "evaluated_again": 50_000, "certificates": 200, "seconds_to_read": 9,
        "seconds": 99, "peak_mb": {"FanOutChanges": 71}, "hops": 1, "dead_letters": 0,
    }  # fmt: skip
    others = {name: one for name, one in figures.items() if name not in {"republication", "export", "import"}}
    assert "A course published again" not in page(others)
    told = page(others | {"republication": figures["load"] | run})
    assert "| learners of the course | 50,000 |" in told
    assert "An export" not in told
