"""The simulator, judged: each planted bug must be found within a thousand seeds (`make mutants`)."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tests.mutants.bugs import BUGS, Bug
from tests.mutants.plant import ROOT, plant

OUT = ROOT / "out" / "mutants.json"
Hunt = dict[str, object]


def main() -> None:
    """Hunt the bugs on all cores, print the table, and fail when one got away."""
    wanted = arguments()
    first, _, last = wanted.seeds.partition("-")
    bugs = [bug for bug in BUGS if not wanted.bugs or bug.name in wanted.bugs]
    hunts = hunt_all(bugs, int(first), int(last), wanted.processes)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(hunts, indent=1) + "\n")
    show(hunts)
    sys.exit(any(hunt["seed"] is None for hunt in hunts))


def arguments() -> argparse.Namespace:
    """Which bugs, which seeds, and on how many cores."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument(
        "bugs", nargs="*", choices=[[], *(bug.name for bug in BUGS)], metavar="BUG", help="all, unless named"
    )
    parser.add_argument("--seeds", default="1-1000")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def hunt_all(bugs: Sequence[Bug], first: int, last: int, processes: int) -> list[Hunt]:
    """Hunt each bug, several at a time; in the order of `bugs`."""
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ThreadPoolExecutor(processes) as pool, Progress(*columns, console=console) as progress:
        task = progress.add_task("bugs", total=len(bugs))
        hunts = {pool.submit(hunt, bug, first, last): bug for bug in bugs}
        for done in as_completed(hunts):
            progress.advance(task)
            progress.console.print(f"{hunts[done].name}: {told(done.result())}", highlight=False)
        return [done.result() for done in hunts]


def hunt(bug: Bug, first: int, last: int) -> Hunt:
    """Plant one bug in a copy of the tree, and run the simulator there."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        plant(bug, copy)
        paths = os.pathsep.join([str(copy), str(copy / "layers" / "core")])
        command = [sys.executable, "-m", "tests.mutants.hunt", str(first), str(last)]
        ended = subprocess.run(
            command, cwd=copy, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True
        )
    about: Hunt = {"bug": bug.name, "what": bug.what, "file": bug.file}
    if ended.returncode:
        return about | {"seed": None, "violation": "", "seconds": 0.0, "error": ended.stderr.strip()[-2000:]}
    return about | json.loads(ended.stdout)


def told(hunt: Hunt) -> str:
    """What came of a hunt, in a line."""
    if "error" in hunt:
        return f"the simulator itself failed: {str(hunt['error']).splitlines()[-1]}"
    if hunt["seed"] is None:
        return f"NOT FOUND in {hunt['seconds']} s"
    return f"seed {hunt['seed']}, {hunt['seconds']} s, {hunt['violation']}"


def show(hunts: Sequence[Hunt]) -> None:
    """The table."""
    table = Table("bug", "seed", "seconds", "found by")
    for hunt in hunts:
        table.add_row(str(hunt["bug"]), str(hunt["seed"] or "not found"), str(hunt["seconds"]), str(hunt["violation"]))
    found = sum(hunt["seed"] is not None for hunt in hunts)
    console = Console()
    console.print(table)
    console.print(f"{found} of {len(hunts)} planted bugs found; see {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
