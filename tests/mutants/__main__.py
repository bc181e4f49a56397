"""The simulator, judged: each planted bug must be found within a thousand seeds (`make mutants`)."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tests.mutants.plant import BUGS, ROOT, copy, plant, thought

OUT = ROOT / "out" / "mutants.json"


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


def main() -> None:
    """Hunt the bugs on all cores, print the table, and fail when one got away."""
    wanted = arguments()
    first, _, last = wanted.seeds.partition("-")
    hunts = hunt_all(wanted.bugs or list(BUGS), int(first), int(last), wanted.processes)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(hunt) for hunt in hunts], indent=1) + "\n")
    show(hunts)
    sys.exit(any(hunt.seed is None for hunt in hunts))


def arguments() -> argparse.Namespace:
    """Which bugs, which seeds, and on how many cores."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("bugs", nargs="*", choices=[[], *BUGS], metavar="BUG", help="all, unless named")
    parser.add_argument("--seeds", default="1-1000")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def hunt_all(bugs: Sequence[str], first: int, last: int, processes: int) -> list[Hunt]:
    """Hunt each bug, several at a time; in the order of `bugs`."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ThreadPoolExecutor(processes) as pool, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("planted bugs", total=len(bugs))
        hunts = [pool.submit(hunt, bug, first, last) for bug in bugs]
        for done in as_completed(hunts):
            progress.advance(task)
            progress.console.print(str(done.result()), highlight=False, markup=False, soft_wrap=True)
        return [done.result() for done in hunts]


def hunt(bug: str, first: int, last: int) -> Hunt:
    """Plant one bug in a copy of the tree, and run the simulator there."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy(Path(folder))
        plant(bug, Path(folder))
        paths = f"{folder}{os.pathsep}{folder}/layers/core"
        command = [sys.executable, "-m", "tests.mutants.hunt", str(first), str(last)]
        env = os.environ | {"PYTHONPATH": paths}
        ended = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
    if ended.returncode:
        return Hunt(bug, thought(bug), None, f"since the simulator itself failed:\n{ended.stderr[-3000:]}", 0.0)
    return Hunt(bug, thought(bug), **json.loads(ended.stdout))


def show(hunts: Sequence[Hunt]) -> None:
    """The table."""
    table = Table("bug", "seed", "seconds", "found by")
    for hunt in hunts:
        table.add_row(hunt.bug, str(hunt.seed or "none"), str(hunt.seconds), hunt.violation)
    console = Console()
    console.print(table)
    found = sum(hunt.seed is not None for hunt in hunts)
    console.print(f"{found} of {len(hunts)} planted bugs found; see {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
