"""The command behind `make performance-report`."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from tools.bench.page import ROOT

DOCUMENT = ROOT / "docs" / "performance.md"
FIGURES = DOCUMENT.with_suffix(".json")  # all that the document says, so that a test can tell whether it is what it was
SOURCES = {
    "render": ("bench/render.json", "make bench"),
    "credential": ("bench/credential.json", "make bench"),
    "compiled": ("compiled.json", "make compiled-designs"),
    "same_bytes": ("same-bytes/result.json", "make same-bytes"),
    "handlers": ("bench/handlers.json", "make bench"),
    "package": ("package.json", "make package"),
    "load": ("load/load.json", "make load"),
    "model": ("load/model.json", "make load-model"),
}
LONG = {name: f"load/{name}.json" for name in ("republication", "export", "import")}  # in the report if they were run
Figures = dict[str, Any]
PEOPLE_OF_TARGET, P99_TARGETS = 10_000, {"default": 12, "provisioned": 3}  # seconds, docs/design.md §9


class NotMeasured(Exception):
    """There are no figures, not even older ones; the message says how to get them."""


def main() -> None:
    """Write docs/performance.md from the figures in out/; what was not measured again stays, with its date."""
    kept = json.loads(FIGURES.read_text("utf-8"))
    try:
        figures = gathered(ROOT / "out", kept)
    except NotMeasured as fault:
        typer.echo(f"Nothing was written: {fault}", err=True)
        raise typer.Exit(1) from None
    if (chart := ROOT / "out" / "load" / "load.png").exists():
        shutil.copyfile(chart, DOCUMENT.with_suffix(".png"))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    DOCUMENT.write_text(page(figures), "utf-8")
    for name, found in figures.items():
        typer.echo(f"{name}: {'as it was' if found == kept.get(name) else 'new'}")


def gathered(out: Path, kept: Figures) -> Figures:
    """The figures in `out`, and for what was not measured again those that were kept."""
    paths = {name: path for name, (path, _) in SOURCES.items()} | LONG
    new = {name: json.loads((out / path).read_text("utf-8")) for name, path in paths.items() if (out / path).exists()}
    for figures in new.values():
        figures.pop("samples", None)  # the chart shows them
    for name, (_, command) in SOURCES.items():
        if name not in kept | new:
            raise NotMeasured(f"run `{command}` first")
    return {name: (kept | new)[name] for name in paths if name in kept | new}


def page(figures: Figures) -> str:
    long = {"republication": _republication, "export": _export, "import": _import}
    loads = (_load, *(part for name, part in long.items() if name in figures))
    parts = (_rendering, _compiled, _same_bytes, _handlers, _starts, *loads, _model)
    return "\n".join([_HEAD, *(part(figures) for part in parts)])


_HEAD = """# How fast it is
`make performance-report` writes this from the figures of `make bench`, `compiled-designs`, `same-bytes`, `package`,
`load` and `load-model`. CPU time counts: it is what AWS bills, and other work on a machine changes it least. Each table
is of one run. Hops are those of one message through one function, counted as Lambda's loop detection counts them.
"""


def _rendering(figures: Figures) -> str:
    found = figures["render"]
    rows = [
        (
            one["label"],
            f"{one['cpu_ms']['median']:.1f}",
            "{:.1f} to {:.1f}".format(*one["cpu_ms"]["quartiles"]),
            f"{one['times_ours']:.2f}",
            f"{one['cold_cpu_ms']['together']:.0f}",
            f"{one['bytes'] / 1000:.0f}",
            f"{one['peak_rss_mb']:.0f}",
            f"{one['compared_with_plain']['differing_pixels_at_150_dpi']:,}",
        )
        for one in found["contenders"].values()
    ]
    heads = "", "CPU ms", "quartiles", "times ours", "cold CPU ms", "KB", "peak MB", "pixels unlike plain WeasyPrint"
    return f"""## One certificate, the same page
{_made_on(found)} CPU ms: the median of {found["certificates_each"]} certificates.

{_table(heads, rows)}
{_credential(figures["credential"])}"""


def _credential(found: Figures) -> str:
    return f"""The signed credential, which the rows above are without, adds {found["cpu_ms_added"]:.2f} ms of CPU and \
{found["document_bytes_added"]:,.0f} bytes (load {found["load_before"][0]} before).
"""


def _compiled(figures: Figures) -> str:
    found = figures["compiled"]
    locales = [found[name] for name in found if name not in {*_SHARES, "random"}]
    shares = {
        **{label: found[name] for name, label in _SHARES.items()},
        f"names of {len(locales)} locales": {way: sum(one.get(way, 0) for one in locales) for way in _WAYS},
    }
    rows = [
        (label, f"{100 * one.get('compiled', 0) / sum(one.values()):.0f} %", *(f"{one.get(way, 0):,}" for way in _WAYS))
        for label, one in shares.items()
    ]
    return f"""## Certificates on compiled pages
A compiled page has the bytes of the ordinary way in a third of the time
([decision 49](decisions/0049-compiled-designs.md)). `make compiled-designs` draws in both ways.

