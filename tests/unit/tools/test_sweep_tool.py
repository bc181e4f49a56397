"""`make sweep`: runs until the pass over every document is over."""

import json
from io import BytesIO
from typing import Any

import pytest

from earned.testing.cloudformation import functions
from tools.operations.sweep import PATIENT, RunFailed, Swept, sweep

CRASH = {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 300.00 seconds"}


def run(records: int, items: int, *, over: bool, **findings: int) -> dict[str, Any]:
    return {"records": records, "items": items, "findings": findings, "turn_over": over}


class Lambda:
    """A function that answers each invocation with the next outcome; an outcome without records is a crash."""

    def __init__(self, *outcomes: dict[str, Any]) -> None:
        self.outcomes = list(outcomes)
        self.payloads: list[Any] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # the names in the SDK
        assert FunctionName == "sweep"
        self.payloads.append(json.loads(Payload))
        outcome = self.outcomes.pop(0)
        failed = {} if "records" in outcome else {"FunctionError": "Unhandled"}
        return {"Payload": BytesIO(json.dumps(outcome).encode()), **failed}


def test_the_function_is_invoked_until_its_pass_is_over_and_the_findings_are_added_up() -> None:
    function: Any = Lambda(
        run(10, 25, over=False, held=1), run(10, 50, over=False), run(3, 60, over=True, held=1, unreadable=2)
    )
    steps = list(sweep(function, "sweep"))
    assert function.payloads == [{"everything": True}] * 3
    assert [step.records for step in steps] == [10, 20, 23]
    assert steps[-1] == Swept(3, 23, 60, steps[-1].findings)
    assert steps[-1].findings == {"held": 2, "unreadable": 2}


def test_a_run_that_crashes_ends_the_command_with_its_error() -> None:
    function: Any = Lambda(run(10, 25, over=False), CRASH)
    steps = sweep(function, "sweep")
    next(steps)
    with pytest.raises(RunFailed, match="Task timed out"):
        next(steps)


def test_an_invocation_is_awaited_for_longer_than_the_function_may_run() -> None:
    """By default the SDK gives up after 60 s and invokes the function again."""
    assert vars(PATIENT)["read_timeout"] > functions()["Sweep"].timeout
