"""The command behind `make mutation-test`: mutmut changes the rules, and the unit tests must notice.

mutmut, configured in pyproject.toml, expects the package beside the tests, so it gets a copy of both.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPY = ROOT / "out" / "mutation"


def main() -> None:
    """Run mutmut, show the changes that no test noticed, and exit with 1 if there are any."""
    copy()
    mutmut("run")
    mutmut("export-cicd-stats", quiet=True)
    counts = json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text())
    survivors = survivors_of_run()
    for mutant in survivors:
        mutmut("show", mutant)
    print(f"{counts['killed'] + counts['timeout']} of {counts['total']} changes noticed by the unit tests")
    sys.exit(survivors != [])


def copy() -> None:
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(ROOT / "layers" / "core" / "earned", COPY / "earned", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "unit", COPY / "tests" / "unit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", COPY)


def survivors_of_run() -> list[str]:
    """The names of the surviving mutants; mutmut lists no killed ones."""
    results = subprocess.run(command("results"), cwd=COPY, check=True, capture_output=True, text=True).stdout
    named = (line.strip().partition(": ") for line in results.splitlines() if ": " in line)
    return [name for name, _, fate in named if fate != "timeout"]


def mutmut(*arguments: str, quiet: bool = False) -> None:
    subprocess.run(command(*arguments), cwd=COPY, check=True, stdout=subprocess.DEVNULL if quiet else None)


def command(*arguments: str) -> list[str]:
    """The command line of mutmut in this environment."""
    return [sys.executable, "-m", "mutmut", *arguments]


if __name__ == "__main__":
    main()
