"""`python -m tests.simulation --seeds=1-500`: run seeds, and shrink the first story that violates an invariant."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from tests.simulation.clock import DAY
from tests.simulation.engine.outcome import Outcome
from tests.simulation.engine.run import measured
from tests.simulation.shrink import shrink

YEAR = 365.25 * DAY
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, stderr=True)


@dataclass
class Tally:
    """The figures of many runs."""

    seeds: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    violations: dict[int, str] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    def add(self, outcome: Outcome, cpu_seconds: float) -> None:
        self.seeds += 1
        self.cpu_seconds += cpu_seconds
        self.faults.update(outcome.faults)
        for name in ("calls", "events", "certificates", "invocations", "simulated"):
            self.counts[name] += getattr(outcome, name)
        if outcome.violations:
            self.violations[outcome.seed] = outcome.violations[0]

    def report(self, seconds: float) -> dict[str, Any]:
        return {
            "seeds": self.seeds,
            "violations": self.violations,
            "simulated_years": round(self.counts["simulated"] / YEAR, 2),
            "events": self.counts["events"],
            "certificates": self.counts["certificates"],
            "invocations": self.counts["invocations"],
            "calls": self.counts["calls"],
            "calls_per_second": round(self.counts["calls"] / seconds),
            "seconds": round(seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "faults": dict(self.faults.most_common()),
        }


def _outcomes(seeds: range, processes: int) -> Iterator[tuple[Outcome, float]]:
    if processes == 1:
        yield from map(measured, seeds)
        return
    # Unlike `multiprocessing.Pool`, it raises when a process is gone.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(measured, seeds, chunksize=10)


@app.command()
def main(
    seeds: Annotated[str, typer.Option(help="first and last, such as 1-500")] = "1-500",
    processes: Annotated[int, typer.Option(min=1)] = 1,
    json_path: Annotated[Path | None, typer.Option("--json", help="where to write the figures")] = None,
    save_path: Annotated[Path | None, typer.Option("--save", help="where to save the shrunk case")] = None,
) -> None:
    """Run seeds; exit 1 when one violates an invariant, and print its story."""
    first, _, last = seeds.partition("-")
    chosen, tally, began = range(int(first), int(last or first) + 1), Tally(), time.perf_counter()
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("seeds", total=len(chosen))
        for outcome, cpu_seconds in _outcomes(chosen, processes):
            tally.add(outcome, cpu_seconds)
            for violation in outcome.violations:
                progress.console.print(f"seed {outcome.seed}: {violation}", markup=False, soft_wrap=True)
            progress.update(task, advance=1, description=f"seeds, {len(tally.violations)} violations")
    report = tally.report(time.perf_counter() - began)
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(report, indent=1) + "\n")
    typer.echo("\n".join(_lines(report)))
    if tally.violations:
        _print_story(min(tally.violations), save_path)
        raise typer.Exit(1)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    for name, value in report.items():
        if not isinstance(value, dict):
            yield f"{name.replace('_', ' '):20}{value:>12,}"
    yield f"{'violations':20}{len(report['violations']):>12}"
    yield from (f"  seed {seed}: {what}" for seed, what in report["violations"].items())
    yield "faults"
    yield from (f"  {kind:32}{count:>10,}" for kind, count in report["faults"].items())


def _print_story(seed: int, save_path: Path | None) -> None:
    case = shrink(seed)
    if case is None:
        typer.echo(f"seed {seed} violates nothing when it runs alone: a run leaves state behind")
        return
    typer.echo(f"\nThe story of seed {seed}, shrunk:")
    typer.echo("\n".join(case.run().log))
    if save_path is not None:
        case.save(save_path)


if __name__ == "__main__":
    app()
