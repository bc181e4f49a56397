"""The simulator, judged: each planted bug must be found within a thousand seeds (`make planted-bugs`)."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tests.planted_bugs.hunt import Hunt, hunt
from tests.planted_bugs.plant import BUGS, ROOT

OUT = ROOT / "out" / "planted-bugs.json"


def main(
    bugs: Annotated[list[str] | None, typer.Argument(metavar="BUG", help="all, unless named")] = None,
    seeds: Annotated[str, typer.Option(help="FIRST-LAST")] = "1-1000",
    processes: Annotated[int, typer.Option(min=1, help="bugs hunted at a time")] = os.cpu_count() or 1,
) -> None:
    """Hunt bugs, print the table, and exit with 1 when one is not found."""
    if unknown := set(bugs or ()) - BUGS.keys():
        raise typer.BadParameter(f"no planted bug has the name {', '.join(sorted(unknown))}")
    first, _, last = seeds.partition("-")
    if not (first.isdecimal() and last.isdecimal()):
        raise typer.BadParameter(f"{seeds!r} is not FIRST-LAST", param_hint="--seeds")
    hunts = hunt_all(bugs or list(BUGS), int(first), int(last), processes)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(one) for one in hunts], indent=1) + "\n")
    show(hunts)
    raise typer.Exit(1 if any(one.seed is None for one in hunts) else 0)


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
    typer.run(main)
