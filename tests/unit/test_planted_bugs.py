"""The planted bugs: each applies to the present code, recorded seeds belong to bugs, and named tests exist."""

import ast
from pathlib import Path

import pytest

from tests.planted_bugs.__main__ import recorded_seeds
from tests.planted_bugs.apply_bug import (
    BUGS,
    BUGS_OF_TESTS,
    ROOT,
    apply_bug,
    copy_tree,
    finder,
    patched_file,
    rationale,
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the tree."""
    folder = tmp_path_factory.mktemp("tree")
    copy_tree(folder)
    return folder


def test_there_are_at_least_forty_bugs_for_the_simulator_and_sixty_for_the_tests():
    assert len(BUGS) >= 40
    assert len(BUGS_OF_TESTS) >= 60
    assert BUGS.keys().isdisjoint(BUGS_OF_TESTS)


def test_each_bug_has_a_recorded_seed_and_each_recorded_seed_a_bug():
    assert recorded_seeds().keys() == BUGS.keys()


@pytest.mark.parametrize("bug", BUGS | BUGS_OF_TESTS)
def test_a_bug_applies_to_the_present_code_and_changes_it(bug, tree):
    file = patched_file(bug, tree)
    before = file.read_text()
    try:
        apply_bug(bug, tree)
        changed = file.read_text()
    finally:
        file.write_text(before)

    assert rationale(bug)
    assert _meaning(file, changed) != _meaning(file, before)


@pytest.mark.parametrize("bug", BUGS_OF_TESTS)
def test_a_bug_names_a_test_that_exists(bug):
    path, _, name = finder(bug).partition("::")
    functions = {one.name for one in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(one, ast.FunctionDef)}

    assert name.partition("[")[0] in functions


def _meaning(file: Path, text: str) -> str:
    return ast.dump(ast.parse(text)) if file.suffix == ".py" else text
