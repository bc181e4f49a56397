"""The planted bugs themselves: each still fits the code, and is one that a linter would not find."""

import ast

import pytest

from tests.planted_bugs.plant import BUGS, copy, plant, thought


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree."""
    folder = tmp_path_factory.mktemp("tree")
    copy(folder)
    return folder


def test_there_are_bugs_enough_to_judge_a_simulator_by() -> None:
    assert len(BUGS) >= 40


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_fits_the_code_as_it_stands(bug, tree) -> None:
    file = tree / BUGS[bug].read_text().partition("+++ b/")[2].partition("\n")[0]
    before = file.read_text()
    try:
        plant(bug, tree)
        changed = file.read_text()
    finally:
        file.write_text(before)

    assert thought(bug)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(before))
