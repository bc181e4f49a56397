"""A contender in its own process: reads pages as lines of JSON, draws them, and answers with CPU, bytes and memory."""

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from tools.bench.page import Page


def main() -> None:
    """Import the contender that the first line names, then draw a page for each further line."""
    contender = json.loads(sys.stdin.readline())
    before = _cpu()
    draw = import_module(f"tools.bench.contenders.{contender['module']}").draw
    took = _cpu() - before
    _answer(cpu=took, versions={package: version(package) for package in contender["packages"]})
    for line in sys.stdin:
        job = json.loads(line)
        page = Page(**job["page"])
        before = _cpu()
        pdf = draw(page)
        took = _cpu() - before
        if job["keep"]:
            Path(job["keep"]).write_bytes(pdf)
        _answer(cpu=took, bytes=len(pdf), rss=_memory("VmRSS"), peak_rss=_memory("VmHWM"))


def _cpu() -> float:
    """CPU seconds of this process and the child processes that it waited for."""
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _memory(field: str) -> int:
    """Bytes; not ru_maxrss, which starts at the parent's."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition(f"{field}:")[2].split()[0]) * 1024


def _answer(**figures: object) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
