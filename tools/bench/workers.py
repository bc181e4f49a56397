"""The contenders, each in a process and environment of its own."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.bench.page import FONTS, LAYER, ROOT, Page

OURS = "ours"
PLAIN = "plain_weasyprint"


@dataclass(frozen=True)
class Contender:
    """A module of tools.bench.contenders and the environment that it runs in."""

    module: str
    label: str
    environment: str
    packages: tuple[str, ...]  # whose versions are reported


CONTENDERS = (
    Contender(OURS, "ours", "dev", ("weasyprint",)),
    Contender(PLAIN, "plain WeasyPrint", "dev", ("weasyprint",)),
    Contender("plain_weasyprint_system_fonts", "plain WeasyPrint, fonts of the system", "dev", ("weasyprint",)),
    Contender("reportlab_tuned", "ReportLab, tuned", "bench", ("reportlab", "rl_accel")),
    Contender("reportlab_guide", "ReportLab, as its guide shows", "bench", ("reportlab", "rl_accel")),
    Contender("typst_warm", "Typst, warm", "bench", ("typst",)),
    Contender("fpdf2", "fpdf2", "bench", ("fpdf2",)),
)


class BenchmarkFailed(Exception):
    """A contender ended instead of answering."""


@dataclass(frozen=True)
class Rendering:
    """The cost of one certificate."""

    cpu: float  # seconds
    bytes: int
    rss: int
    peak_rss: int


class Worker:
    """A contender's process with its module imported."""

    def __init__(self, contender: Contender, process: subprocess.Popen[str]) -> None:
        self._contender, self._process = contender, process
        self._send({"module": contender.module, "packages": contender.packages})
        hello = self._answer()
        self.import_cpu: float = hello["cpu"]
        self.versions: dict[str, str] = hello["versions"]

    def draw(self, page: Page, keep: Path | None = None) -> Rendering:
        """Draw a page; `keep` is the file to write it to, if any."""
        self._send({"page": asdict(page), "keep": str(keep) if keep else None})
        return Rendering(**self._answer())

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkFailed(f"{self._contender.label} ended before it had drawn its page: see its output above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def environment() -> dict[str, str]:
    """The environment variables of a process that renders with the layer's libraries and fonts."""
    return {
        **os.environ,
        "PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'core'}",
        "LD_LIBRARY_PATH": str(LAYER / "lib"),  # as deployed; without harfbuzz-subset a page takes far longer
        "FONTCONFIG_PATH": str(FONTS),
    }


@contextmanager
def start_worker(contender: Contender) -> Iterator[Worker]:
    """A contender in a fresh process, which ends with the block."""
    python = ROOT / ".venv" / contender.environment / "bin" / "python"
    command = [str(python), "-m", "tools.bench.worker"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Worker(contender, process)
        finally:
            process.terminate()


@contextmanager
def start_all_workers() -> Iterator[dict[str, Worker]]:
    with ExitStack() as stack:
        yield {contender.module: stack.enter_context(start_worker(contender)) for contender in CONTENDERS}
