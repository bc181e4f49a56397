"""The command behind `make bench`."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from tools.bench import evaluation
from tools.bench.machine import machine
from tools.bench.page import ROOT, nth_page
from tools.bench.visual_diff import DifferentPage, differing_pixels, require_same_page
from tools.bench.workers import (
    CONTENDERS,
    OURS,
    PLAIN,
    BenchmarkFailed,
    Rendering,
    Worker,
    environment,
    start_all_workers,
    start_worker,
)

OUT = ROOT / "out" / "bench"
WARM_UP = 5
PER_ROUND = 5  # certificates of each contender
COLD_STARTS = 5
CERTIFICATES, NOTED_EVERY = 3000, 500
MILLI, MEBI = 1000, 2**20

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, width=None if sys.stdout.isatty() else 150)


@app.command()
def main(
    rounds: Annotated[int, typer.Option(min=12, help=f"of {PER_ROUND} certificates of each contender")] = 20,
    memory: Annotated[bool, typer.Option("--memory", help=f"instead: our memory over {CERTIFICATES}")] = False,
) -> None:
    """Measure certificates and handlers, ours and others, in one run; fills out/bench/."""
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        if memory:
            _measure_memory()
        else:
            _compare(rounds)
            _measure_handlers(rounds * PER_ROUND)
            _measure_evaluation()
            _measure_credential(rounds * PER_ROUND)
    except (BenchmarkFailed, DifferentPage) as failure:
        console.print(f"Nothing was measured: {failure}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from failure


def _compare(rounds: int) -> None:
    made_on = machine()
    with _progress() as progress:
        advance = _task(progress, "same page", len(CONTENDERS))
        with start_all_workers() as workers:
            differences = _check(workers, advance)
            advance = _task(progress, "warm", rounds * len(CONTENDERS))
            warm = _draw_in_rounds(workers, rounds, advance)
            versions = {module: worker.versions for module, worker in workers.items()}
        advance = _task(progress, "cold", COLD_STARTS * len(CONTENDERS))
        cold = _start_cold(advance)
    ours = statistics.median(drawn.cpu for drawn in warm[OURS])
    figures = {
        contender.module: {
            "label": contender.label,
            "versions": versions[contender.module],
            **_summary(warm[contender.module], ours),
            "cold_cpu_ms": _cold_summary(cold[contender.module]),
            "compared_with_plain": differences[contender.module],
        }
        for contender in CONTENDERS
    }
    _write("render.json", {**made_on, "certificates_each": rounds * PER_ROUND, "contenders": figures})
    _print_comparison(figures)


def _measure_handlers(rounds: int) -> None:
    made_on = machine()
    console.print("Handlers, ours and naive ones, over moto ...")
    order = [sys.executable, "-m", "tools.bench.handlers", str(rounds)]
    done = subprocess.run(order, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise BenchmarkFailed("a handler failed: its last words are above")
    figures = json.loads(done.stdout)
    _write("handlers.json", {**made_on, "calls": rounds, **figures})
    _print_handlers(figures)


def _measure_evaluation() -> None:
    figures = evaluation.measure()
    _write("evaluation.json", {**machine(), "cpu_ms_by_facts": figures})
    table = Table("judging a record, CPU ms", *(f"{size:,} facts" for size in evaluation.SIZES))
    for name, by_size in figures.items():
        table.add_row(name, *(f"{milliseconds:.2f}" for milliseconds in by_size.values()))
    console.print(table)


def _measure_credential(pages: int) -> None:
    """In a process that has the layer's libraries, as the handlers have."""
    code = f"import json; from tools.bench.credential import measure; print(json.dumps(measure({pages})))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=False
    )
    if done.returncode:
        raise BenchmarkFailed("the credential failed: its last words are above")
    figures = json.loads(done.stdout)
    _write("credential.json", {**machine(), "pages": pages, **figures})
    console.print(
        f"A credential adds {figures['cpu_ms_added']:.2f} ms of CPU to {figures['cpu_ms_without']:.1f} ms"
        f" ({figures['cpu_ms_of_signing']:.2f} ms of it to build and sign it)"
        f" and {figures['document_bytes_added']:,.0f} bytes to a document."
    )


def _check(workers: dict[str, Worker], advance: Callable[[], None]) -> dict[str, dict[str, float]]:
    """Require the same page of all contenders, which warms them up; returns how each differs from plain WeasyPrint."""
    page, files = nth_page(0), {contender.module: OUT / f"{contender.module}.pdf" for contender in CONTENDERS}
    for module, worker in workers.items():
        worker.draw(page, files[module])
        for index in range(1, WARM_UP):
            worker.draw(nth_page(index))
        advance()
    return {
        contender.module: {
            "worst_tile_of_255_at_40_dpi": require_same_page(
                contender.label, files[contender.module], files[PLAIN], page
            ),
            "differing_pixels_at_150_dpi": differing_pixels(files[contender.module], files[PLAIN]),
        }
        for contender in CONTENDERS
    }


