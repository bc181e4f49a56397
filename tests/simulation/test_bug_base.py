"""The bug base: cases that once violated an invariant no longer do, and a case survives being saved."""

from pathlib import Path

from tests.simulation.seeds import python

CASES = sorted(Path(__file__).with_name("bug_base").glob("*.json"))


def test_no_case_of_the_bug_base_violates_an_invariant() -> None:
    output = python("-m", "tests.simulation.replay")
    assert output.splitlines() == [f"{path.stem}: no violation" for path in CASES]


def test_a_case_is_the_same_after_it_was_loaded_and_saved(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from tests.simulation.cases import BUG_BASE, load
for path in BUG_BASE.iterdir():
    load(path).save(Path(sys.argv[1]) / path.name)
"""
    python("-c", code, str(tmp_path))
    assert [(tmp_path / path.name).read_text() for path in CASES] == [path.read_text() for path in CASES]