{_table(("", "share", *_WAYS), rows)}"""


def _same_bytes(figures: Figures) -> str:
    found = figures["same_bytes"]
    used = [
        f"{architecture} with Python {one['python']} and zlib {one['zlib']}"
        for architecture, one in found["drawn_with"].items()
    ]
    compiled, same = found["drawn_with"]["arm64"]["compiled"], found["documents"] - found["different"]
    return f"""## The same bytes on both processors
`make same-bytes`: {same} of {found["documents"]} documents have the same bytes with the layers of both processors,
{compiled} of them drawn by compiled pages: {" and ".join(used)}; arm64 was emulated.
"""


def _handlers(figures: Figures) -> str:
    found = figures["handlers"]
    rows = []
    for name, one in {**found["handlers"], **found["api"]}.items():
        ours, naive = one.get("ours", one), one.get("naive")
        theirs = (
            (f"{naive['cpu_ms']:.1f}", f"{naive['requests']:.1f}", f"{one['times_ours']:.1f}") if naive else ("",) * 3
        )
        clock = f"{ours['clock_ms_with_moto']:.0f}"
        rows.append((name, f"{ours['cpu_ms']:.1f}", f"{ours['requests']:.1f}", clock, *theirs))
    heads = "", "CPU ms", "requests", "ms with moto", "naive: CPU ms", "requests", "times ours"
    return f"""## A handler, for each event, certificate or request
{_made_on(found)} Moto's own time and the wire are not in the CPU.
The naive handlers (`tools/bench/naive/`) have an idempotency table, read, change and write back, and draw with plain
WeasyPrint.

{_table(heads, rows)}"""


def _starts(figures: Figures) -> str:
    naive = figures["handlers"]["starts"]
    rows = [
        (
            name,
            f"{one['cpu_s']:.2f}",
            f"{one['bytes'] / 1e6:.0f}",
            *((f"{naive[name]['ours']}", f"{naive[name]['naive']}") if name in naive else ("", "")),
        )
        for name, one in figures["package"]["functions"].items()
    ]
    heads = "", "CPU s until the first event", "MB unzipped", "ms to import", "naive: ms to import"
    found = figures["package"]
    busy = f"As built, medians of {found['starts']} processes; the machine's load was {found['load']}."
    return f"## A cold start\n{busy} Imports: both in the development environment.\n\n{_table(heads, rows)}"


def _load(figures: Figures) -> str:
    found = figures["load"]
    cpu, bound, memory = found["cpu_ms_per_certificate"], found["cpu_bound"], found["peak_rss_mb"]
    rows = [
        ("attendees of one company, marked at once", f"{found['attendees']:,}"),
        ("learners of another, finishing a course meanwhile", f"{found['learners']:,}"),
        ("certificates of those due", f"{found['certificates']:,} of {found['due']:,}"),
        ("announced twice, refused, batches failed", _counts(found, "announced_twice", "refused", "failed_batches")),
        ("seconds", f"{found['seconds']:.0f}"),
        ("certificates, events a second", _counts(found, "certificates_per_second", "events_per_second")),
        ("CPU ms a certificate: functions, emulator", _counts(cpu, "workers", "emulator")),
        ("peak MB: functions, emulator", _counts(memory, "workers", "emulator")),
        ("10,000 at that CPU on two idle processors", f"{bound['functions_and_emulator']} s"),
        ("the same without the emulator", f"{bound['functions']} s"),
        ("the target", f"{bound['target']} s"),
    ]
    waits = [
        (name.replace("_", ", "), *(f"{one[cut]:.1f}" for cut in ("p50", "p99", "max")))
        for name, one in found["seconds_to_certificate"].items()
    ]
    return f"""## A hall marked at once, on the local stack
{_made_on(found)} Other processes used {found["processors_used_by_others"]} processors meanwhile.

{_table(("", ""), rows)}
{_table(("seconds to certificate", "p50", "p99", "max"), waits)}
![Queues, rate, memory and processors over time](performance.png)
"""


def _republication(figures: Figures) -> str:
    found = figures["republication"]
    rows = [
        ("learners of the course", f"{found['people']:,}"),
        ("with nothing left to do afterwards", f"{found['due']:,}"),
        ("evaluated again", f"{found['evaluated_again']:,}"),
        ("certificates", f"{found['certificates']:,}"),
        ("seconds until all were read", f"{found['seconds_to_read']:.0f}"),
        ("seconds until all were evaluated, and the certificates issued", f"{found['seconds']:.0f}"),
        *((f"peak MB: {name}", f"{peak}") for name, peak in found["peak_mb"].items()),
        ("hops, dead letters", _counts(found, "hops", "dead_letters")),
    ]
    return f"""## A course published again, on the local stack
{_made_on(found)} The learners who are not due are copies in the table.

