"""The command behind `make cost`."""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict
from io import StringIO
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from earned.testing.cloudformation import INFRA, ROOT, resources
from earned.testing.service import QUEUES, Service, aws_in_process
from tools.bench.credential import measure as added_by_credential
from tools.costs import bill
from tools.costs.counts import Counts, Sweeping, count, count_download, count_summary, count_sweep
from tools.costs.measure import measure
from tools.costs.savings import Saving, savings

OUT = ROOT / "out" / "cost.json"
STEPS = (5, 50, 150)
VOLUMES = (1, 10, 100)  # millions of certificates a year
TARGET, DOWNLOAD_TARGET, SWEEP_TARGET = 12, 2.40, 1  # dollars a million (docs/design.md)
IDLE_TARGET = 10  # dollars a month
CREDENTIAL_TARGET = 0.10  # dollars a million, of the certificates' bill
PAGES = 20  # drawn with and without a credential
MANY = 10**8  # records that a pass of the sweep must read within a day

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


MEASURE = typer.Option("--measure", help="only print what tools/costs/measured.toml should say")


def main(only_measure: Annotated[bool, MEASURE] = False) -> None:
    """Count requests and capacity, print the bill, and write out/cost.json."""
    with aws_in_process(), redirect_stdout(StringIO()):  # the handlers' logs are counted, not shown
        service = Service.start()
        if only_measure:
            found: Any = measure(service)
        else:
            counts = {steps: count(service, steps) for steps in STEPS}
            download, _ = count_download(service)
            sweeping = count_sweep(service)
            summary = count_summary(service)
    if only_measure:
        console.print(json.dumps({"cpu": found, "load": round(os.getloadavg()[0], 1)}))
        return
    credentials = bill.credential_bill(counts[5], added_by_credential(PAGES)["document_bytes_added"])
    _show(counts, credentials, bill.download_bill(download), bill.summary_bill(summary), sweeping)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(_figures(counts, bill.download_bill(download), sweeping), indent=2) + "\n")


def _show(
    counts: dict[int, Counts],
    credentials: Sequence[bill.Line],
    downloads: Sequence[bill.Line],
    summaries: Sequence[bill.Line],
    sweeping: Sweeping,
) -> None:
    five = counts[5]
    full, alone = bill.certificate_bill(five, bill.FULL), bill.certificate_bill(five, bill.Shape())
    _print_bill(full, alone)
    _print_lines(f"Of it, a million credentials (target: ${CREDENTIAL_TARGET:.2f})", credentials, "dollars", decimals=3)
    _print_volumes(counts)
    _print_lines(
        f"A million downloads, without data transfer out of AWS (target: ${DOWNLOAD_TARGET:.2f})", downloads, "dollars"
    )
    _print_lines("A million summaries of companies of 5,000 people", summaries, "dollars")
    _print_lines(f"An idle stack, a month (target: ${IDLE_TARGET})", idle(), "dollars")
    _print_lines("What work and options add to it, a month", bill.beside_idle_a_month(), "dollars", total=False)
    kept = bill.keeping_a_month(five, sweeping)
    _print_lines("A million certificates of five steps, each further month", kept, "dollars")
    console.print(f"The sweep: ${bill.sweep_a_month(kept):.2f} a month per million records (target: ${SWEEP_TARGET}).")
    hours = f"{bill.sweep_hours(sweeping, MANY):.1f} hours, and its runs have {bill.RUN_HOURS_A_DAY:.1f} hours a day"
    console.print(f"A pass over {MANY // 10**6} million records takes {hours}.\n")
    _print_savings(savings(five))


def _print_bill(full: Sequence[bill.Line], alone: Sequence[bill.Line]) -> None:
    table = Table(
        "", "buys", title=f"A million certificates of five events, two of a learner in a batch (target: ${TARGET})"
    )
    table.add_column("$, full batches", justify="right")
    table.add_column("$, each alone", justify="right")
    for one, other in zip(full, alone, strict=True):
        table.add_row(one.service, one.buys, f"{one.dollars:.2f}", f"{other.dollars:.2f}")
    table.add_section()
    table.add_row("", "all", f"{bill.total([*full]):.2f}", f"{bill.total([*alone]):.2f}")
    console.print(table)


def _print_volumes(counts: dict[int, Counts]) -> None:
    table = Table("steps", title="Dollars for a million, by steps and by certificates a year")
    for volume in VOLUMES:
        table.add_column(f"{volume} million a year", justify="right")
    table.add_column("full batches", justify="right")
    table.add_column("the portal's sends", justify="right")
    for steps, one in counts.items():
        by_volume = [bill.total(bill.certificate_bill(one, bill.Shape.of_volume(v * 1e6, steps))) for v in VOLUMES]
        full = bill.total(bill.certificate_bill(one, bill.FULL))
        table.add_row(str(steps), *(f"{dollars:.2f}" for dollars in (*by_volume, full, bill.portal_sends(one))))
    console.print(table)


def _print_lines(title: str, lines: Sequence[bill.Line], unit: str, *, total: bool = True, decimals: int = 2) -> None:
    table = Table("", "buys", title=title)
    table.add_column(unit, justify="right")
    for line in lines:
        table.add_row(line.service, line.buys, f"{line.dollars:.{decimals}f}")
    if total:
        table.add_section()
        table.add_row("", "all", f"{bill.total([*lines]):.{decimals}f}")
    console.print(table)


def _print_savings(found: Sequence[Saving]) -> None:
    table = Table("the next dollar", "and its disadvantage", title="A million certificates, full batches")
    table.add_column("saves $", justify="right")
    for one in found:
        table.add_row(one.what, one.but, f"{one.dollars:.2f}")
    console.print(table)


def idle() -> list[bill.Line]:
    alarms = resources("AWS::CloudWatch::Alarm", INFRA / "observability.yaml")
    watched = sum(max(1, sum("MetricStat" in one for one in alarm.get("Metrics", []))) for alarm in alarms.values())
    return bill.idle_a_month(watched, len(QUEUES))


def _figures(counts: dict[int, Counts], downloads: Sequence[bill.Line], sweeping: Sweeping) -> dict[str, Any]:
    return {
        "prices": bill.PRICES,
        "cpu": bill.MEASURED["cpu"],
        "counts": {steps: asdict(one) for steps, one in counts.items()},
        "dollars_a_million": {
            steps: {
                "full": [asdict(line) for line in bill.certificate_bill(one, bill.FULL)],
                "alone": [asdict(line) for line in bill.certificate_bill(one, bill.Shape())],
                "by_millions_a_year": {
                    volume: bill.total(bill.certificate_bill(one, bill.Shape.of_volume(volume * 1e6, steps)))
                    for volume in VOLUMES
                },
            }
            for steps, one in counts.items()
        },
        "sweeping": asdict(sweeping),
        "dollars_a_month": [asdict(line) for line in bill.keeping_a_month(counts[5], sweeping)],
        "sweep_hours_of_100_million": bill.sweep_hours(sweeping, MANY),
        "dollars_a_million_downloads": [asdict(line) for line in downloads],
    }


if __name__ == "__main__":
    typer.run(main)
