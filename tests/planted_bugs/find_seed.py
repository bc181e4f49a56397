"""Finds the first seed with which the simulator notices a planted bug."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.planted_bugs.apply_bug import apply_bug, copy_tree, rationale


@dataclass(frozen=True)
class Result:
    """The first seed that violates an invariant, and the violation; no seed if none does."""

    bug: str
    rationale: str
    seed: int | None
    violation: str
    seconds: float

    def __str__(self) -> str:
        found = f"seed {self.seed}: {self.violation}" if self.seed is not None else f"NOT FOUND {self.violation}"
        return f"{self.bug}, {self.seconds} s, {found}"


def run_with(bug: str, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a module in a copy of the tree that has a bug."""
    with tempfile.TemporaryDirectory(prefix="planted-bug-") as folder:
        copy_tree(Path(folder))
        apply_bug(bug, Path(folder))
        env = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{folder}/layers/core"}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)


def find_seed(bug: str, first: int, last: int) -> Result:
    """Run the seeds from `first` to `last` with a bug until one violates an invariant."""
    ended = run_with(bug, "tests.planted_bugs.search", str(first), str(last))
    if ended.returncode:
        return Result(bug, rationale(bug), None, f"because the simulator failed:\n{ended.stderr[-3000:]}", 0.0)
    return Result(bug, rationale(bug), **json.loads(ended.stdout))