def _draw_in_rounds(workers: dict[str, Worker], rounds: int, advance: Callable[[], None]) -> dict[str, list[Rendering]]:
    """Draw a few certificates of each contender in turn, so that other work on the machine affects all alike."""
    drawn: dict[str, list[Rendering]] = {module: [] for module in workers}
    for first in range(WARM_UP, WARM_UP + rounds * PER_ROUND, PER_ROUND):
        for module, worker in workers.items():
            drawn[module] += [worker.draw(nth_page(index)) for index in range(first, first + PER_ROUND)]
            advance()
    return drawn


def _start_cold(advance: Callable[[], None]) -> dict[str, list[tuple[float, float]]]:
    """Seconds of importing and of the first certificate, in fresh processes."""
    took: dict[str, list[tuple[float, float]]] = {contender.module: [] for contender in CONTENDERS}
    for index in range(COLD_STARTS):
        for contender in CONTENDERS:
            with start_worker(contender) as worker:
                took[contender.module].append((worker.import_cpu, worker.draw(nth_page(index)).cpu))
            advance()
    return took


def _measure_memory() -> None:
    [contender] = (contender for contender in CONTENDERS if contender.module == OURS)
    made_on = machine()
    noted: dict[int, int] = {}
    with _progress() as progress, start_worker(contender) as worker:
        advance = _task(progress, "certificates", CERTIFICATES)
        for made in range(1, CERTIFICATES + 1):
            drawn = worker.draw(nth_page(made))
            if made % NOTED_EVERY == 0:
                noted[made] = drawn.rss
            advance()
    figures = {str(made): round(rss / MEBI, 1) for made, rss in noted.items()}
    _write("memory.json", {**made_on, "rss_mb_after_certificates": figures})
    table = Table("certificates", "RSS MB")
    for certificates, megabytes in figures.items():
        table.add_row(certificates, f"{megabytes:.1f}")
    console.print(table)


def _summary(drawn: Sequence[Rendering], ours: float) -> dict[str, Any]:
    lower, median, upper = statistics.quantiles((one.cpu for one in drawn), n=4)
    return {
        "cpu_ms": {
            "median": round(median * MILLI, 2),
            "quartiles": [round(lower * MILLI, 2), round(upper * MILLI, 2)],
            "mean": round(statistics.mean(one.cpu for one in drawn) * MILLI, 2),
        },
        "times_ours": round(median / ours, 2),
        "bytes": round(statistics.median(one.bytes for one in drawn)),
        "peak_rss_mb": round(drawn[-1].peak_rss / MEBI, 1),
        "rss_growth_mb": round((drawn[-1].rss - drawn[0].rss) / MEBI, 1),
    }


def _cold_summary(took: Sequence[tuple[float, float]]) -> dict[str, float]:
    imports, firsts = zip(*took, strict=True)
    return {
        "import": round(statistics.median(imports) * MILLI),
        "first_certificate": round(statistics.median(firsts) * MILLI),
        "together": round(statistics.median(map(sum, took)) * MILLI),
    }


def _progress() -> Progress:
    return Progress("{task.description:12}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console)


def _task(progress: Progress, name: str, total: int) -> Callable[[], None]:
    task = progress.add_task(name, total=total)
    return lambda: progress.advance(task)


def _write(name: str, figures: dict[str, Any]) -> None:
    (OUT / name).write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    console.print(f"Figures in {(OUT / name).relative_to(ROOT)}")


def _print_comparison(figures: dict[str, dict[str, Any]]) -> None:
    table = Table("", "version", title="One certificate, the same page")
    columns = "CPU ms", "times ours", "cold CPU ms", "bytes", "peak RSS MB", "RSS growth MB", "pixels unlike plain"
    for column in columns:
        table.add_column(column, justify="right")
    for found in figures.values():
        table.add_row(
            found["label"],
            next(iter(found["versions"].values())),
            f"{found['cpu_ms']['median']:.1f}",
            f"{found['times_ours']:.2f}",
            f"{found['cold_cpu_ms']['together']:.0f}",
            f"{found['bytes']:,}",
            f"{found['peak_rss_mb']:.0f}",
            f"{found['rss_growth_mb']:+.1f}",
            f"{found['compared_with_plain']['differing_pixels_at_150_dpi']:,}",
        )
    console.print(table)


def _print_handlers(figures: dict[str, Any]) -> None:
    table = Table("", title="Handlers: CPU without moto's, requests to AWS")
    for column in ("CPU ms", "requests", "naive CPU ms", "naive requests", "times ours"):
        table.add_column(column, justify="right")
    for name, found in {**figures["handlers"], **figures["api"]}.items():
        ours, naive = found.get("ours", found), found.get("naive")
        theirs = (f"{naive['cpu_ms']:.1f}", f"{naive['requests']:.1f}", f"{found['times_ours']:.1f}") if naive else ()
        table.add_row(name, f"{ours['cpu_ms']:.1f}", f"{ours['requests']:.1f}", *theirs)
    for name, found in figures["starts"].items():
        table.add_row(f"import {name}", f"{found['ours']}", "", f"{found['naive']}", "", f"{found['times_ours']:.1f}")
    console.print(table)


if __name__ == "__main__":
    app()
