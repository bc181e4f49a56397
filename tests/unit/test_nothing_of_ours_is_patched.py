"""Tests hand values in; they replace nothing in earned, functions or tools.

A target is ours when the first name of its dotted path is imported from one of these packages (also through an alias
or a variable that is assigned from it), when it is a string that begins with one, or when it is reached through
`apps[…]`, the functions' modules of `Service`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
OURS = ("earned", "functions", "tools", "layers")
IMPORTS = """
import earned.domain.rules as rules
from earned.aws.sqs import Queue
from earned.usecases import sweep
from earned.testing.lambda_events import LambdaContext
"""
PATCHING = {"setattr", "patch.object", "mock.patch", "patch", "patch.multiple", "delattr"}


def is_of_ours(path: str) -> bool:
    return path.split(".", maxsplit=1)[0] in OURS


def own_names(tree: ast.Module) -> set[str]:
    """The names in a module that stand for something of ours."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {(one.asname or one.name).split(".")[0] for one in node.names if is_of_ours(one.name)}
        if isinstance(node, ast.ImportFrom) and node.module and is_of_ours(node.module):
            names |= {one.asname or one.name for one in node.names}
    before: set[str] = set()
    while names != before:
        before = set(names)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                names |= {name for target in node.targets for name in bound(target, node.value, names)}
    return names


def bound(target: ast.expr, value: ast.expr, names: set[str]) -> Iterator[str]:
    """The names that an assignment binds to something of ours: to a part of it, not to what a call of it returns."""
    match target, value:
        case ast.Name(id=name), _ if is_own(value, names):
            yield name
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for one, other in zip(targets, values, strict=True):
                yield from bound(one, other, names)


def is_own(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.Constant(value=str(path)):
            return is_of_ours(path)
        case ast.Name(id=name):
            return name in names
        case ast.Subscript(value=ast.Attribute(attr="apps")):
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner):
            return is_own(inner, names)
        case ast.Call(func=ast.Name(id="type"), args=[inner]):
            return is_own(inner, names)
    return False


def patched(source: str) -> list[str]:
    """The calls of a test's source that replace something of ours."""
    tree = ast.parse(source)
    names = own_names(tree)
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and node.args and is_patching(node.func) and is_own(node.args[0], names)
    ]


def is_patching(function: ast.expr) -> bool:
    path = ast.unparse(function)
    return any(path == name or path.endswith(f".{name}") for name in PATCHING)


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_replaces_nothing_of_ours(path: Path) -> None:
    assert patched(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "monkeypatch.setattr(sweep, 'RECORDS_PER_PAGE', 5)",
        "monkeypatch.setattr('earned.usecases.sweep.RECORDS_PER_PAGE', 5)",
        "monkeypatch.setattr(rules.evaluation, 'now', None)",
        "monkeypatch.setattr(Queue, 'send', None)",
        "monkeypatch.setattr(LambdaContext, 'get_remaining_time_in_millis', None)",
        "monkeypatch.delattr(Queue, 'send')",
        "patch.object(Queue, 'send')",
        "mock.patch('functions.sweep.app.sweep')",
        "unittest.mock.patch.object(Queue, 'send')",
        "setattr(Queue, 'send', None)",
        "monkeypatch.setattr(service.apps['sweep'], 'PAGES_PER_RUN', 2)",
        "app = service.apps['sweep']\npatch.setattr(app.documents, 'put', None)",
        "page, app = 1, service.apps['sweep']\npatch.setattr(type(app.documents), 'put', None)",
    ],
)
def test_replacing_something_of_ours_is_found(line: str) -> None:
    [found] = patched(IMPORTS + line)
    assert found.endswith(ast.unparse(ast.parse(line).body[-1]))


@pytest.mark.parametrize(
    "line",
    [
        "monkeypatch.setattr(time, 'sleep', None)",
        "monkeypatch.setattr(moto.s3.models, 'S3_UPLOAD_PART_MIN_SIZE', 1)",
        "monkeypatch.setattr('time.sleep', None)",
        "monkeypatch.setenv('earned', 'x')",
        "patch.dict(os.environ, {})",
        "patch.object(BaseClient, '_make_api_call', None)",
    ],
)
def test_replacing_something_of_others_is_allowed(line: str) -> None:
    assert patched(f"import time\nimport moto.s3.models\nfrom botocore.client import BaseClient\n{line}") == []
