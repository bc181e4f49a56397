"""Changes the rules a little, hundreds of times, and asks the unit tests whether they notice: `make mutation-test`.

mutmut (its settings: pyproject.toml) wants the package beside the tests, so it is given a copy.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "out" / "mutation"


def main() -> None:
    """Run mutmut, show what the tests let pass, and fail if that is anything."""
    copy()
    mutmut("run")
    mutmut("export-cicd-stats", quiet=True)
    counts = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text())
    survivors = unnoticed()
    for mutant in survivors:
        mutmut("show", mutant)
    print(f"{counts['killed'] + counts['timeout']} of {counts['total']} changes noticed by the unit tests")
    sys.exit(survivors != [])


def copy() -> None:
    """The package and its unit tests, as mutmut expects them."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "layers" / "core" / "earned", COPY / "earned", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "unit", COPY / "tests" / "unit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


def unnoticed() -> list[str]:
    """The names of the mutants that lived; of those that died mutmut says nothing."""
    results = subprocess.run(command("results"), cwd=COPY, check=True, capture_output=True, text=True).stdout
    named = (line.strip().partition(": ") for line in results.splitlines() if ": " in line)
    return [name for name, _, fate in named if fate != "timeout"]


def mutmut(*arguments: str, quiet: bool = False) -> None:
    """A command of mutmut, in the copy."""
    subprocess.run(command(*arguments), cwd=COPY, check=True, stdout=subprocess.DEVNULL if quiet else None)


def command(*arguments: str) -> list[str]:
    """How mutmut is called in the environment that this runs in."""
    return [sys.executable, "-m", "mutmut", *arguments]


if __name__ == "__main__":
    main()
