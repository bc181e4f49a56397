"""The import rules in pyproject.toml hold, and each of them fails when it is broken; handlers only wire."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
HANDLERS = sorted((ROOT / "functions").glob("*/app.py"))
PRODUCT = [path for folder in ("layers/core/earned", "functions", "tools") for path in (ROOT / folder).rglob("*.py")]
BROKEN = [  # contract, module, the import that it forbids
    ("Imports point inwards", "layers/core/earned/domain/facts.py", "import earned.messages.requests"),
    ("Imports point inwards", "layers/core/earned/messages/requests.py", "import earned.aws.sqs"),
    ("Imports point inwards", "layers/core/earned/aws/sqs.py", "import earned.document.fitting"),
    ("Imports point inwards", "layers/core/earned/document/fitting.py", "import earned.aws.sqs"),
    ("Imports point inwards", "layers/core/earned/aws/sqs.py", "import earned.usecases.record_facts"),
    ("Imports point inwards", "layers/core/earned/usecases/record_facts.py", "import earned.api.paging"),
    ("Imports point inwards", "layers/core/earned/portal.py", "import earned.usecases.record_facts"),
    ("Imports point inwards", "layers/core/earned/api/paging.py", "import functions.sweep.app"),
    ("Imports point inwards", "functions/sweep/app.py", "import tools.costs.bill"),
    (
        "The domain knows no clock, environment, chance, I/O or library",
        "layers/core/earned/domain/facts.py",
        "import os",
    ),
    (
        "The domain knows no clock, environment, chance, I/O or library",
        "layers/core/earned/domain/facts.py",
        "import pydantic",
    ),
    ("Only earned.aws.dynamodb knows PynamoDB", "layers/core/earned/aws/s3.py", "import pynamodb.models"),
    ("Only earned.aws.dynamodb knows PynamoDB", "functions/sweep/app.py", "import pynamodb.models"),
    ("Only earned.document knows WeasyPrint", "layers/core/earned/usecases/logos.py", "import weasyprint"),
    ("Only functions, adapters and tools know boto3", "layers/core/earned/usecases/logos.py", "import boto3"),
    (
        "The command that verifies needs nothing of the service but its documents' form",
        "layers/core/earned/verify/checks.py",
        "import earned.messages.texts",
    ),
    (
        "No part of the service imports the command that verifies",
        "layers/core/earned/api/paging.py",
        "import earned.verify.keys",
    ),
    ("Functions know nothing of each other", "functions/sweep/app.py", "import functions.record_progress.app"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that the contracts cover."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for folder in ("layers/core/earned", "functions", "tools"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=lambda _, names: {"__pycache__"} & set(names))
    return copy


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": f"layers/core{os.pathsep}."},
        capture_output=True,
        text=True,
        check=False,
    )


def broken_contracts(output: str) -> set[str]:
    return {contract["name"] for contract in CONTRACTS if f"{contract['name']} BROKEN" in output}


def imported_modules(path: Path) -> set[str]:
    """The top-level modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


def test_every_import_rule_holds(tree: Path) -> None:
    done = lint_imports(tree)
    assert (done.returncode, broken_contracts(done.stdout)) == (0, set()), done.stdout + done.stderr


@pytest.mark.parametrize(("contract", "module", "statement"), BROKEN, ids=lambda value: value.rpartition("/")[2])
def test_a_forbidden_import_breaks_its_rule(tree: Path, contract: str, module: str, statement: str) -> None:
    path = tree / module
    source = path.read_text("utf-8")
    path.write_text(f"{source}\n{statement}\n", "utf-8")
    try:
        done = lint_imports(tree)
    finally:
        path.write_text(source, "utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert contract in broken_contracts(done.stdout)


def test_every_import_rule_is_broken_by_one_of_these_imports() -> None:
    assert {contract for contract, _, _ in BROKEN} == {contract["name"] for contract in CONTRACTS}


def test_the_domain_imports_the_standard_library_and_itself_alone() -> None:
    for path in (ROOT / "layers/core/earned/domain").glob("*.py"):
        assert imported_modules(path) <= sys.stdlib_module_names | {"earned"}, path.name


def definitions(path: Path) -> set[str]:
    """The classes and functions of a module, without exception handlers."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    defined = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds)]
    return {node.name for node in defined if not any(map(handles_exceptions, node.decorator_list))}


def handles_exceptions(decorator: ast.expr) -> bool:
    """Whether a decorator registers an exception handler with Powertools' resolver."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in {"exception_handler", "not_found"}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_module_defines_only_its_settings_and_handler(path: Path) -> None:
    assert definitions(path) <= {"Settings", "handler"}


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_module_has_at_most_60_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= 60


def test_no_product_file_has_more_than_400_lines() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in PRODUCT}
    assert {path: count for path, count in lines.items() if count > 400} == {}


def test_the_tests_of_the_stack_need_no_native_library() -> None:
    """They run without the layer's, and a bare Debian has none of its own."""
    code = (
        "import importlib, pathlib, sys\n"
        "sys.modules['weasyprint'] = None\n"
        "for path in pathlib.Path('tests/e2e').glob('*.py'): importlib.import_module(f'tests.e2e.{path.stem}')"
    )
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers" / "core")))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
