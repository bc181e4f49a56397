"""The command behind `make same-bytes`."""

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

from earned.testing import cloudformation
from tools.local.stack import ROOT, STATE
from tools.package.built import BARE_PYTHON, environment, functions, unpacked
from tools.package.shipping import ARCHITECTURES
from tools.package.shipping import OUT as BUILDS
from tools.same_bytes.comparison import differences
from tools.same_bytes.documents import cases
from tools.same_bytes.emulator import command

EMULATOR = ROOT / ".layers" / "arm64"
OUT = ROOT / "out" / "same-bytes"
REGION = "eu-central-1"
SHOWN = 10
INTERPRETERS = {"x86_64": [*BARE_PYTHON], "arm64": command(EMULATOR)}
Figures = dict[str, Any]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


class Stopped(Exception):
    """Nothing could be compared; the message says why."""


def main() -> None:
    """Draw the same documents with the built layers of both processors; exit with 1 when a byte differs."""
    try:
        _compare()
    except Stopped as stopped:
        console.print(str(stopped), markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _compare() -> None:
    if platform.machine() != "x86_64":
        raise Stopped(f"make same-bytes emulates arm64 on x86_64; this machine is {platform.machine()}.")
    if missing := [one for one in ARCHITECTURES if not _template(one).exists()]:
        raise Stopped(f"There is no build for {' and '.join(missing)}: run make build without ARCH.")
    shutil.rmtree(OUT, ignore_errors=True)
    total = sum(1 for _ in cases())
    columns = "{task.description:8}", BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor() as pool:
        tasks = {architecture: progress.add_task(architecture, total=total) for architecture in ARCHITECTURES}

        def draw(architecture: str) -> Figures:
            return _draw(architecture, lambda: progress.advance(tasks[architecture]))

        drawn = dict(zip(ARCHITECTURES, pool.map(draw, ARCHITECTURES), strict=True))
    found = differences(*(OUT / architecture for architecture in ARCHITECTURES))
    figures = {"documents": total, "different": len(found), "drawn_with": drawn}
    (OUT / "result.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    _print(total, found, drawn)
    raise typer.Exit(1 if found else 0)


def _template(architecture: str) -> Path:
    return BUILDS / architecture / "build" / "template.yaml"


def _draw(architecture: str, advance: Callable[[], None]) -> Figures:
    """Draw into a folder as `generate_certificate` would, with its layers under one folder and its variables."""
    folder = OUT / architecture
    folder.mkdir(parents=True)
    built = functions(_template(architecture))["generate_certificate"]
    (STATE / "package").mkdir(parents=True, exist_ok=True)
    with unpacked(built.layers) as opt:
        variables = environment(built, opt, REGION, cloudformation.parameters())
        variables["PYTHONPATH"] += f":{ROOT}"
        order = [*INTERPRETERS[architecture], "-m", "tools.same_bytes.documents", str(folder)]
        return _run(architecture, order, variables, advance)


def _run(architecture: str, order: Sequence[str], variables: dict[str, str], advance: Callable[[], None]) -> Figures:
    figures: Figures = {}
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            order, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process:
            assert process.stdout
            for line in process.stdout:
                said = json.loads(line)
                figures |= said
                if "compiled" in said:
                    advance()
        if process.returncode:
            errors.seek(0)
            raise Stopped(f"{architecture} stopped before it had drawn all documents:\n{errors.read()[-4000:]}")
    return figures


def _print(total: int, found: Sequence[str], drawn: dict[str, Figures]) -> None:
    for architecture, one in drawn.items():
        console.print(
            f"{architecture}: Python {one['python']}, zlib {one['zlib']}; {one['compiled']} by compiled pages"
        )
    console.print(f"{total - len(found)} of {total} documents have the same bytes: {OUT.relative_to(ROOT)}")
    for difference in found[:SHOWN]:
        console.print(f"DIFFERENT {difference}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
