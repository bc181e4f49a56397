"""The planted bugs: each applies to the present code, and recorded seeds belong to bugs."""

import ast

import pytest

from tests.planted_bugs.__main__ import recorded_seeds
from tests.planted_bugs.apply_bug import BUGS, apply_bug, copy_tree, rationale


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree."""
    folder = tmp_path_factory.mktemp("tree")
    copy_tree(folder)
    return folder


def test_there_are_at_least_forty_bugs():
    assert len(BUGS) >= 40


def test_each_bug_has_a_recorded_seed_and_each_recorded_seed_a_bug():
    assert recorded_seeds().keys() == BUGS.keys()


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_applies_to_the_present_code_and_changes_it(bug, tree):
    file = tree / BUGS[bug].read_text().partition("+++ b/")[2].partition("\n")[0]
    before = file.read_text()
    try:
        apply_bug(bug, tree)
        changed = file.read_text()
    finally:
        file.write_text(before)

    assert rationale(bug)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(before))
