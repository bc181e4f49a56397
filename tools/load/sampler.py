"""Samples what the stack's processes use and how many messages wait, once a second; Linux only (/proc)."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tools.local import sam
from tools.local.portal import Queues
from tools.local.sam import STACK_NAME
from tools.local.stack import LocalStack

TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
EMULATOR, WORKERS = "emulator", "workers"


@dataclass(frozen=True)
class Usage:
    """One kind of process: seconds of CPU since it started, bytes of memory now."""

    cpu: float
    rss: int
    processes: int


@dataclass(frozen=True)
class Sample:
    """Seconds since the first sample, messages by queue, usage by kind of process, busy seconds of the machine."""

    at: float
    waiting: dict[str, int]
    usage: dict[str, Usage]
    machine: float


class Sampler:
    """Samples once a second for the duration of a block."""

    def __init__(self, stack: LocalStack, supervisor: int, urls: dict[str, str]) -> None:
        self.samples: list[Sample] = []
        self._queues, self._urls, self._emulator = Queues(stack), urls, emulator_of(supervisor)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._began = time.time()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            over = self._done.wait(1)
            waiting = {name: self._queues.waiting([url]) for name, url in self._urls.items()}
            self.samples.append(Sample(time.time() - self._began, waiting, usage(self._emulator), busy()))
            if over:
                return


def emulator_of(supervisor: int) -> int:
    """The process id of the emulator, a child of the stack's supervisor."""
    [found] = [child for child in children(supervisor) if sam.EMULATOR in _read(child, "cmdline")]
    return found


def usage(emulator: int) -> dict[str, Usage]:
    """The usage of the emulator, of its workers by function, and of all workers."""
    found = {EMULATOR: _usage([emulator])}
    workers = list(children(emulator))
    return found | {WORKERS: _usage(workers)} | {name: _usage(of) for name, of in _by_function(workers).items()}


def busy() -> float:
    """Seconds that the machine's processors were busy or taken by its host since boot."""
    user, nice, system, _, _, *interrupts_and_stolen = map(int, _read(None, "stat").split()[1:9])
    return (user + nice + system + sum(interrupts_and_stolen)) / TICKS


def children(parent: int) -> Iterator[int]:
    for thread in Path(f"/proc/{parent}/task").iterdir():
        yield from map(int, _read(parent, f"task/{thread.name}/children").split())


def peak_memory(directory: Path, function: str) -> int:
    """The most MB that a running process of a function of the stack in `directory` has used."""
    workers = children(emulator_of(int((directory / "pid").read_text())))
    mine = [
        worker for worker in workers if f"AWS_LAMBDA_FUNCTION_NAME={STACK_NAME}-{function}" in _read(worker, "environ")
    ]
    peaks = [line.split()[1] for worker in mine for line in _read(worker, "status").splitlines() if "VmHWM" in line]
    return max(map(int, peaks), default=0) // 1024


def _by_function(workers: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for worker in workers:
        for line in _read(worker, "environ").split("\0"):
            name, _, value = line.partition("=")
            if name == "AWS_LAMBDA_FUNCTION_NAME":
                found.setdefault(value.removeprefix(f"{STACK_NAME}-").partition("-")[0], []).append(worker)
    return found


def _usage(processes: list[int]) -> Usage:
    fields = [_read(process, "stat").rpartition(")")[2].split() for process in processes]
    alive = [field for field in fields if field]
    cpu = sum(int(field[11]) + int(field[12]) for field in alive) / TICKS
    return Usage(cpu, sum(int(field[21]) for field in alive) * PAGE, len(alive))


def _read(process: int | None, name: str) -> str:
    """A file of /proc about a process or the machine; empty once the process has ended."""
    try:
        return Path("/proc", str(process or ""), name).read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
