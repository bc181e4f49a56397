"""`earned.portal` has the data of every event, and its import needs few libraries."""

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from earned import portal
from earned.messages.events import QUEUES
from earned.messages.posting import EventData

ROOT = Path(__file__).resolve().parents[2]
NOT_NEEDED = ["aws_lambda_powertools", "jinja2", "PIL", "pynamodb", "weasyprint", "xlsxwriter"]


def imported(statement: str) -> set[str]:
    """The top-level modules that a new process has loaded after the statement."""
    code = f"{statement}; import sys; print(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "layers" / "core")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_a_portal_can_build_every_event() -> None:
    every = {model.model_fields["data"].annotation for models in QUEUES.values() for model in models.values()}
    assert {getattr(portal, name) for name in portal.__all__} >= every
    assert set(get_args(EventData)) == every


def test_the_import_of_a_portal_needs_neither_pynamodb_nor_powertools_nor_weasyprint() -> None:
    modules = imported("import earned.portal")
    assert "pydantic" in modules
    assert not modules & set(NOT_NEEDED)


@pytest.mark.parametrize("module", ["earned.aws.dynamodb.people", "earned.document.render"])
def test_the_test_sees_such_an_import(module: str) -> None:
    assert imported(f"import {module}") & set(NOT_NEEDED)
