"""One story with every setting off its default: another tolerance, paper, claims, address, region and language."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from earned.testing.cloudformation import ROOT, functions, parameters
from tests.integration import off_defaults


@pytest.fixture(scope="module")
def observed() -> dict[str, Any]:
    """What came of the story, which runs in a process of its own, because functions read settings on import."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "layers" / "core")])
    done = subprocess.run(
        [sys.executable, "-m", off_defaults.__name__],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("what", "expected"),
    {
        "console without": [],
        "holders of the company": ["ada"],
        "holder without a company": "Ivo Sample",
        "paper": [792, 612],
        "language": "ja",
        "completed on": "2026-03-02",
        "address": "https://example.org/papers/verify/",
        "region of the link": off_defaults.REGION,
        "host of the link": True,
        "beyond the tolerance": ["out-of-order", "out-of-order"],
        "within the tolerance": 1,
        "default claims": 401,
        "announced": ["issued", "issued", "issued"],
        "refused": ["time-out-of-range"],
    }.items(),
)
def test_a_setting_off_its_default_is_observed(observed: dict[str, Any], what: str, expected: Any) -> None:
    assert observed[what] == expected


def test_every_parameter_that_a_function_reads_is_off_its_default_here() -> None:
    read = {
        name
        for function in functions().values()
        for value in map(str, function.variables.values())
        for name in parameters()
        if f"'Ref': '{name}'" in value or f"${{{name}}}" in value
    }
    assert read - {"LayerRoot"} <= off_defaults.PARAMETERS.keys()
    assert [name for name, value in off_defaults.PARAMETERS.items() if value == parameters()[name]] == []
