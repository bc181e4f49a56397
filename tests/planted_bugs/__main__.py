"""The simulator, judged: each planted bug must be found within a thousand seeds (`make mutants`)."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tests.planted_bugs.hunt import Hunt, hunt
from tests.planted_bugs.plant import BUGS, ROOT

OUT = ROOT / "out" / "mutants.json"


def main() -> None:
    """Hunt the bugs on all cores, print the table, and fail when one got away."""
    wanted = arguments()
    first, _, last = wanted.seeds.partition("-")
    hunts = hunt_all(wanted.bugs or list(BUGS), int(first), int(last), wanted.processes)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in hunts], indent=1) + "\n")
    show(hunts)
    sys.exit(any(one.seed is None for one in hunts))


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


def show(hunts: Sequence[Hunt]) -> None:
    """The table."""
    table = Table("bug", "seed", "seconds", "found by")
    for one in hunts:
        table.add_row(one.bug, str(one.seed or "none"), str(one.seconds), one.violation)
    console = Console()
    console.print(table)
    found = sum(one.seed is not None for one in hunts)
    console.print(f"{found} of {len(hunts)} planted bugs found; see {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
