"""The environments of the functions: every harness reads them from the template."""

import ast
from pathlib import Path

import pytest

from earned.testing.cloudformation import ROOT, Invented, environment, environment_here, functions, parameters
from tests.simulation.seeds import python

NAMES = {name for function in functions().values() for name in function.variables}
HARNESSES = sorted(path for folder in ("tools", "tests") for path in (ROOT / folder).rglob("*.py"))


IMPORTED_BY_THE_SIMULATOR = """
import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name == "functions.generate_certificate.app":
            print(os.environ.get("FONTCONFIG_PATH"))
sys.meta_path.insert(0, Watch())
import tests.simulation.engine.runtime
"""


def written_again(tree: ast.Module) -> list[set[str]]:
    """The variables of each dictionary that has more than one of them as a key."""
    found = [
        {str(key.value) for key in node.keys if isinstance(key, ast.Constant)} & NAMES
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
    ]
    return [names for names in found if len(names) > 1]


def test_a_copy_of_an_environment_is_recognized() -> None:
    copy = 'VARIABLES = {"RECORDS_TABLE": "records", "BUS_NAME": "bus", "OTHER": ""}'
    assert written_again(ast.parse(copy)) == [{"RECORDS_TABLE", "BUS_NAME"}]


def test_no_harness_writes_an_environment_again() -> None:
    copies: dict[Path, list[set[str]]] = {path: written_again(ast.parse(path.read_text())) for path in HARNESSES}
    assert {str(path.relative_to(ROOT)): names for path, names in copies.items() if names} == {}


def test_an_environment_has_the_values_that_its_references_name() -> None:
    variables = {
        "A": {"Ref": "PaperSize"},
        "B": {"Fn::GetAtt": ["Queues", "Outputs.GenerationQueueUrl"]},
        "C": {"Fn::Sub": "${LayerRoot}/fonts"},
        "D": "as it is",
    }
    given = environment(variables, Invented(parameters(), PaperSize="letter"))
    assert given == {"A": "letter", "B": "Queues.Outputs.GenerationQueueUrl", "C": "/opt/fonts", "D": "as it is"}


def test_a_function_that_runs_here_has_the_environment_of_its_template_but_finds_the_fonts_of_this_machine() -> None:
    variables = {"FONTCONFIG_PATH": {"Fn::Sub": "${LayerRoot}/fonts"}, "A": {"Ref": "PaperSize"}}
    assert environment_here(variables, parameters()) == {"A": "a4"}
    assert python("-c", IMPORTED_BY_THE_SIMULATOR, FONTCONFIG_PATH="/fonts/here").strip() == "/fonts/here"


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(KeyError, match="NoSuchParameter"):
        environment({"A": {"Ref": "NoSuchParameter"}}, parameters())
    with pytest.raises(ValueError, match="cannot evaluate"):
        environment({"A": {"Fn::Unknown": "x"}}, parameters())
