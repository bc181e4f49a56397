"""The commands behind `make load` and `make load-model`."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tools.bench.machine import machine
from tools.load import export, history, republication
from tools.load.forecast import forecast, read
from tools.load.results import summarize
from tools.load.runner import LoadTest
from tools.load.waiting import NoProgress, dead_letters, stop_sweep
from tools.load.workload import Workload
from tools.local import stack
from tools.local.stack import ROOT, STATE, LocalStack, StackFailed

OUT = ROOT / "out" / "load"
FAILURES = "left for a retry", "failed processing SQS batch"  # in the log of the emulator
CHART = (str(ROOT / ".venv" / "bench" / "bin" / "python"), "-m", "tools.load.chart")  # the environment with matplotlib
IDLE_LEARNERS = 20  # learners who finish on an idle system

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


@app.command()
def hall(people: Annotated[int, typer.Option(min=1, help="attendees marked at once")] = 10_000) -> None:
    """Mark a hall."""
    workload = Workload(people, learners=IDLE_LEARNERS + max(20, people // 50))
    figures = _measure("load", lambda running, directory: _mark_hall(running, directory, workload))
    subprocess.run(CHART, cwd=ROOT, check=True)  # noqa: S603  # our own
    console.print("A picture is beside the figures.")
    whole = (figures["certificates"], figures["announced_twice"], figures["refused"], figures["failed_batches"])
    raise typer.Exit(0 if whole == (figures["due"], 0, 0, 0) else 1)


@app.command("republication")
def republish(
    people: Annotated[int, typer.Option(min=2, help="learners of the course")] = 50_000,
    due: Annotated[int, typer.Option(min=1, help="those who have nothing left to do then")] = 200,
) -> None:
    """Publish a course again, with a lesson less."""
    due = min(due, people - 1)
    figures = _measure(
        "republication", lambda running, directory: republication.republish(running, directory, people, due)
    )
    raise typer.Exit(0 if republication.is_whole(figures) else 1)


@app.command("export")
def export_company(
    people: Annotated[int, typer.Option(min=1, help="certificates of the company")] = 20_000,
) -> None:
    """Export a company."""
    figures = _measure("export", lambda running, directory: export.export(running, directory, people))
    raise typer.Exit(0 if export.is_whole(figures) else 1)


@app.command("import")
def import_history(
    people: Annotated[int, typer.Option(min=2, help="people of the history, with ten rows each")] = 9_804,
    rate: Annotated[int, typer.Option(min=1, help="events a second at most")] = 1_000,
) -> None:
    """Import a history twice: in one go, and killed half-way and run again."""
    figures = _measure("import", lambda running, directory: history.import_twice(running, directory, people, rate))
    raise typer.Exit(0 if history.is_whole(figures) else 1)


@app.command()
def model() -> None:
    """Forecast a hall on AWS from the figures of `make load` and `make package`; fills out/load/."""
    measured = OUT / "load.json", ROOT / "out" / "package.json"
    if missing := [path for path in measured if not path.exists()]:
        console.print(f"{missing[0].relative_to(ROOT)} is missing: run `make {missing[0].stem}` first.")
        raise typer.Exit(1)
    figures = machine() | forecast(*map(read, measured))
    _write("model", figures)
    _print_scenarios(figures)


def _print_scenarios(figures: dict[str, Any]) -> None:
    table = Table("people at once", "pollers", "S3 put", "p50", "p99", "another company, idle p99", "meanwhile p99")
    for it in figures["scenarios"]:
        put = "bad day" if it["s3_on_a_bad_day"] else "usual"
        seconds = it["hall"]["p50"], it["hall"]["p99"], it["school_idle"]["p99"], it["school"]["p99"]
        table.add_row(f"{it['people']:,}", it["pollers"], put, *(f"{one:.1f} s" for one in seconds))
    console.print(table)
    proof = figures["proof"]
    for kind in ("hall", "school", "school_idle"):
        predicted, measured = proof["predicted"][kind], proof["measured"][kind]
        console.print(f"local stack, {kind}: {predicted} predicted, {measured} measured", markup=False)
    console.print(f"Figures and assumptions in {OUT.relative_to(ROOT)}/model.json")


def _measure(name: str, run: Callable[[LocalStack, Path], dict[str, Any]]) -> dict[str, Any]:
    """The figures of a run on a stack of its own, without the sweep; fills out/load/ and exits with 1 when it fails."""
    directory, made_on = STATE / "load", machine()
    try:
        with stack.started(directory) as supervisor:
            for step in supervisor.steps():
                console.print(step)
            stop_sweep(supervisor.stack)
            figures = made_on | run(supervisor.stack, directory)
    except (StackFailed, NoProgress) as failure:
        console.print(str(failure), markup=False, soft_wrap=True)
        raise typer.Exit(1) from failure
    _write(name, figures)
    for key, value in figures.items():
        if key != "samples":
            console.print(f"{key.replace('_', ' '):28} {value}", markup=False)
    console.print(f"Figures in {OUT.relative_to(ROOT)}/{name}.json", markup=False)
    return figures


def _mark_hall(running: LocalStack, directory: Path, workload: Workload) -> dict[str, Any]:
    test = LoadTest(running, workload)
    console.print(f"having {workload.attendees + workload.learners:,} people known and enrolled")
    test.prepare()
    console.print(f"marking {workload.attendees:,} of them")
    record = test.run(int((directory / "pid").read_text()), IDLE_LEARNERS)
    log = (directory / "ministack.log").read_text("utf-8", "replace")
    failed = sum(log.count(failure) for failure in FAILURES)
    return summarize(workload, IDLE_LEARNERS, record, dead_letters(running), failed)


def _write(name: str, figures: dict[str, Any]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    app()
