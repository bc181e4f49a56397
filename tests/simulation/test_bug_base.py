"""The bug base: cases that once violated an invariant no longer do, and a case survives being saved."""

from pathlib import Path

import pytest

from tests.simulation.seeds import python

BUG_BASE = Path(__file__).with_name("bug_base")


def test_no_case_of_the_bug_base_violates_an_invariant() -> None:
    output = python("-m", "tests.simulation.replay").splitlines()
    assert len(output) == len(list(BUG_BASE.glob("*.json"))) > 0
    assert all(line.endswith(": no violation") for line in output)


@pytest.mark.parametrize("path", sorted(BUG_BASE.glob("*.json")), ids=lambda path: path.stem)
def test_a_case_is_the_same_after_it_was_saved_and_loaded(path: Path, tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from tests.simulation.cases import load
load(Path({str(path)!r})).save(Path({str(tmp_path / "again.json")!r}))
"""
    python("-c", code)
    assert (tmp_path / "again.json").read_text() == path.read_text()
