"""`python -m tests.planted_bugs [BUG …]`: the simulator must find each planted bug within a thousand seeds."""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tests.planted_bugs.apply_bug import BUGS, ROOT
from tests.planted_bugs.find_seed import Result, find_seed

OUT = ROOT / "out" / "planted-bugs.json"
SEEDS = Path(__file__).with_name("seeds.json")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    bugs: Annotated[list[str] | None, typer.Argument(help="default: all")] = None,
    seeds: Annotated[str, typer.Option(help="first and last, such as 1-1000")] = "1-1000",
    replay: Annotated[bool, typer.Option(help="run only the recorded seed of each bug")] = False,
    record: Annotated[bool, typer.Option(help="record the seeds that find the bugs")] = False,
    processes: Annotated[int, typer.Option(min=1)] = os.cpu_count() or 1,
) -> None:
    """Run the bugs, print the table, and exit 1 when one is not found."""
    results = _find_all(bugs or list(BUGS), _replay() if replay else _search(seeds), processes)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    if record:
        found = {result.bug: result.seed for result in results if result.seed is not None}
        SEEDS.write_text(json.dumps(recorded_seeds() | found, indent=1, sort_keys=True) + "\n")
    _print_table(results)
    raise typer.Exit(any(result.seed is None for result in results))


def recorded_seeds() -> dict[str, int]:
    """For each bug the first seed that finds it, as of the last `--record`."""
    seeds: dict[str, int] = json.loads(SEEDS.read_text())
    return seeds


def _replay() -> Callable[[str], Result]:
    """Run the recorded seed of a bug, or the first thousand seeds where none is recorded."""
    seeds = recorded_seeds()
    return lambda bug: find_seed(bug, seeds.get(bug, 1), seeds.get(bug, 1000))


def _search(seeds: str) -> Callable[[str], Result]:
    first, _, last = seeds.partition("-")
    return lambda bug: find_seed(bug, int(first), int(last))


def _find_all(bugs: Sequence[str], search: Callable[[str], Result], processes: int) -> list[Result]:
    """Search several bugs at a time; the results are in the order of `bugs`."""
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with ThreadPoolExecutor(processes) as pool, Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("planted bugs", total=len(bugs))
        searches = [pool.submit(search, bug) for bug in bugs]
        for done in as_completed(searches):
            progress.advance(task)
            progress.console.print(str(done.result()), highlight=False, markup=False, soft_wrap=True)
        return [done.result() for done in searches]


def _print_table(results: Sequence[Result]) -> None:
    table = Table("bug", "seed", "seconds", "found by")
    for result in results:
        table.add_row(result.bug, str(result.seed or "none"), str(result.seconds), result.violation)
    console = Console()
    console.print(table)
    missed = [result.bug for result in results if result.seed is None]
    found = len(results) - len(missed)
    console.print(f"{found} of {len(results)} planted bugs found; see {OUT.relative_to(ROOT)}")
    if missed:
        console.print(f"not found: {' '.join(missed)}", soft_wrap=True)


if __name__ == "__main__":
    app()
