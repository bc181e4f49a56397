"""A pytest plugin that runs each mutant of one module in a fork of the process that has run all tests once.

A fork has imported everything and has the session's fixtures, so a mutant costs only the tests that reach it.
The functions that exist get the mutant's code, whatever holds them: a router, a model or a partial.
"""

import functools
import gc
import importlib
import json
import os
import random
import resource
import signal
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from tests.mutation.mutants import Module, Mutant

MEMORY = 6 << 30  # bytes; an endless loop that collects ends here
PATIENCE = 15.0  # seconds, and
SLOWER = 15  # times what the tests take without a mutant: longer is an endless loop
KILLED, SURVIVED = 3, 4  # exit codes that the interpreter itself does not use


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mutation")
    group.addoption("--mutate", help="the module whose mutants run")
    group.addoption("--fates", help="the file to write what became of each mutant to")
    group.addoption("--forks", type=int, default=1, help="how many mutants run at the same time")
    group.addoption("--draw", type=int, default=None, help="draw mutants in the order of this seed")
    group.addoption("--until", type=float, default=None, help="start no mutant after this time")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--mutate"):
        config.pluginmanager.register(Runner(config), "mutation-runner")


@dataclass(eq=False)  # pytest looks plugins up in a set
class Runner:
    """Runs the tests, then the mutants."""

    config: pytest.Config
    reached: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    took: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        name = self.config.getoption("--mutate")
        source = importlib.import_module(name).__file__
        assert source is not None
        module = Module(name, Path(source))
        for item, following in zip(session.items, [*session.items[1:], session.items[0]], strict=True):
            self._measure(item, following, module.path)
        if self.failed:
            raise pytest.UsageError(f"without a mutant, {self.failed[0]} fails")
        living = _Living.of(module)
        gc.freeze()
        fates = _Forks(self, session.items, living).run()
        Path(self.config.getoption("--fates")).write_text(json.dumps(fates))
        return True

    def _measure(self, item: pytest.Item, following: pytest.Item, path: Path) -> None:
        """Run a test and note the lines of the module that it reaches."""
        lines, wanted = self.reached[item.nodeid], str(path)

        def line(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return line

        def call(frame: FrameType, _event: str, _: Any) -> Any:
            return line if frame.f_code.co_filename == wanted else None

        started = time.perf_counter()
        threading.settrace(call)
        sys.settrace(call)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        finally:
            sys.settrace(None)
            threading.settrace(None)
        self.took[item.nodeid] = time.perf_counter() - started


@dataclass
class _Forks:
    """The mutants of a module, each in its own process."""

    runner: Runner
    items: list[pytest.Item]
    living: "_Living"
    running: dict[int, tuple[Mutant, float]] = field(default_factory=dict)
    fates: dict[str, str] = field(default_factory=dict)

    def run(self) -> dict[str, str]:
        """What became of each mutant: killed, survived, timeout, or unreached by any test."""
        config = self.runner.config
        mutants = self.living.module.mutants()
        if (seed := config.getoption("--draw")) is not None:
            random.Random(seed).shuffle(mutants)
        until = config.getoption("--until") or float("inf")
        for mutant in mutants:
            if time.time() > until:
                break
            tests = [item for item in self.items if not self.runner.reached[item.nodeid].isdisjoint(mutant.lines)]
            if not tests:
                self.fates[str(mutant)] = "unreached"
                continue
            tests.sort(key=lambda item: self.runner.took[item.nodeid])
            while len(self.running) >= config.getoption("--forks"):
                self._wait()
            self._start(mutant, tests)
        while self.running:
            self._wait()
        return self.fates

    def _start(self, mutant: Mutant, tests: list[pytest.Item]) -> None:
        limit = PATIENCE + SLOWER * sum(self.runner.took[item.nodeid] for item in tests)
        if process := os.fork():
            self.running[process] = mutant, time.monotonic() + limit
            return
        outcome = KILLED
        try:
            outcome = self._outcome(mutant, tests)
        finally:
            os._exit(outcome)

    def _outcome(self, mutant: Mutant, tests: list[pytest.Item]) -> int:
        """In the fork: run the tests with the mutant until one fails."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        gc.disable()
        self.living.become(mutant)
        others = [item for item in self.items if item is not tests[-1]]
        for item, following in zip(tests, [*tests[1:], others[0] if others else None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.runner.failed:
                return KILLED
        return SURVIVED

    def _wait(self) -> None:
        """Note the mutants that have ended; end those that take too long."""
        time.sleep(0.002)
        for process, (mutant, deadline) in list(self.running.items()):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                self.fates[str(mutant)] = "survived" if code == SURVIVED else "killed"
            elif time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                self.fates[str(mutant)] = "timeout"
            else:
                continue
            del self.running[process]


@dataclass(frozen=True)
class _Living:
    """The functions of a module that exist, and all caches; found before the forks, which copy what they visit."""

    module: Module
    functions: list[FunctionType]
    caches: list[Any]

    @classmethod
    def of(cls, module: Module) -> "_Living":
        functions, caches = [], []
        gc.unfreeze()  # the start of a function hides its objects
        for one in gc.get_objects():
            if isinstance(one, FunctionType) and one.__code__.co_filename == str(module.path):
                functions.append(one)
            elif isinstance(one, functools._lru_cache_wrapper) and str(one.__module__).startswith(("earned", "tools")):
                caches.append(one)
        return cls(module, functions, caches)

    def become(self, mutant: Mutant) -> None:
        """Give each function the code that it has in the mutant, and forget what was cached."""
        before, after = self.module.code(), self.module.code(mutant)
        mutated = dict(zip(before, after, strict=True)) if len(before) == len(after) else {}
        by_place = {_place(code): code for code in after}
        for function in self.functions:
            code = mutated.get(function.__code__) or by_place.get(_place(function.__code__))
            if code is not None and len(code.co_freevars) == len(function.__code__.co_freevars):
                function.__code__ = code
        for cache in self.caches:
            cache.cache_clear()


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno
