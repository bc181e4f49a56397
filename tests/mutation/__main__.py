"""Mutation testing: small changes of the code, each of which a test must notice (docs/decisions/0021)."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tests.mutation.modules import MODULES, UNFINISHED

ROOT = Path(__file__).resolve().parents[2]
SURVIVORS = Path(__file__).with_name("survivors.txt")
TESTS = MODULES | UNFINISHED
NOTICED = ("killed", "timeout")


@dataclass(frozen=True)
class Outcome:
    """What became of a module's mutants: those noticed, those argued in survivors.txt, and the others."""

    module: str
    total: int
    noticed: int
    argued: list[str]
    missed: list[str]
    seconds: float

    @property
    def row(self) -> str:
        share = 100 * self.noticed / self.total if self.total else 100
        counts = f"{self.total:5} {self.noticed:5} {share:5.1f} % {len(self.argued):5} {len(self.missed):5}"
        return f"{self.module:38} {counts} {self.seconds:5.0f} s"


def main(
    module: Annotated[list[str] | None, typer.Option(help="Only these modules.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Draw mutants at random, for that long.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of the draw; without it, one is drawn and printed.")
    ] = None,
    processes: Annotated[int, typer.Option(help="How many mutants run at the same time.")] = 2,
    report: Annotated[Path, typer.Option(help="The file to write the outcome to.")] = ROOT / "out" / "mutation.json",
) -> None:
    """Run the mutants; exit 1 when one survives that survivors.txt does not argue."""
    if unknown := set(module or ()) - set(TESTS):
        raise typer.BadParameter(
            f"{', '.join(sorted(unknown))}: not in tests/mutation/modules.py", param_hint="--module"
        )
    names, until = list(module or MODULES), None
    if seconds is not None:
        seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
        print(f"mutants drawn with --seed={seed}")
        random.Random(seed).shuffle(names)
        until = time.time() + seconds
    print(f"{'module':38} {'total':>5} {'found':>5} {'':7} {'argued':>5} {'missed'}", flush=True)
    outcomes = []
    for name in names:
        if until is not None and time.time() > until:
            break
        outcomes.append(run(name, processes, seed if until else None, until))
        print(outcomes[-1].row, *outcomes[-1].missed, sep="\n    missed: ", flush=True)
    write(report, outcomes)
    sys.exit(any(outcome.missed for outcome in outcomes))


def run(module: str, processes: int, seed: int | None, until: float | None) -> Outcome:
    """Run a module's mutants in a pytest of their own."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        fates = Path(folder) / "fates.json"
        drawn = [f"--draw={seed}", f"--until={until}"] if until is not None else []
        command = [
            sys.executable,
            "-m",
            "pytest",
            *TESTS[module],
            "-p",
            "tests.mutation.plugin",
            "-p",
            "no:cacheprovider",
        ]
        command += [f"--mutate={module}", f"--fates={fates}", f"--forks={processes}", *drawn]
        command += ["--hypothesis-seed=1", "--capture=sys", "-q", "--no-header", "--no-summary"]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, env=os.environ)
        if not fates.exists():
            sys.exit(f"{module}: the tests do not pass without a mutant\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        found: dict[str, str] = json.loads(fates.read_text())
    alive = [mutant for mutant, fate in found.items() if fate not in NOTICED]
    argued = arguments()
    return Outcome(
        module,
        len(found),
        Counter(found.values())["killed"] + Counter(found.values())["timeout"],
        [mutant for mutant in alive if mutant in argued],
        [f"{mutant}  ({found[mutant]})" for mutant in alive if mutant not in argued],
        time.monotonic() - started,
    )


def arguments() -> dict[str, str]:
    """For each mutant that may survive, why; a line is the mutant, two spaces, # and the reason."""
    lines = [line for line in SURVIVORS.read_text().splitlines() if line and not line.startswith("#")]
    return {mutant: reason for mutant, _, reason in (line.rpartition("  # ") for line in lines)}


def write(report: Path, outcomes: list[Outcome]) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
