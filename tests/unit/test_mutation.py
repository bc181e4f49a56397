"""The mutants: what is changed, what is shown of it, and that every argument is about one that exists."""

import importlib.util
from pathlib import Path

import pytest

from tests.mutation.__main__ import ROOT, arguments
from tests.mutation.modules import MODULES, UNFINISHED
from tests.mutation.mutants import Module

SOURCE = '''
LIMIT = 10

@decorated("GET")
def page(items: list[int], limit: int = 5) -> list[int]:
    """The first items."""
    if limit > LIMIT and items:
        raise ValueError("too many")
    log("page", size=limit)
    return [item for item in items if item is not None][:limit]
'''
CHANGES = {
    "limit > LIMIT => limit >= LIMIT",
    "limit > LIMIT and items => limit > LIMIT or items",
    "if limit > LIMIT and items => if True",
    "if limit > LIMIT and items => if False",
    "ValueError('too many') => ValueError(None)",
    "'too many' => 'XXtoo manyXX'",
    "log('page') => log(None)",
    "log(…, size=limit) => log(…, size=None)",
    "log(…, size=limit) => log(…, )",
    "'page' => 'XXpageXX'",
    "log('page', size=limit) => log('page', size=limit) if False else None",
    "item is not None => item is None",
    "for item in items if item is not None => for item in items if True",
    "return [item for item in items if item is not None][:limit] => return None",
}


def source_of(module: str) -> Path:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin)


@pytest.fixture
def module(tmp_path: Path) -> Module:
    path = tmp_path / "lists.py"
    path.write_text(SOURCE)
    return Module("lists", path)


def test_every_small_change_of_a_functions_body_is_a_mutant_also_of_a_decorated_one(module: Module) -> None:
    assert {str(mutant).removeprefix("lists:page: ").strip() for mutant in module.mutants()} == CHANGES


def test_a_mutant_is_reached_by_the_lines_of_its_statement(module: Module) -> None:
    assert {tuple(mutant.lines) for mutant in module.mutants()} == {(7,), (8,), (9,), (10,)}


def test_the_code_of_a_mutant_differs_from_the_modules_and_keeps_its_place(module: Module) -> None:
    [before] = [code for code in module.code() if code.co_name == "page"]
    mutant = next(one for one in module.mutants() if one.after == "limit >= LIMIT")
    [after] = [code for code in module.code(mutant) if code.co_name == "page"]
    assert before != after
    assert (before.co_qualname, before.co_firstlineno) == (after.co_qualname, after.co_firstlineno)


@pytest.mark.parametrize("name", MODULES | UNFINISHED)
def test_the_tests_of_a_module_exist(name: str) -> None:
    assert [path for path in (MODULES | UNFINISHED)[name] if not (ROOT / path).exists()] == []


def test_every_argument_is_about_a_mutant_that_exists_and_gives_a_reason() -> None:
    existing = {str(mutant) for name in MODULES | UNFINISHED for mutant in Module(name, source_of(name)).mutants()}
    assert [mutant for mutant in arguments() if mutant not in existing] == []
    assert [mutant for mutant, reason in arguments().items() if len(reason.split()) < 3] == []
