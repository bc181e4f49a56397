"""The command behind `make package`."""

import json
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping

import typer
from rich.console import Console
from rich.table import Table

from earned.testing import cloudformation
from tools.local.stack import ROOT
from tools.package.built import LIMIT, BuildFailed, Function, build, environment, functions, unpacked
from tools.package.imports import load

OUT = ROOT / "out" / "package.json"
STARTS = 5
REGION = "eu-central-1"
# Seconds of CPU until the first event, on an idle processor.
BUDGETS = defaultdict(lambda: 0.7, serve_api=0.8, generate_certificate=0.9)
MEGA = 10**6

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def main() -> None:
    """Measure each built function, write out/package.json, and exit with 1 when one is over its budget."""
    try:
        built = build()
    except BuildFailed as failure:
        console.print(f"sam build failed: {failure}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    values = cloudformation.parameters()
    figures = {name: _measure(function, values) for name, function in functions(built).items()}
    busy = round(os.getloadavg()[0], 1)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"starts": STARTS, "load": busy, "functions": figures}, indent=2) + "\n")
    _print(figures, busy)
    over = [
        name for name, figure in figures.items() if figure["cpu_s"] > figure["cpu_budget_s"] or figure["bytes"] > LIMIT
    ]
    if over:
        console.print(f"Over budget: {', '.join(over)}. What takes long to import: python -X importtime")
        raise typer.Exit(1)


def _measure(function: Function, values: Mapping[str, str]) -> dict[str, float]:
    with unpacked(function.layers) as opt:
        starts = [load(function, environment(function, opt, REGION, values)) for _ in range(STARTS)]
    return {
        "cpu_s": round(statistics.median(start.cpu for start in starts), 3),
        "cpu_budget_s": BUDGETS[function.name],
        "modules": len(starts[0].files),
        "bytes": function.size,
    }


def _print(figures: Mapping[str, Mapping[str, float]], busy: float) -> None:
    table = Table("function")
    for heading in ("CPU until the first event", "budget", "modules", "unzipped"):
        table.add_column(heading, justify="right")
    for name, figure in figures.items():
        cpu, budget, size = figure["cpu_s"], figure["cpu_budget_s"], figure["bytes"] / MEGA
        table.add_row(name, f"{cpu:.2f} s", f"{budget:.1f} s", f"{figure['modules']}", f"{size:.0f} MB")
    console.print(table)
    console.print(f"Medians of {STARTS} fresh processes, with a load of {busy:.1f} on {os.cpu_count()} processors.")


if __name__ == "__main__":
    typer.run(main)
