"""`python -m tests.planted_bugs.found_by_tests [BUG …]`: the test that a planted bug names must fail with it."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tests.planted_bugs.apply_bug import BUGS_OF_TESTS, DoesNotApply, apply_bug, copy_tracked, finder, patched_file

FAILED = 1  # pytest's exit code when a test fails, and not when it is missing or cannot be collected
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    bugs: Annotated[list[str] | None, typer.Argument(help="default: all")] = None,
    seconds: Annotated[float | None, typer.Option(help="Draw bugs at random, and start none after that long.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of the draw; without it, one is drawn.")] = None,
) -> None:
    """Run the test of each bug, and exit 1 when one passes with its bug."""
    names, until = list(bugs or BUGS_OF_TESTS), float("inf")
    if unknown := set(names) - set(BUGS_OF_TESTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: no patch in tests/planted_bugs/bugs_of_tests")
    if seconds is not None:
        seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
        print(f"planted bugs drawn with --seed={seed}")
        random.Random(seed).shuffle(names)
        until = time.monotonic() + seconds
    missed, ran = [], 0
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        copy_tracked(tree)
        for name in names:
            if time.monotonic() > until:
                break
            ran += 1
            fault = why_missed(name, tree)
            missed += [name] if fault else []
            print(f"{name:58} {fault or 'found'}", flush=True)
    print(f"{ran - len(missed)} of {ran} planted bugs found by the tests that they name")
    sys.exit(bool(missed))


def why_missed(bug: str, tree: Path) -> str:
    """Empty if the test that the bug names fails with it."""
    file = patched_file(bug, tree)
    before = file.read_text()
    try:
        apply_bug(bug, tree)
        code = _exit_code_of(finder(bug), tree)
    except DoesNotApply as error:
        return str(error)
    finally:
        file.write_text(before)
    if code == FAILED:
        return ""
    return f"{finder(bug)} passes with it" if code == 0 else f"{finder(bug)} cannot run: pytest exits with {code}"


def _exit_code_of(test: str, tree: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header", "--tb=no", test]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)  # it would name this tree's code
    return subprocess.run(command, cwd=tree, check=False, capture_output=True, env=environment).returncode


if __name__ == "__main__":
    app()
