"""Mutation testing: mutmut changes the rules hundreds of times, and the unit tests must notice each change.

mutmut, configured in pyproject.toml, needs the package beside the tests, so it runs in a copy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "out" / "mutation"


def main() -> None:
    """Run mutmut, show the surviving mutants, and exit 1 if there is one."""
    copy()
    mutmut("run")
    mutmut("export-cicd-stats", quiet=True)
    counts = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text())
    survivors = surviving_mutants()
    for mutant in survivors:
        mutmut("show", mutant)
    print(f"{counts['killed'] + counts['timeout']} of {counts['total']} changes noticed by the unit tests")
    sys.exit(survivors != [])


def copy() -> None:
    """Copy the package and its unit tests to where mutmut expects them."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "layers" / "core" / "earned", COPY / "earned", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "unit", COPY / "tests" / "unit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


def surviving_mutants() -> list[str]:
    """The names of the surviving mutants; mutmut lists no killed ones."""
    results = subprocess.run(command("results"), cwd=COPY, check=True, capture_output=True, text=True).stdout
    named = (line.strip().partition(": ") for line in results.splitlines() if ": " in line)
    return [name for name, _, fate in named if fate != "timeout"]


def mutmut(*arguments: str, quiet: bool = False) -> None:
    """Run a command of mutmut in the copy."""
    subprocess.run(command(*arguments), cwd=COPY, check=True, stdout=subprocess.DEVNULL if quiet else None)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mutmut", *arguments]


if __name__ == "__main__":
    main()
