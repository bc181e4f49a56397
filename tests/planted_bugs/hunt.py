"""The hunt for one bug: it is planted in a copy of the tree, and the simulator looks for it there."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.planted_bugs.plant import copy, plant, thought


@dataclass(frozen=True)
class Hunt:
    """What came of looking for a bug: the first seed that saw it and what it saw, or no seed."""

    bug: str
    thought: str
    seed: int | None
    violation: str
    seconds: float

    def __str__(self) -> str:
        found = f"seed {self.seed}: {self.violation}" if self.seed is not None else f"NOT FOUND {self.violation}"
        return f"{self.bug}, {self.seconds} s, {found}"


def run_with(bug: str, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """What a module does in a copy of the tree in which a bug is planted."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy(Path(folder))
        plant(bug, Path(folder))
        env = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{folder}/layers/core"}
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)


def hunt(bug: str, first: int, last: int) -> Hunt:
    """Plant a bug and run seeds until one finds it."""
    ended = run_with(bug, "tests.planted_bugs.search", str(first), str(last))
    if ended.returncode:
        return Hunt(bug, thought(bug), None, f"since the simulator itself failed:\n{ended.stderr[-3000:]}", 0.0)
    return Hunt(bug, thought(bug), **json.loads(ended.stdout))
