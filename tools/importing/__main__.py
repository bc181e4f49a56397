"""`make import`: checks a file of events, says what it would lead to, and posts them."""

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, track

from earned.aws.publisher import NotSent, Publisher
from earned.messages import events
from earned.messages.posting import Event
from tools.importing.check import Checked, Fault, check_rows
from tools.importing.forecast import Forecast, Outcome
from tools.importing.rows import NotAFile
from tools.importing.sending import Backlog, Checkpoint, send
from tools.operations.stacks import NoStack
from tools.operations.terminal import Local, StackName, console, out, stack_of

SHOWN = 20
TOLERANCE = timedelta(minutes=5)


def main(
    file: Annotated[Path, typer.Option(help="a file of events that ends in .csv, .jsonl or .ndjson")],
    stack: StackName = None,
    local: Local = False,
    only_valid: Annotated[
        bool, typer.Option("--only-valid", help="send the valid rows although others are not")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="send nothing; say what the rules will make of it")
    ] = False,
    rate: Annotated[float, typer.Option(min=1, help="at most so many events a second")] = 200,
) -> None:
    """Check every row, then send directory, progress and attendance events, in this order; a second run goes on."""
    if not file.name:
        raise NotAFile("say which file: make import FILE=history.csv")
    now = datetime.now(UTC)
    counts, forecast = Counter[str](), Forecast()
    faults = file.with_suffix(file.suffix + ".errors.csv")
    faults.unlink(missing_ok=True)
    found = 0
    for checked in track(
        check_rows(file, now, TOLERANCE, {}), f"Checking {file.name}", console=console, transient=True
    ):
        if isinstance(checked, Fault):
            found += 1
            _report(checked, faults, found)
            continue
        counts[checked.sent.queue] += 1
        if dry_run:
            forecast.add(checked.event)
    told = ", ".join(f"{counts[queue]:,} {queue}" for queue in events.QUEUES)
    out.print(f"{counts.total():,} valid events: {told}")
    if found:
        out.print(f"{found:,} invalid rows: see {faults}", markup=False, soft_wrap=True)
    if dry_run:
        _print(forecast.outcome(now, TOLERANCE))
    if found and not only_valid:
        raise typer.Exit(1)
    if not dry_run:
        where = stack_of(stack, local)
        queues = {queue: where.outputs[f"{queue.capitalize()}QueueUrl"] for queue in events.QUEUES}
        checkpoint = Checkpoint.of(file, f"{sorted(queues.values())} {only_valid}")
        with Progress(console=console) as progress:
            task = progress.add_task("Sending", total=counts.total(), completed=checkpoint.sent)
            backlog = Backlog(where.sqs, queues)
            for sent in send(_in_order(file, now), checkpoint, Publisher(where.sqs, queues), backlog, rate):
                progress.update(task, completed=sent)
        out.print(f"{checkpoint.sent:,} events sent. `make quarantine` shows what the service refused.")


def _in_order(file: Path, now: datetime) -> Iterator[Event]:
    """The valid events of one queue after another: what a fact needs is there before it."""
    companies: dict[str, str] = {}
    for queue in events.QUEUES:
        for checked in check_rows(file, now, TOLERANCE, companies, queue=queue):
            if isinstance(checked, Checked):
                yield checked.sent


def _report(fault: Fault, path: Path, number: int) -> None:
    if number <= SHOWN:
        out.print(f"line {fault.line}: {fault.reason}: {fault.detail}", markup=False, soft_wrap=True)
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if number == 1:
            writer.writerow(Fault._fields)
        writer.writerow(fault)


def _print(outcome: Outcome) -> None:
    out.print(f"{len(outcome.due):,} certificates will be issued.")
    for title, counts in ("enrollments wait", outcome.outstanding), ("events will be refused", outcome.refused):
        for reason, count in counts.most_common():
            out.print(f"{count:,} {title}: {reason}")


if __name__ == "__main__":
    try:
        typer.run(main)
    except (NotAFile, NoStack, NotSent, OSError) as error:
        console.print(str(error), markup=False)
        sys.exit(1)
