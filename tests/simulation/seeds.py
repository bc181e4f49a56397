"""Runs seeds in a process of their own, because the functions read their settings when they are imported."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(*arguments: str, **environment: str) -> str:
    """The output of a Python process with these arguments; raises AssertionError with the output when it fails."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "layers" / "core")))
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def run_seeds(first: int, last: int) -> None:
    python("-m", "tests.simulation", f"--seeds={first}-{last}")
