"""Runs the sweep over every record and document, from where the last run by hand stopped to the end of its pass."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# The function's timeout is 300 s; the SDK's default of 60 s would give up and invoke it again.
PATIENT = Config(connect_timeout=5, read_timeout=330, retries={"total_max_attempts": 3})


class RunFailed(Exception):
    """A run ended with an error, which the message names."""


@dataclass(frozen=True)
class Swept:
    """What the runs have done so far; `items` are those that the pass has read, earlier runs included."""

    runs: int = 0
    records: int = 0
    items: int = 0
    findings: Counter[str] = field(default_factory=Counter)


def sweep(lambdas: "LambdaClient", function: str) -> Iterator[Swept]:
    """Invoke the function until it says that the pass is over; yields after each run."""
    so_far, is_over = Swept(), False
    while not is_over:
        outcome = _run(lambdas, function)
        findings = so_far.findings + Counter(outcome["findings"])
        so_far = Swept(so_far.runs + 1, so_far.records + outcome["records"], outcome["items"], findings)
        is_over = outcome["turn_over"]
        yield so_far


def _run(lambdas: "LambdaClient", function: str) -> dict[str, Any]:
    answer = lambdas.invoke(FunctionName=function, Payload=json.dumps({"everything": True}).encode())
    outcome: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise RunFailed(f"{outcome.get('errorType', 'error')}: {outcome.get('errorMessage', '')}")
    return outcome