{_table(("", ""), rows)}"""


def _export(figures: Figures) -> str:
    found = figures["export"]
    rows = [
        ("certificates of the company", f"{found['people']:,}"),
        ("files in the archive, with the SHA-256 of the manifest", f"{found['intact']:,}"),
        ("seconds from the request until it was done", f"{found['seconds']:.0f}"),
        ("MB of the archive", f"{found['archive_mb']:,.0f}"),
        ("peak MB of the function", f"{found['peak_mb']}"),
        ("hops, dead letters", _counts(found, "hops", "dead_letters")),
    ]
    return f"""## An export, on the local stack
{_made_on(found)} The certificates but one are copies in the table and the bucket.

{_table(("", ""), rows)}"""


def _import(figures: Figures) -> str:
    found = figures["import"]
    imports = found["whole"], found["killed"]
    rows = [
        ("rows", *(f"{one['rows']:,}" for one in imports)),
        ("killed after", "", f"{imports[1]['killed_at']:,}"),
        ("certificates due, by the dry run", *(f"{one['forecast']:,}" for one in imports)),
        ("certificates issued", *(f"{one['certificates']:,}" for one in imports)),
        ("seconds of the dry run", *(f"{one['seconds_to_forecast']:.0f}" for one in imports)),
        ("seconds until all were sent", *(f"{one['seconds_to_send']:.0f}" for one in imports)),
        ("seconds until all certificates were issued", *(f"{one['seconds']:.0f}" for one in imports)),
        ("peak MB of the command", *(f"{one['peak_mb']}" for one in imports)),
    ]
    return f"""## An import, on the local stack
{_made_on(found)} At most {found["rate"]:,} events a second; \
{found["dead_letters"]} dead letters.

{_table(("", "in one go", "killed half-way, and run again"), rows)}"""


def _counts(found: Figures, *names: str) -> str:
    return ", ".join(f"{found[name]}" for name in names)


def _model(figures: Figures) -> str:
    found = figures["model"]
    rows = [
        (
            f"{one['people']:,}",
            one["pollers"],
            _put(one),
            *(f"{one[who][cut]:.1f}" for who, cut in _SHOWN),
        )
        for one in found["scenarios"]
    ]
    heads = "people", "pollers", "S3 put", "p50", "p99", "another company: idle p99", "meanwhile p99"
    missed = [
        f"- {one['people']:,} people, {one['pollers']} pollers, S3 puts of {_put(one)}: "
        f"{one['hall']['p99']:.1f} s instead of {P99_TARGETS[one['pollers']]} s."
        for one in found["scenarios"]
        if one["people"] == PEOPLE_OF_TARGET and one["hall"]["p99"] > P99_TARGETS[one["pollers"]]
    ]
    proof = found["proof"]
    proven = [
        (who.replace("_", ", "), *(f"{proof[side][who][cut]:.1f}" for cut in ("p50", "p99") for side in _SIDES))
        for who in ("hall", "school", "school_idle")
    ]
    assumed = [
        (name, f"{one['value']:g} {one['unit']}".strip(), one["source"]) for name, one in found["assumptions"].items()
    ]
    return f"""## Forecast for AWS: a model, nothing was measured there
{_made_on(found)} All workers start cold. Settings of `template.yaml`; `pollers` is its
parameter `Pollers`. Seconds from mark to certificate.

{_table(heads, rows)}
{_above_target(missed, found["remedies"])}
The same model with the local stack's limits, {proof["attendees"]:,} people, \
{proof["processors_left_by_others"]} processors free:

{_table(("seconds", "p50 predicted", "measured", "p99 predicted", "measured"), proven)}
Assumed:

{_table(("what", "value", "source"), assumed)}"""


_WAYS = "compiled", "in full", "unprintable", "different"
_SHARES = {
    "the demo, a warm worker": "the demo, by a warm worker",
    "the demo, a new worker": "the demo, by a new worker",
    "sample certificates": "samples of `make preview`",
    "names of the sample sheet": "names of the sample sheet of scripts",
}


def _put(scenario: Figures) -> str:
    return "100 ms" if scenario["s3_on_a_bad_day"] else "30 ms"


def _above_target(missed: Sequence[str], remedies: Sequence[Figures]) -> str:
    if not missed:
        return f"No p99 of {PEOPLE_OF_TARGET:,} people is above its target (docs/design.md §9).\n"
    lines = "\n".join(missed)
    rows = [(one["what"], f"{one['p50']:.1f}", f"{one['p99']:.1f}") for one in remedies]
    return f"""Above the targets of docs/design.md §9 for {PEOPLE_OF_TARGET:,} people:
{lines}

What to do: each of these, upon those before. [Runbook, Large event](runbook.md#large-event) has the steps.

{_table(("before the event", "p50", "p99"), rows)}"""


_SHOWN = ("hall", "p50"), ("hall", "p99"), ("school_idle", "p99"), ("school", "p99")
_SIDES = "predicted", "measured"


def _made_on(found: Figures) -> str:
    busy = found["load_before"][0]
    return (
        f"{found['date'][:10]}, {found['cores']} cores of {found['cpu']}, Python {found['python']}, load {busy} before."
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    typer.run(main)
